"""Lots whose lives are shorter or longer than the others', by their ends: log-rank, step by step. Pure.

The distances are drawn anew for fleets of alike lots, end by end: at each age the lot of the life that ended is drawn
by the lots' shares of those at risk. So it makes no difference that lots have been in use for different times, and few
ends are not taken for a normal distribution.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from scipy.special import ndtri

from gateway.survival.lifetimes import Bools, Floats, Ints, Lifetimes
from gateway.survival.log_rank import GroupEnds, group_ends, k_sample
from gateway.survival.step_down import DRAWS, Spread, Standout, step_down
from gateway.survival.usual import beyond_usual, usual_spread
from gateway.survival.weibull import common_shape, exposure

ALPHA: Final = 0.05
LEAST_IN_LOT: Final = 5
"""Smaller lots are not compared."""
MARGIN: Final = 0.1
"""A lot whose lives are estimated to be shorter by less is not worth a word, however sure it is."""
_LEAST_TOLD: Final = 4.0
"""Ends that a lot had, or should have had, before its ends alone are evidence."""
_SEED: Final = 20_260_105
_BLOCKS: Final = 96


class LotVerdict(NamedTuple):
    """A lot that stands out. `ratio`: its lives over those of the lots that do not (by wear: their pace over its own),
    with an interval; under 1 it wears out sooner."""

    lot: str
    ratio: float
    low: float
    high: float
    p_value: float
    units: int
    ends: int
    beyond_usual: bool
    """Whether it also lies outside of what lots usually differ by."""

    @property
    def shorter(self) -> bool:
        return self.ratio < 1.0


class Comparison(NamedTuple):
    """What comparing lots gave."""

    compared: tuple[str, ...]
    """The lots with enough in them, in order of name."""
    p_value: float
    """Of the test that all of them are alike."""
    usual_spread: float
    """Standard deviation of log life from lot to lot, without those that stand out: 0.1 is 10 %."""
    verdicts: tuple[LotVerdict, ...]
    """The lots that stand out by more than the margin, those that wear out sooner first."""


class LivesEvidence:
    """Lives that ended, as evidence for `step_down`."""

    def __init__(
        self, lives: Lifetimes, group: Ints, groups: int, stratum: Ints | None = None, draws: int = DRAWS
    ) -> None:
        self.groups = groups
        self._draws = draws
        self._lives = lives
        self._group = group
        self._stratum = stratum
        self._kept: tuple[tuple[int, ...], GroupEnds] | None = None

    def test(self, remaining: tuple[int, ...]) -> float:
        return k_sample(self._ends(remaining)).p_value

    def spread(self, remaining: tuple[int, ...]) -> Spread:
        found = self._ends(remaining)
        deviation = np.sqrt(np.diag(found.covariance))
        told = (deviation > 1e-9) & (np.maximum(found.observed, found.expected) >= _LEAST_TOLD)
        scale = np.where(told, deviation, np.nan)
        drawn = (drawn_ends(found, self._draws) - found.expected) / scale
        return Spread((found.observed - found.expected) / scale, k_sample(found).p_value, drawn)

    def _ends(self, remaining: tuple[int, ...]) -> GroupEnds:
        if self._kept is None or self._kept[0] != remaining:
            number = np.full(self.groups, -1, dtype=np.int64)
            number[list(remaining)] = np.arange(len(remaining))
            where = number[self._group]
            chosen = where >= 0
            stratum = None if self._stratum is None else self._stratum[chosen]
            found = group_ends(self._lives.of(chosen), where[chosen], len(remaining), stratum)
            self._kept = (remaining, found)
        return self._kept[1]


def drawn_ends(found: GroupEnds, draws: int, seed: int = _SEED) -> Floats:
    """Ends by group in fleets of alike groups that were at risk as these were: (draws, groups).

    Neighbouring ages are drawn together, at their mean shares: these change slowly, and cost is bounded.
    """
    size = found.ends.size
    if not size:
        return np.zeros((draws, found.observed.size))
    starts = np.unique(np.linspace(0, size, min(_BLOCKS, size), endpoint=False).astype(np.int64))
    ends = np.add.reduceat(found.ends, starts)
    shares = np.add.reduceat(found.shares * found.ends[:, None], starts, axis=0) / ends[:, None]
    rng = np.random.default_rng(seed)
    drawn = np.zeros((draws, found.observed.size))
    for count, share in zip(ends.astype(np.int64).tolist(), shares, strict=True):
        drawn += rng.multinomial(count, share / share.sum(), size=draws)
    return drawn


def life_ratio(lives: Lifetimes, ours: Ints, confidence: float = 0.95) -> tuple[float, float, float] | None:
    """Lives of group 1 over those of group 0, as Weibull distributions of one shape, with an interval.

    None where either has no end, or all ends together tell no shape."""
    parts = [lives.of(ours == number) for number in (1, 0)]
    shape = common_shape(parts)
    if shape is None or not all(part.ends for part in parts):
        return None
    unit = float(lives.exit.max())
    scaled = [Lifetimes(part.entry / unit, part.exit / unit, part.ended) for part in parts]
    logs = [math.log(exposure(part, shape) / part.ends) / shape for part in scaled]
    middle = logs[0] - logs[1]
    half = float(ndtri(0.5 + confidence / 2)) * math.sqrt(sum(1.0 / part.ends for part in parts)) / shape
    return math.exp(middle), math.exp(middle - half), math.exp(middle + half)


def compare_lives(
    lives: Lifetimes,
    lots: Sequence[str | None],
    *,
    alpha: float = ALPHA,
    margin: float = MARGIN,
    stratum: Ints | None = None,
    draws: int = DRAWS,
) -> Comparison:
    """Which lots' lives are shorter or longer than those of the others; lives of no known lot are left out.

    The chance that any lot is named wrongly is at most `alpha`, whatever the other lots are like."""
    names, group = coded(lots)
    chosen = group >= 0
    part, where = lives.of(chosen), group[chosen]
    kept_stratum = None if stratum is None else stratum[chosen]
    found = step_down(LivesEvidence(part, where, len(names), kept_stratum, draws), alpha)
    apart = [one.group for one in found.standouts]
    logs, variances = log_lives(part, where, len(names))
    spread = usual_spread(logs, variances, apart)
    unusual = beyond_usual(logs, variances, alpha)
    verdicts = [
        _verdict(one, names, part, where, np.isin(where, apart), beyond=bool(unusual[one.group]))
        for one in found.standouts
    ]
    return Comparison(names, found.p_value, spread, sorted_verdicts(verdicts, margin))


def log_lives(lives: Lifetimes, group: Ints, groups: int) -> tuple[Floats, Floats]:
    """Log scale of each group's lives and its variance, at the shape of all; NaN where no life ended."""
    logs, variances = np.full(groups, np.nan), np.full(groups, np.nan)
    unit = float(lives.exit.max())
    scaled = Lifetimes(lives.entry / unit, lives.exit / unit, lives.ended)
    parts = [scaled.of(group == number) for number in range(groups)]
    shape = common_shape(parts)
    if shape is not None:
        for number, part in enumerate(parts):
            if part.ends:
                logs[number] = math.log(exposure(part, shape) / part.ends) / shape
                variances[number] = 1.0 / (part.ends * shape * shape)
    return logs, variances


def coded(lots: Sequence[str | None], least: int = LEAST_IN_LOT) -> tuple[tuple[str, ...], Ints]:
    """The lots with at least so many in them, and each one's number; -1 for the others."""
    counts: dict[str, int] = {}
    for lot in lots:
        if lot is not None:
            counts[lot] = counts.get(lot, 0) + 1
    names = tuple(sorted(lot for lot, count in counts.items() if count >= least))
    number = {lot: place for place, lot in enumerate(names)}
    return names, np.array([-1 if lot is None else number.get(lot, -1) for lot in lots], dtype=np.int64)


def sorted_verdicts(verdicts: Sequence[LotVerdict], margin: float) -> tuple[LotVerdict, ...]:
    """Those that matter: outside the margin, the shortest lived first."""
    worth = (one for one in verdicts if not 1.0 - margin < one.ratio < 1.0 / (1.0 - margin))
    return tuple(sorted(worth, key=lambda one: (one.ratio, one.lot)))


def _verdict(
    one: Standout, names: tuple[str, ...], lives: Lifetimes, group: Ints, apart: Bools, *, beyond: bool
) -> LotVerdict:
    ours = group == one.group
    beside = ours | ~apart
    ratio = life_ratio(lives.of(beside), ours[beside].astype(np.int64))
    if ratio is None:  # no life of one side has ended: only the side is known
        ratio = (math.inf, 1.0, math.inf) if one.z < 0.0 else (0.0, 0.0, 1.0)
    return LotVerdict(names[one.group], *ratio, one.p_value, int(ours.sum()), lives.of(ours).ends, beyond)
