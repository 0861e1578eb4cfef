"""Rates and trends with intervals that hold when weeks are more unlike than chance alone would make them. Pure.

Weeks are the blocks: what belongs together (a busy week, a holiday) is within one. An interval is never narrower than
that of independent sessions (Poisson), and few weeks widen it by Student's t.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from scipy.special import stdtrit

from gateway.analytics.local_days import Floats

CONFIDENCE: Final = 0.95
LEAST_WEEKS: Final = 6
"""Fewer tell nothing of a trend."""
_LEAST_SESSIONS: Final = 20
_TREND_WEEKS: Final = 4.0
_STEPS: Final = 25
_MOST_TOGETHER: Final = 0.8


class Interval(NamedTuple):
    """A value and what holds it in 95 of 100 cases."""

    value: float
    low: float
    high: float


class Trend(NamedTuple):
    """How much more is done every four weeks: 0.1 is a tenth more."""

    change: float
    low: float
    high: float
    weeks: int


def rate_interval(amounts: Floats, exposures: Floats) -> Interval | None:
    """Sum of counts over sum of exposures, both by week. None where nothing could have come.

    The variance is that of a ratio estimate from the weeks' residuals (Cochran 1977, chapter 6), at least Poisson's.
    """
    used = exposures > 0
    y, e = amounts[used], exposures[used]
    if not e.sum():
        return None
    total, rate = float(y.sum()), float(y.sum() / e.sum())
    if total <= 0:
        return Interval(0.0, 0.0, float(-np.log((1.0 - CONFIDENCE) / 2.0) / e.sum()))
    relative_var = 1.0 / total
    weeks = y.size
    if weeks > 1:
        spread = float(weeks / (weeks - 1) * ((y - rate * e) ** 2).sum() / total**2)
        relative_var = max(relative_var, spread)
    half = float(stdtrit(max(weeks - 1, 1), 0.5 + CONFIDENCE / 2.0)) if weeks > 1 else 1.96
    factor = float(np.exp(min(half * np.sqrt(relative_var), 50.0)))
    return Interval(rate, rate / factor, rate * factor)


def trend(counts: Floats, exposures: Floats) -> Trend | None:
    """The change every four weeks of counts by week, against their exposure; None where too little is known.

    A log-linear model fitted by quasi-Poisson likelihood (McCullagh and Nelder 1989). Its overdispersed variance is
    multiplied by (1 + r) / (1 - r), r the correlation of neighbouring weeks: busy weeks come together.
    """
    used = exposures > 0
    y, e, week = counts[used], exposures[used], np.flatnonzero(used).astype(float)
    if y.size < LEAST_WEEKS or y.sum() < _LEAST_SESSIONS:
        return None
    x = np.column_stack([np.ones(y.size), week - week.mean()])
    slope, mean = _fitted(y, e, x)
    bread = np.linalg.inv(x.T @ (x * mean[:, None]))
    residual = y - mean
    free = y.size - 2
    pearson = residual / np.sqrt(np.maximum(mean, 1e-9))
    dispersion = max(float((pearson**2).sum()) / free, 1.0)
    together = _neighbours(pearson)
    variance = dispersion * float(bread[1, 1]) * (1.0 + together) / (1.0 - together)
    half = float(stdtrit(free, 0.5 + CONFIDENCE / 2.0)) * np.sqrt(variance)
    low, middle, high = (
        float(np.expm1(_TREND_WEEKS * at)) for at in np.clip([slope - half, slope, slope + half], -5, 5)
    )
    return Trend(middle, low, high, int(y.size))


def _fitted(y: Floats, e: Floats, x: Floats) -> tuple[float, Floats]:
    """Iteratively reweighted least squares: the slope, and the means."""
    beta = np.array([np.log(max(float(y.sum()), 0.5) / e.sum()), 0.0])
    for _ in range(_STEPS):
        mean = e * np.exp(np.clip(x @ beta, -30.0, 30.0))
        step = np.linalg.solve(x.T @ (x * mean[:, None]) + 1e-9 * np.eye(2), x.T @ (y - mean))
        beta = beta + np.clip(step, -1.0, 1.0)
        if float(np.abs(step).max()) < 1e-10:
            break
    return float(beta[1]), np.asarray(e * np.exp(np.clip(x @ beta, -30.0, 30.0)))


def _neighbours(residuals: Floats) -> float:
    """The correlation of neighbouring weeks, at least 0, less its bias in short series (Kendall 1954)."""
    weeks = residuals.size
    square = float((residuals**2).sum())
    raw = float((residuals[1:] * residuals[:-1]).sum()) / square if square > 0 else 0.0
    return min(max(raw + (1.0 + 4.0 * raw) / weeks, 0.0), _MOST_TOGETHER)
