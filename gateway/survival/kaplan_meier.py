"""The survival curve of Kaplan and Meier (1958), with left truncation, intervals on the log(-log) scale, quantiles.

Pure. The intervals are pointwise: each holds at its age with the given confidence (Kalbfleisch and Prentice 1980).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from scipy.special import ndtri

from gateway.survival.lifetimes import Bools, Floats, Lifetimes, RiskTable, at_risk, risk_table

CONFIDENCE: Final = 0.95


class SurvivalCurve(NamedTuple):
    """A right-continuous step curve: from each age on, the share that is still alive, with its interval."""

    since: float
    """Where the curve begins, at 1: the age from which the lives under observation never run out; 0 where some were
    seen new."""
    ages: Floats
    survival: Floats
    low: Floats
    high: Floats
    at_risk: Floats
    """Just before each age."""
    ended: Floats
    last: float
    """The greatest age that any life was seen at: the curve says nothing beyond it."""


class AgeQuantile(NamedTuple):
    """The age that a share of the lives does not reach, with its interval; None where the curve does not tell."""

    age: float | None
    low: float | None
    high: float | None


def kaplan_meier(lives: Lifetimes, confidence: float = CONFIDENCE) -> SurvivalCurve:
    """The curve of at least one life.

    Lives that are seen late leave few at risk at young ages. Where all that were at risk ended and others came under
    observation later, the product would stay at 0 for ever, so the curve begins behind that age and is conditional on
    having reached it.
    """
    table = risk_table(lives)
    emptied, kept = _conditional(table)
    since = max(emptied, float(lives.entry[lives.exit > emptied].min(initial=np.inf)))
    ages, ended, risk = (column[kept] for column in table)
    survival: Floats = np.cumprod(1.0 - ended / risk, dtype=np.float64)
    with np.errstate(divide="ignore"):
        greenwood: Floats = np.cumsum(ended / (risk * (risk - ended)), dtype=np.float64)
    low, high = _log_log(survival, greenwood, confidence)
    return SurvivalCurve(since, ages, survival, low, high, risk, ended, float(lives.exit.max()))


def age_quantile(curve: SurvivalCurve, share: float = 0.5) -> AgeQuantile:
    """The first age by which `share` of the lives has ended; its interval inverts the curve's (Brookmeyer and
    Crowley 1982)."""
    target = 1.0 - share
    return AgeQuantile(
        _first(curve.ages, curve.survival <= target + 1e-12),
        _first(curve.ages, curve.low <= target + 1e-12),
        _first(curve.ages, curve.high <= target + 1e-12),
    )


def risk_at(lives: Lifetimes, ages: Floats) -> Floats:
    """Numbers at risk at the ages that a chart names."""
    return at_risk(lives, ages)


def _conditional(table: RiskTable) -> tuple[float, slice]:
    emptied = np.flatnonzero(table.ended >= table.at_risk)
    emptied = emptied[emptied < table.ages.size - 1]
    if not emptied.size:
        return 0.0, slice(None)
    last = int(emptied[-1])
    return float(table.ages[last]), slice(last + 1, None)


def _log_log(survival: Floats, greenwood: Floats, confidence: float) -> tuple[Floats, Floats]:
    z = float(ndtri(0.5 + confidence / 2.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(survival)
        middle = np.log(-logs)
        half = z * np.sqrt(greenwood) / logs
        low, high = np.exp(-np.exp(middle - half)), np.exp(-np.exp(middle + half))
    gone = survival <= 0.0
    return np.where(gone, 0.0, low), np.where(gone, 0.0, high)


def _first(ages: Floats, reached: Bools) -> float | None:
    return float(ages[int(np.argmax(reached))]) if reached.any() else None
