"""Which nozzles, and which lots, wear faster than their group, with the share of false alarms held. Pure.

A nozzle is compared with the spread of its model; a lot with the other lots of its model. A lot is called quick only if
it is surely quicker than the others by a margin that matters: with many nozzles any two lots differ a little.
The step-up procedure of Benjamini and Hochberg (1995) chooses what counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import ndtr

from gateway.forecasting.board import Abnormality
from gateway.forecasting.fit import ModelFit
from gateway.ingest.fleet import NozzleState
from gateway.wear.kalman import Group, State
from gateway.wear.paths import Floats

MARGIN: Final = 0.15
"""A lot, or a nozzle, that is quicker by less is not worth a word."""

_LEAST_IN_LOT: Final = 3
_MOST_VAGUE: Final = 4.0
"""A nozzle whose own readings tell its drift four times as vaguely as its group does says nothing yet."""


@dataclass(frozen=True, slots=True)
class Pace:
    """A nozzle's drift by its own readings alone, on the first model's axis."""

    serial: str
    lot: str | None
    fitted: bool
    as_of_ms: int
    drift: float
    variance: float


def own_pace(nozzle: NozzleState, state: State, group: Group) -> Pace | None:
    """The drift with the group's prior taken out of it; None while the readings say too little."""
    prior_var = float(group.drift_var)
    precision = 1.0 / max(state.drift_var, 1e-12) - 1.0 / max(prior_var, 1e-12)
    if precision <= 1.0 / (_MOST_VAGUE * max(prior_var, 1e-12)):
        return None
    drift = (state.drift / state.drift_var - float(group.drift) / prior_var) / precision
    return Pace(nozzle.serial, nozzle.lot, nozzle.fitted, nozzle.last_event_ms, drift, 1.0 / precision)


def abnormal_nozzles(fits: Sequence[tuple[ModelFit, Sequence[Pace]]], false_discovery: float) -> list[Abnormality]:
    """The fitted nozzles that wear faster than their model, the surest first."""
    found: list[Abnormality] = []
    for fit, paces in fits:
        if len(paces) <= _LEAST_IN_LOT:
            continue
        drifts, variances = _table(paces)
        middle, spread_var = _usual(fit, drifts, variances)
        z = (drifts - middle) / np.sqrt(spread_var + variances)
        for pace, one, drift in zip(paces, z.tolist(), drifts.tolist(), strict=True):
            if pace.fitted:
                found.append(_abnormality(pace.serial, fit, drift / middle, one, 1, pace.as_of_ms))
    return _discoveries(found, false_discovery)


def abnormal_lots(fits: Sequence[tuple[ModelFit, Sequence[Pace]]], false_discovery: float) -> list[Abnormality]:
    """The lots that wear faster than the other lots of their model, the surest first."""
    found: list[Abnormality] = []
    for fit, paces in fits:
        lots = sorted({pace.lot for pace in paces if pace.lot is not None})
        for lot in lots:
            found += _lot(fit, lot, paces)
    return _discoveries(found, false_discovery)


def _lot(fit: ModelFit, lot: str, paces: Sequence[Pace]) -> list[Abnormality]:
    ours = [pace for pace in paces if pace.lot == lot]
    others = [pace for pace in paces if pace.lot not in (lot, None)]
    if len(ours) < _LEAST_IN_LOT or len(others) < _LEAST_IN_LOT:
        return []
    within_var = _within(paces)
    mean, mean_var = _mean(ours, within_var)
    usual, usual_var = _mean(others, within_var)
    if usual <= 0.0:
        return []
    z = (mean - usual * (1.0 + MARGIN)) / float(np.sqrt(mean_var + usual_var * (1.0 + MARGIN) ** 2))
    return [_abnormality(lot, fit, mean / usual, z, len(ours), max(pace.as_of_ms for pace in ours))]


def _usual(fit: ModelFit, drifts: Floats, variances: Floats) -> tuple[float, float]:
    """Middle and variance of the model's drifts, by ranks: the quick ones must not widen what they are held against."""
    low, middle, high = np.quantile(drifts, [0.25, 0.5, 0.75]).tolist()
    spread_var = ((high - low) / 1.349) ** 2 - float(np.median(variances))
    least = (0.25 * float(fit.groups[0].drift)) ** 2 * 0.1
    return max(middle, 1e-6), max(spread_var, least)


def _within(paces: Sequence[Pace]) -> float:
    """Variance of drift within lots, what the readings leave open taken off."""
    squares, count = 0.0, 0
    for lot in {pace.lot for pace in paces if pace.lot is not None}:
        drifts, variances = _table([pace for pace in paces if pace.lot == lot])
        if drifts.size > 1:
            squares += float(np.sum((drifts - drifts.mean()) ** 2)) - float(variances.mean()) * (drifts.size - 1)
            count += drifts.size - 1
    return max(squares / count, 1e-4) if count else 1.0


def _mean(paces: Sequence[Pace], within_var: float) -> tuple[float, float]:
    drifts, variances = _table(paces)
    weights = 1.0 / (within_var + variances)
    return float(weights @ drifts / weights.sum()), float(1.0 / weights.sum())


def _table(paces: Sequence[Pace]) -> tuple[Floats, Floats]:
    return np.array([pace.drift for pace in paces]), np.array([pace.variance for pace in paces])


def _abnormality(subject: str, fit: ModelFit, speed: float, z: float, nozzles: int, as_of_ms: int) -> Abnormality:
    return Abnormality(
        subject=subject,
        group=f"model {fit.model}" if fit.model else "fleet",
        speed_ratio=speed,
        z=z,
        p_value=float(ndtr(-z)),
        nozzles=nozzles,
        as_of_ms=as_of_ms,
    )


def _discoveries(found: list[Abnormality], false_discovery: float) -> list[Abnormality]:
    found.sort(key=lambda one: (one.p_value, one.subject))
    count = 0
    for place, one in enumerate(found, 1):
        if one.p_value <= false_discovery * place / len(found):
            count = place
    return [one for one in found[:count] if one.speed_ratio >= 1.0 + MARGIN]
