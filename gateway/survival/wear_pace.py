"""Lots that wear faster or slower than the others, by the pace of every unit, ended or not. Pure.

Units that are taken off early say nothing of their end, and those that wear fast are taken off first: so ends alone
tell too little, and not fairly. Their pace is not cut short by it. Distances between lots are judged by exchanging the
units among the lots at random, each with its own exactness.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from scipy.special import ndtri

from gateway.survival.exchange import exchanges
from gateway.survival.lifetimes import Floats, Ints
from gateway.survival.lots import ALPHA, MARGIN, Comparison, LotVerdict, coded, sorted_verdicts
from gateway.survival.step_down import DRAWS, Spread, Standout, step_down
from gateway.survival.usual import beyond_usual, usual_spread

_SEED: Final = 20_260_106
_LEAST_WITHIN: Final = 1e-4


class Paces(NamedTuple):
    """How fast units wear: the log of wear for each unit of use, and the variance of that by what was measured."""

    log_pace: Floats
    variance: Floats


class PaceEvidence:
    """Paces, as evidence for `step_down`."""

    def __init__(self, paces: Paces, group: Ints, groups: int, draws: int = DRAWS) -> None:
        self.groups = groups
        self._draws = draws
        self._group = group
        self._weight = 1.0 / (within_lots(paces, group) + paces.variance)
        self._log_pace = paces.log_pace
        self._kept: tuple[tuple[int, ...], Spread] | None = None

    def test(self, remaining: tuple[int, ...]) -> float:
        return self.spread(remaining).p_value

    def spread(self, remaining: tuple[int, ...]) -> Spread:
        if self._kept is None or self._kept[0] != remaining:
            self._kept = (remaining, self._spread(remaining))
        return self._kept[1]

    def _spread(self, remaining: tuple[int, ...]) -> Spread:
        number = np.full(self.groups, -1, dtype=np.int64)
        number[list(remaining)] = np.arange(len(remaining))
        chosen = number[self._group] >= 0
        where, weight, value = number[self._group[chosen]], self._weight[chosen], self._log_pace[chosen]
        root = np.sqrt(weight)
        scaled = (value - float(weight @ value / weight.sum())) * root
        order = np.argsort(where, kind="stable")
        scaled, root = scaled[order], root[order]
        starts = np.searchsorted(where[order], np.arange(len(remaining)))
        mass = sums_by(where, weight, len(remaining))
        found = np.add.reduceat(scaled * root, starts)[None, :]
        drawn = np.concatenate(
            [np.add.reduceat(some * root, starts, axis=1) for some in exchanges(scaled, self._draws, _SEED)]
        )
        p_value = (1.0 + float(np.sum(_unlike(drawn, mass) >= _unlike(found, mass)[0] - 1e-12))) / (1.0 + self._draws)
        return Spread(_distance(found, mass)[0], p_value, _distance(drawn, mass))


def compare_paces(
    paces: Paces,
    lots: Sequence[str | None],
    *,
    alpha: float = ALPHA,
    margin: float = MARGIN,
    draws: int = DRAWS,
) -> Comparison:
    """Which lots wear faster or slower than the others; the chance of any wrong name is at most `alpha`.

    A verdict's ratio is the others' pace over the lot's: how long it lasts compared with them."""
    names, group = coded(lots)
    chosen = group >= 0
    kept, where = Paces(paces.log_pace[chosen], paces.variance[chosen]), group[chosen]
    if len(names) < 2:
        return Comparison(names, 1.0, 0.0, ())
    found = step_down(PaceEvidence(kept, where, len(names), draws), alpha)
    apart = [one.group for one in found.standouts]
    means, variances = _means(kept, where, len(names))
    unusual = beyond_usual(means, variances, alpha)
    others = [number for number in range(len(names)) if number not in apart]
    verdicts = [
        _verdict(one, names, where, means, variances, others, beyond=bool(unusual[one.group]))
        for one in found.standouts
        if others
    ]
    return Comparison(names, found.p_value, usual_spread(means, variances, apart), sorted_verdicts(verdicts, margin))


def within_lots(paces: Paces, group: Ints) -> float:
    """Variance of the true log pace within lots: what is left of the spread when the measurement's is taken off."""
    count = np.bincount(group)
    mean = sums_by(group, paces.log_pace, count.size) / np.maximum(count, 1)
    free = float(np.sum(count - 1.0, where=count > 0))
    if free <= 0.0:
        return 1.0
    share = 1.0 - 1.0 / count[group]
    squares = float(np.sum((paces.log_pace - mean[group]) ** 2) - np.sum(paces.variance * share))
    return max(squares / free, _LEAST_WITHIN)


def sums_by(group: Ints, values: Floats, groups: int) -> Floats:
    """The sum of the values in each group."""
    return np.asarray(np.bincount(group, weights=values, minlength=groups), dtype=np.float64)


def _distance(sums: Floats, mass: Floats) -> Floats:
    """Each lot's mean less that of the rest, in standard deviations; `sums` of weighted values, (rows, lots)."""
    rest_sum, rest_mass = sums.sum(axis=1, keepdims=True) - sums, mass.sum() - mass
    off = sums / mass - rest_sum / rest_mass
    return np.asarray(off / np.sqrt(1.0 / mass + 1.0 / rest_mass))


def _unlike(sums: Floats, mass: Floats) -> Floats:
    """How unlike the lots are in all: the weighted squares of their means about the common one."""
    middle = sums.sum(axis=1, keepdims=True) / mass.sum()
    return np.asarray(((sums / mass - middle) ** 2) @ mass)


def _means(paces: Paces, group: Ints, groups: int) -> tuple[Floats, Floats]:
    weight = 1.0 / (within_lots(paces, group) + paces.variance)
    mass = sums_by(group, weight, groups)
    return sums_by(group, weight * paces.log_pace, groups) / mass, 1.0 / mass


def _verdict(
    one: Standout,
    names: tuple[str, ...],
    group: Ints,
    means: Floats,
    variances: Floats,
    others: Sequence[int],
    *,
    beyond: bool,
) -> LotVerdict:
    mass = 1.0 / variances[list(others)]
    middle = float(mass @ means[list(others)] / mass.sum()) - float(means[one.group])
    half = float(ndtri(0.975) * np.sqrt(variances[one.group] + 1.0 / mass.sum()))
    ratio, low, high = np.exp([middle, middle - half, middle + half]).tolist()
    return LotVerdict(names[one.group], ratio, low, high, one.p_value, int(np.sum(group == one.group)), 0, beyond)
