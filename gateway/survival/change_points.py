"""From when on units of a series wear differently: changes of the mean along an order, as of production weeks. Pure.

The series is split where the means before and after differ most, and each part again, as long as so great a difference
would seldom come of exchanging the units at random (binary segmentation, after Scott and Knott 1974; the greatest
difference over all places is compared with the same of exchanged series, so that looking everywhere costs nothing).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from scipy.special import ndtri

from gateway.survival.exchange import exchanges
from gateway.survival.lifetimes import Floats, Ints

ALPHA: Final = 0.05
MARGIN: Final = 0.1
"""A smaller change is not worth a word."""
LEAST_SIDE: Final = 8
"""Units on each side of a change."""
DRAWS: Final = 1_000
_MOST: Final = 6
_SEED: Final = 20_260_107


class Change(NamedTuple):
    """A change of pace: `ratio` is the pace from `week` on over the pace before, with an interval."""

    week: int
    ratio: float
    low: float
    high: float
    p_value: float
    before: int
    after: int
    """Units on both sides, up to the next change."""


def change_points(
    weeks: Ints, log_pace: Floats, weights: Floats, alpha: float = ALPHA, draws: int = DRAWS
) -> tuple[Change, ...]:
    """The weeks from which on units wear faster or slower than those before, in order of time.

    The chance that an unchanging series shows any change is at most `alpha`."""
    order = np.argsort(weeks, kind="stable")
    week, value, weight = weeks[order], log_pace[order], weights[order]
    found: dict[int, float] = {}
    waiting = [(0, int(week.size))]
    while waiting and len(found) < _MOST:
        first, last = waiting.pop(0)
        split = _split(week[first:last], value[first:last], weight[first:last], draws)
        if split is None or split[1] > alpha:
            continue
        place = first + split[0]
        found[place] = split[1]
        waiting += [(first, place), (place, last)]
    found = _still_found(found, week, value, weight, alpha, draws)
    edges = [0, *sorted(found), int(week.size)]
    changes = (
        _change(week, value, weight, (edges[number], place, edges[number + 2]), found[place])
        for number, place in enumerate(sorted(found))
    )
    return tuple(change for change in changes if not 1.0 - MARGIN < change.ratio < 1.0 / (1.0 - MARGIN))


def _still_found(
    found: dict[int, float], week: Ints, value: Floats, weight: Floats, alpha: float, draws: int
) -> dict[int, float]:
    """The changes that still show between those beside them: an early split may have been drawn off its place by
    what was found later."""
    kept: dict[int, float] = {}
    places = [*sorted(found), int(week.size)]
    first = 0
    for following in places[1:]:
        split = _split(week[first:following], value[first:following], weight[first:following], draws)
        if split is not None and split[1] <= alpha:
            first += split[0]
            kept[first] = split[1]
    return kept


def _split(week: Ints, value: Floats, weight: Floats, draws: int) -> tuple[int, float] | None:
    """The place of the greatest difference and the chance of one so great; None where there is no place."""
    starts = np.flatnonzero(np.diff(week)) + 1
    starts = starts[(starts >= LEAST_SIDE) & (starts <= week.size - LEAST_SIDE)]
    if not starts.size:
        return None
    root = np.sqrt(weight)
    scaled = (value - float(weight @ value / weight.sum())) * root
    found = _differences(scaled[None, :], root, weight, starts)[0]
    drawn = exchanges(scaled, draws, _SEED)
    greatest = np.concatenate([_differences(some, root, weight, starts).max(axis=1) for some in drawn])
    p_value = (1.0 + float(np.sum(greatest >= found.max() - 1e-12))) / (1.0 + draws)
    return int(starts[int(np.argmax(found))]), p_value


def _differences(scaled: Floats, root: Floats, weight: Floats, starts: Ints) -> Floats:
    """Size of the difference of the means before and from each start, in standard deviations."""
    sums = np.cumsum(scaled * root, axis=1)
    before, mass = sums[:, starts - 1], np.cumsum(weight)[starts - 1]
    after, rest = sums[:, -1:] - before, float(weight.sum()) - mass
    return np.asarray(np.abs(after / rest - before / mass) / np.sqrt(1.0 / mass + 1.0 / rest))


def _change(week: Ints, value: Floats, weight: Floats, edges: tuple[int, int, int], p_value: float) -> Change:
    first, place, last = edges
    means, variances = [], []
    for part in (slice(first, place), slice(place, last)):
        mass = float(weight[part].sum())
        mean = float(weight[part] @ value[part] / mass)
        spread = float(weight[part] @ (value[part] - mean) ** 2) / max(value[part].size - 1, 1)
        means.append(mean)
        variances.append(spread / mass)
    middle, half = means[1] - means[0], float(ndtri(0.975) * np.sqrt(sum(variances)))
    ratio, low, high = np.exp([middle, middle - half, middle + half]).tolist()
    return Change(int(week[place]), ratio, low, high, p_value, place - first, last - place)
