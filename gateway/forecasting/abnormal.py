"""Which nozzles, and which lots, wear faster than their group, with the share of false alarms held. Pure.

A nozzle is compared with the spread of its model; a lot with the other lots of its model, and it is called quick only
if it is quicker by a margin that matters: any two lots differ a little. Speeds are compared by their logarithms, since
lives spread by factors.

People look every day, and a test that is good for one look is not good for a hundred. What is held against the bound is
therefore an *e-value*: how many times likelier the readings are if the wear is fast than if nothing is wrong. Were
nothing wrong, the chance that it ever reaches 1/a, at whatever number of looks, is at most a (Ville 1939; Robbins
1970). Which of many count is decided by their step-up procedure (Wang, Ramdas 2022).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from scipy.special import log_ndtr

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
_LOTS_DIFFER: Final = 0.05
"""Deviation of the logarithm between sound lots, and by what young and old lots are seen differently."""
_USUAL_EXCESS: Final = 0.4
"""How much faster what is fast usually is: the scale, on the logarithm, of the alternative."""
_SLOWEST: Final = 0.1
_LEAST_SPREAD: Final = 0.08
_PRIOR_NOZZLES: Final = 6.0


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
    return pace_of(nozzle.serial, nozzle.lot, nozzle.fitted, nozzle.last_event_ms, state, group)


def pace_of(serial: str, lot: str | None, fitted: bool, as_of_ms: int, state: State, group: Group) -> Pace | None:
    """The same of a nozzle told by its parts."""
    prior_var = float(group.drift_var)
    precision = 1.0 / max(state.drift_var, 1e-12) - 1.0 / max(prior_var, 1e-12)
    if precision <= 1.0 / (_MOST_VAGUE * max(prior_var, 1e-12)):
        return None
    drift = (state.drift / state.drift_var - float(group.drift) / prior_var) / precision
    return Pace(serial, lot, fitted, as_of_ms, drift, 1.0 / precision)


class _Speeds(NamedTuple):
    """Logarithms of drifts over the usual one, and their variances: (nozzles,)."""

    log_ratio: Floats
    variance: Floats


def abnormal_nozzles(fits: Sequence[tuple[ModelFit, Sequence[Pace]]], false_discovery: float) -> list[Abnormality]:
    """The fitted nozzles that wear faster than their model, the surest first."""
    found: list[_Candidate] = []
    compared = 0
    for fit, paces in fits:
        if len(paces) <= _LEAST_IN_LOT:
            continue
        speeds = _speeds(paces)
        deviation = np.sqrt(_spread_var(fit, speeds) + speeds.variance)
        evidence = log_evidence(speeds.log_ratio, deviation)
        compared += sum(pace.fitted for pace in paces)
        # Of thousands only these can count, whatever their place.
        for place in np.flatnonzero(evidence >= -np.log(false_discovery)).tolist():
            pace, off = paces[place], float(speeds.log_ratio[place])
            if pace.fitted:
                z = off / float(deviation[place])
                found.append(_Candidate(pace.serial, fit, off, z, float(evidence[place]), 1, pace.as_of_ms))
    return _discoveries(found, compared, false_discovery)


def abnormal_lots(fits: Sequence[tuple[ModelFit, Sequence[Pace]]], false_discovery: float) -> list[Abnormality]:
    """The lots that wear faster than the other lots of their model, the surest first."""
    found: list[_Candidate] = []
    for fit, paces in fits:
        if len(paces) <= _LEAST_IN_LOT:
            continue
        speeds = _speeds(paces)
        lots = np.array([pace.lot or "" for pace in paces])
        within_var = _within_var(fit, speeds, lots)
        as_of_ms = np.array([pace.as_of_ms for pace in paces])
        for lot in sorted(set(lots.tolist()) - {""}):
            found += _lot(fit, lot, lots, speeds, within_var, as_of_ms)
    return _discoveries(found, len(found), false_discovery)


def log_evidence(excess: Floats, deviation: Floats) -> Floats:
    """Logarithm of the e-value of a normal excess with that deviation: an excess above 0, half normal, against none.

    The mixture of likelihood ratios has a closed form (Robbins 1970); readings below 0 speak against it.
    """
    total_var = deviation * deviation + _USUAL_EXCESS**2
    root = np.sqrt(total_var)
    place = excess * _USUAL_EXCESS / (deviation * root)
    return np.asarray(np.log(2.0 * deviation / root) + 0.5 * place * place + log_ndtr(place))


def _speeds(paces: Sequence[Pace]) -> _Speeds:
    drifts = np.array([pace.drift for pace in paces])
    middle = max(float(np.median(drifts)), 1e-6)
    ratio = np.maximum(drifts / middle, _SLOWEST)
    variance = np.array([pace.variance for pace in paces]) / (middle * middle)
    return _Speeds(np.log(ratio), variance / ratio)


def _spread_var(fit: ModelFit, speeds: _Speeds) -> float:
    """Variance between the model's nozzles, by ranks: the quick ones must not widen what they are held against."""
    low, high = np.quantile(speeds.log_ratio, [0.25, 0.75]).tolist()
    seen = ((high - low) / 1.349) ** 2 - float(np.median(speeds.variance))
    return _with_prior(fit, seen, len(speeds.log_ratio) - 1)


def _within_var(fit: ModelFit, speeds: _Speeds, lots: np.ndarray[tuple[int, ...], np.dtype[np.str_]]) -> float:
    """Variance between the nozzles of one lot, what the readings leave open taken off."""
    squares, count = 0.0, 0
    for lot in set(lots.tolist()) - {""}:
        members = lots == lot
        size = int(members.sum())
        off = speeds.log_ratio[members] - speeds.log_ratio[members].mean()
        squares += float(off @ off) - float(speeds.variance[members].mean()) * (size - 1)
        count += size - 1
    return _with_prior(fit, squares / count if count else 0.0, count)


def _with_prior(fit: ModelFit, seen_var: float, count: int) -> float:
    """A variance of log speed, with what the fit holds likely counted like a few nozzles."""
    group = fit.groups[0]
    usual = float(group.drift_var) / max(float(group.drift) ** 2, 1e-12)
    return max((_PRIOR_NOZZLES * usual + count * seen_var) / (_PRIOR_NOZZLES + count), _LEAST_SPREAD**2)


def _lot(
    fit: ModelFit,
    lot: str,
    lots: np.ndarray[tuple[int, ...], np.dtype[np.str_]],
    speeds: _Speeds,
    within_var: float,
    as_of_ms: np.ndarray[tuple[int, ...], np.dtype[np.int64]],
) -> list[_Candidate]:
    ours, others = lots == lot, (lots != lot) & (lots != "")
    if ours.sum() < _LEAST_IN_LOT or others.sum() < _LEAST_IN_LOT:
        return []
    mean, mean_var = _mean(speeds, ours, within_var)
    usual, usual_var = _mean(speeds, others, within_var)
    off = mean - usual
    deviation = float(np.sqrt(mean_var + usual_var + _LOTS_DIFFER**2))
    excess = off - float(np.log1p(MARGIN))
    # Below the margin nothing speaks for a fast lot, whatever the likelihoods.
    log_e = float(log_evidence(np.array(excess), np.array(deviation))) if excess > 0.0 else -np.inf
    return [_Candidate(lot, fit, off, excess / deviation, log_e, int(ours.sum()), int(as_of_ms[ours].max()))]


def _mean(
    speeds: _Speeds, members: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], within_var: float
) -> tuple[float, float]:
    weights = 1.0 / (within_var + speeds.variance[members])
    return float(weights @ speeds.log_ratio[members] / weights.sum()), float(1.0 / weights.sum())


class _Candidate(NamedTuple):
    subject: str
    fit: ModelFit
    log_ratio: float
    z: float
    log_e: float
    nozzles: int
    as_of_ms: int


def _discoveries(found: list[_Candidate], compared: int, false_discovery: float) -> list[Abnormality]:
    """Those whose e-value reaches compared / (false_discovery * place), up to the last that does."""
    found.sort(key=lambda one: (-one.log_e, one.subject))
    count = 0
    for place, one in enumerate(found, 1):
        if one.log_e >= float(np.log(compared / (false_discovery * place))):
            count = place
    return [_abnormality(one) for one in found[:count] if one.log_ratio >= float(np.log1p(MARGIN))]


def _abnormality(one: _Candidate) -> Abnormality:
    return Abnormality(
        subject=one.subject,
        model=one.fit.model or None,
        speed_ratio=float(np.exp(one.log_ratio)),
        z=one.z,
        p_value=float(np.exp(min(-one.log_e, 0.0))),
        nozzles=one.nozzles,
        as_of_ms=one.as_of_ms,
    )
