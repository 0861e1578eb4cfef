"""A nozzle's bins through the filter: in order of use in one step, a late reading by going through all of them again.

The filter stands after all bins but the last, which still grows; so what is kept depends on the bins alone, and not on
the order in which their readings came.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from scipy.special import ndtri

from gateway.forecasting.board import WearPoint
from gateway.forecasting.fit import ModelFit
from gateway.store.forecast_rows import UNITS_IN_ONE, NozzleBins, WearBin, WearState, coarser, merged, shift_for
from gateway.wear.kalman import Group, State, after_reading, before_readings
from gateway.wear.paths import Floats

_Z_90: Final = float(ndtri(0.9))
_PARTS: Final = len(State._fields)


@dataclass(frozen=True, slots=True)
class WearNow:
    """What the readings say of a nozzle at its present use: by each model, and in the terms of the contract."""

    by_model: tuple[State, ...]
    wear: float
    wear_low: float
    wear_high: float


def wear_of(coating_ratio: Floats | float, coating_limit: float) -> Floats:
    """Wear without the floor at 0: noise about a new coating must not look like wear."""
    return np.asarray((1.0 - np.asarray(coating_ratio, dtype=float)) / (1.0 - coating_limit))


def means(bins: Sequence[WearBin]) -> tuple[Floats, Floats]:
    """Mean strikes and mean coating ratio of each bin."""
    sums = np.array([part[1:] for part in bins], dtype=float).reshape(-1, 3)
    return sums[:, 1] / sums[:, 0], sums[:, 2] / sums[:, 0] / UNITS_IN_ONE


def wear_points(bins: NozzleBins, fit: ModelFit) -> list[WearPoint]:
    """A nozzle's bins as points to draw."""
    strikes, coating = means(bins.bins)
    wear = np.maximum(wear_of(coating, fit.coating_limit), 0.0)
    return [
        WearPoint(round(at), level, part.readings)
        for at, level, part in zip(strikes.tolist(), wear.tolist(), bins.bins, strict=True)
    ]


def first_state(bins: NozzleBins, fit: ModelFit | None) -> WearState:
    """The state of a nozzle from all its bins, at least one."""
    last = bins.bins[-1]
    if fit is None:
        return WearState(bins.serial, bins.shift, last, 0, ())
    start = tuple(before_readings(group) for group in fit.groups)
    return WearState(bins.serial, bins.shift, last, fit.fit_no, _through(start, bins.bins[:-1], bins.shift, fit))


def shift_after(added: NozzleBins) -> int:
    """The shift that a nozzle has after these sums, given at the shift that it had."""
    return shift_for(added.bins[-1].bin << added.shift, added.shift)


def is_late(state: WearState, added: NozzleBins, fit: ModelFit | None) -> bool:
    """Whether all bins are needed: a reading from before the last bin, wider bins, or another fit."""
    wanted = fit.fit_no if fit is not None else 0
    return (
        state.fit_no != wanted
        or state.shift != added.shift
        or added.bins[0].bin < state.last.bin
        or shift_after(added) != state.shift
    )


def next_state(state: WearState, added: NozzleBins, fit: ModelFit | None) -> WearState:
    """The state after sums that are not late."""
    both = merged(NozzleBins(state.serial, state.shift, (state.last,)), added)
    if fit is None:
        return WearState(state.serial, state.shift, both.bins[-1], 0, ())
    kept = _through(_states(state), both.bins[:-1], state.shift, fit)
    return WearState(state.serial, state.shift, both.bins[-1], fit.fit_no, kept)


def state_from_all(kept: NozzleBins | None, added: NozzleBins, fit: ModelFit | None) -> WearState:
    """The state of a nozzle whose kept bins, if any, get these sums as well."""
    whole = added if kept is None else merged(kept, added)
    shift = shift_for(whole.bins[-1].bin << whole.shift, whole.shift)
    return first_state(coarser(whole, shift), fit)


def wear_now(state: WearState, fit: ModelFit, strikes: int) -> WearNow | None:
    """Wear and drift after all readings, carried on to `strikes`; None where another fit has made the filter."""
    if state.fit_no != fit.fit_no or not state.filter:
        return None
    known = replace(state, filter=_through(_states(state), (state.last,), state.shift, fit))
    here = fit.use(np.array([float(strikes)]))
    now = tuple(
        _carried(one, float(model.warp.along(here)[0]), float(group.q))
        for one, model, group in zip(_states(known), fit.models, fit.groups, strict=True)
    )
    spread = _Z_90 * float(np.sqrt(max(now[0].wear_var, 0.0)))
    places = fit.down(np.array([now[0].wear - spread, now[0].wear, now[0].wear + spread]))
    low, middle, high = (max(place, 0.0) for place in places.tolist())
    return WearNow(now, middle, low, high)


def with_prior(state: State, was: Group, mean: float, variance: float) -> State:
    """The state as it were, had the drift's prior been another: the drift is constant, so the priors' ratio counts."""
    gain = 1.0 / max(variance, 1e-12) - 1.0 / max(float(was.drift_var), 1e-12)
    pull = mean / max(variance, 1e-12) - float(was.drift) / max(float(was.drift_var), 1e-12)
    total = 1.0 + gain * state.drift_var
    if total <= 0.0:
        return state
    off = (pull - gain * state.drift) / total
    return State(
        state.usage,
        state.wear + state.covariance * off,
        state.drift + state.drift_var * off,
        max(state.wear_var - gain * state.covariance**2 / total, 0.0),
        state.covariance / total,
        state.drift_var / total,
    )


def _carried(state: State, usage: float, q: float) -> State:
    dx = max(usage - state.usage, 0.0)
    step = dx * state.drift_var
    return State(
        state.usage + dx,
        state.wear + state.drift * dx,
        state.drift,
        state.wear_var + dx * (2.0 * state.covariance + step + q),
        state.covariance + step,
        state.drift_var,
    )


def _states(state: WearState) -> tuple[State, ...]:
    kept = state.filter
    return tuple(State(*kept[first : first + _PARTS]) for first in range(0, len(kept), _PARTS))


def _through(states: tuple[State, ...], bins: Sequence[WearBin], shift: int, fit: ModelFit) -> tuple[float, ...]:
    """The states of all models after these bins, side by side."""
    if bins:
        strikes, coating = means(bins)
        wear = wear_of(coating, fit.coating_limit)
        states = tuple(
            _filtered(state, fit.readings(number, strikes, wear, shift), float(fit.groups[number].q))
            for number, state in enumerate(states)
        )
    return tuple(part for state in states for part in state)


def _filtered(state: State, readings: tuple[Floats, Floats, Floats], q: float) -> State:
    for usage, wear, noise_var in zip(*(part.tolist() for part in readings), strict=True):
        state = after_reading(state, usage, wear, q, noise_var)
    return state
