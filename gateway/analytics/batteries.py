"""Batteries: which will have faded too far, when, and when they are replaced then. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from gateway.analytics.demand_draws import Cell, Counts
from gateway.analytics.local_days import Floats
from gateway.store.demand_rows import BATTERY

WEEK_MS: Final = 7 * 86_400_000
JUMP: Final = 0.1
"""A battery whose health rises by so much from one week to a later one is another battery."""
_USUAL_FADE: Final = 0.003
"""A week: where no battery has been watched long enough."""
_USUAL_FADE_SD: Final = 0.003
_PRIOR_DEVICES: Final = 3.0
_READING_SD: Final = 0.004
_SHARED_SD: Final = 0.15
_PRIOR_WAIT: Final = (1.0, 6.0)
"""Replacements of faded batteries, and the weeks in which they came: what is believed before any is seen."""

History = Sequence[tuple[int, float]]
"""(at_ms, health), oldest first."""


class BatterySeat(NamedTuple):
    """A device with a battery, and its history."""

    device_id: str
    clinic_id: str
    device_model: str | None
    health: float
    history: History


class Replaced(NamedTuple):
    """A battery was replaced; `at_ms`: when that was first seen."""

    device_id: str
    at_ms: int


def replacements(histories: Mapping[str, History]) -> list[Replaced]:
    """Every replacement that the histories show."""
    return [
        Replaced(device, later[0])
        for device, history in histories.items()
        for earlier, later in pairwise(history)
        if later[1] - earlier[1] >= JUMP
    ]


def draw_batteries(
    seats: Sequence[BatterySeat], threshold: float, *, weeks: int, scenarios: int, seed: int
) -> dict[Cell, Counts]:
    """Batteries needed (weeks, scenarios) by cell, those that have faded already included: each is needed as long
    after it has faded as such batteries have waited so far."""
    rng = np.random.default_rng([seed, 1])
    mean, sd = _fades(seats)
    shape, waited = _waits(seats, threshold)
    shared = np.exp(_SHARED_SD * rng.standard_normal(scenarios))
    pace = rng.gamma(shape, 1.0 / waited, scenarios)
    counts: dict[Cell, Counts] = {}
    for place, seat in enumerate(seats):
        fade = np.maximum(mean[place] + sd[place] * rng.standard_normal(scenarios), 1e-5) * shared
        left = np.maximum(seat.health - threshold, 0.0) / fade
        at = left + rng.exponential(1.0, scenarios) / pace
        due = np.flatnonzero(at < weeks)
        if due.size:
            cell = Cell(seat.clinic_id, seat.device_model, BATTERY)
            known = counts.setdefault(cell, np.zeros((weeks, scenarios), dtype=np.uint16))
            known[at[due].astype(int), due] += 1
    return counts


def _fades(seats: Sequence[BatterySeat]) -> tuple[Floats, Floats]:
    """Mean and standard deviation of each battery's fade a week: its own trend, drawn towards the fleet's."""
    slopes = np.array([_own_fade(seat.history) for seat in seats], dtype=float).reshape(-1, 2)
    known = slopes[:, 1] < 1.0
    weight = float(known.sum())
    usual = (_PRIOR_DEVICES * _USUAL_FADE + slopes[known, 0].sum()) / (_PRIOR_DEVICES + weight)
    spread = _PRIOR_DEVICES * _USUAL_FADE_SD**2 + ((slopes[known, 0] - usual) ** 2).sum()
    between = max(float(spread) / (_PRIOR_DEVICES + weight), 1e-8)
    own = 1.0 / np.maximum(slopes[:, 1] ** 2, 1e-10)
    total = own + 1.0 / between
    return (own * slopes[:, 0] + usual / between) / total, np.asarray(1.0 / np.sqrt(total))


def _own_fade(history: History) -> tuple[float, float]:
    """The trend since the battery was new, by least squares, and its standard deviation; (0, 1) where too short."""
    start = 0
    for place in range(1, len(history)):
        if history[place][1] - history[place - 1][1] >= JUMP:
            start = place
    part = np.array(history[start:], dtype=float).reshape(-1, 2)
    if len(part) < 3:
        return (0.0, 1.0)
    weeks = part[:, 0] / WEEK_MS
    off = weeks - weeks.mean()
    square = float((off**2).sum())
    if square < 0.5:
        return (0.0, 1.0)
    slope = float((off * part[:, 1]).sum()) / square
    return (-slope, min(_READING_SD / square**0.5, 0.99))


def _waits(seats: Iterable[BatterySeat], threshold: float) -> tuple[float, float]:
    """How many faded batteries were replaced, in how many weeks that they waited."""
    replaced, waited = _PRIOR_WAIT
    for seat in seats:
        for earlier, later in pairwise(seat.history):
            if earlier[1] <= threshold:
                waited += (later[0] - earlier[0]) / WEEK_MS
                replaced += later[1] - earlier[1] >= JUMP
    return (replaced, waited)
