"""The coordinates in which each kind of model sees a fleet, each unit's learnt from the others.

A unit placed by a scale that it helped to make looks straighter than the next unit will; parameters and past forecasts
are therefore taken from coordinates that each unit had no part in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np

from gateway.wear.frame import Frame
from gateway.wear.group import Readings
from gateway.wear.history import Unit
from gateway.wear.paths import Floats, Path
from gateway.wear.warp import CELLS, Scale, scale_from_cells, spent, two_way

BINS: Final = 32
MOST_BINS: Final = 128
FOLDS: Final = 10
_SLOPE_OVER: Final = 0.05
_LEAST_SLOPE: Final = 0.1
_LEAST_SPAN: Final = 1e-6
_LOWEST: Final = -0.5


class Kind(StrEnum):
    """The Wiener models, by what is warped."""

    LEVEL = "level"
    USE = "use"
    STRAIGHT = "straight"


class Warp(NamedTuple):
    """One kind's coordinates: None leaves an axis as it is. Both take 0 to 0 and 1 to 1."""

    level: Scale | None = None
    use: Scale | None = None

    def along(self, use: Floats) -> Floats:
        """Use on this warp's axis."""
        return use if self.use is None else _between(self.use, use)

    def up(self, wear: Floats) -> Floats:
        """Wear on this warp's axis."""
        return wear if self.level is None else _between(self.level, wear)

    def noise_factor(self, wear: Floats) -> Floats:
        """How much a reading's noise variance grows by the warp at this wear: its slope squared (delta method)."""
        if self.level is None:
            return np.ones_like(wear)
        slope = (self.up(wear + _SLOPE_OVER) - self.up(wear - _SLOPE_OVER)) / (2.0 * _SLOPE_OVER)
        return np.maximum(slope, _LEAST_SLOPE) ** 2


def _between(scale: Scale, x: Floats) -> Floats:
    low, high = float(scale.at(0.0)), float(scale.at(1.0))
    return (scale.at(x) - low) / max(high - low, _LEAST_SPAN)


class Binned(NamedTuple):
    """Readings averaged within bins of use: means, and how many each is of."""

    use: Floats
    wear: Floats
    readings: Floats


def binned(use: Floats, wear: Floats, width: float) -> Binned:
    """Averages readings (sorted by use) within bins of that width."""
    _, where = np.unique(np.floor(use / width + 1e-9), return_inverse=True)
    count = np.bincount(where).astype(float)
    return Binned(np.bincount(where, weights=use) / count, np.bincount(where, weights=wear) / count, count)


def side_by_side(units: Sequence[Binned], warps: Sequence[Warp]) -> Readings:
    """Units of different lengths as `filter_lanes` takes them, each by its own warp."""
    longest = max(unit.use.size for unit in units)
    shape = (longest, len(units))
    use, wear, share = np.empty(shape), np.zeros(shape), np.full(shape, np.inf)
    for lane, (unit, warp) in enumerate(zip(units, warps, strict=True)):
        size = unit.use.size
        use[:size, lane] = along = warp.along(unit.use)
        use[size:, lane] = along[-1]
        wear[:size, lane] = warp.up(unit.wear)
        share[:size, lane] = warp.noise_factor(unit.wear) / unit.readings
    return Readings(use, wear, share)


@dataclass(frozen=True)
class Training:
    """Units to learn from, in their frame."""

    units: tuple[Unit, ...]
    frame: Frame

    @cached_property
    def lives(self) -> Floats:
        """Each unit's life, NaN where it has not ended."""
        lives = [unit.life(self.frame.limit) for unit in self.units]
        return self.frame.use(np.array([np.nan if life is None else life for life in lives]))

    @cached_property
    def ends(self) -> Floats:
        """Use at the end of life, or so far."""
        last = self.frame.use(np.array([unit.usage[-1] for unit in self.units]))
        return np.where(np.isnan(self.lives), last, self.lives)

    @cached_property
    def bin_width(self) -> float:
        """The use that one bin covers: a share of a usual life, but no life is cut into more than MOST_BINS."""
        return max(float(np.median(self.ends)) / BINS, float(self.ends.max()) / MOST_BINS, 1e-9)

    @cached_property
    def binned(self) -> tuple[Binned, ...]:
        """Each unit's readings to the end of its life, and the first beyond."""
        return tuple(self._binned(unit, end) for unit, end in zip(self.units, self.ends.tolist(), strict=True))

    def _binned(self, unit: Unit, end: float) -> Binned:
        use = self.frame.use(unit.usage)
        kept = min(int(np.searchsorted(use, end, side="right")) + 1, use.size)
        return binned(use[:kept], self.frame.wear(unit.wear[:kept]), self.bin_width)

    @cached_property
    def paths(self) -> tuple[Path, ...]:
        """Each unit's monotone path."""
        return tuple(self.frame.path(unit.path) for unit in self.units)

    @cached_property
    def folds(self) -> tuple[tuple[int, ...], ...]:
        """Units that are left out together."""
        count = min(len(self.units), FOLDS)
        return tuple(tuple(range(first, len(self.units), count)) for first in range(count))

    @cached_property
    def _level_table(self) -> tuple[Floats, Floats]:
        lowest = max(min(0.0, *(float(path.wear[0]) for path in self.paths)), _LOWEST)
        edges = np.linspace(lowest, 1.0, CELLS + 1)
        return edges, spent(self.paths, edges, by_level=True)

    @cached_property
    def _use_table(self) -> tuple[Floats, Floats]:
        edges = np.linspace(0.0, max(float(self.ends.max()), 1e-9), CELLS + 1)
        cut = [_cut(path, end) for path, end in zip(self.paths, self.ends.tolist(), strict=True)]
        return edges, spent(cut, edges, by_level=False)

    def warp(self, kind: Kind, without: tuple[int, ...] = ()) -> Warp:
        """A kind's warp from all units but some."""
        left = np.setdiff1d(np.arange(len(self.units)), without)
        if kind is Kind.STRAIGHT or not left.size:
            return Warp()
        edges, table = self._level_table if kind is Kind.LEVEL else self._use_table
        scale = scale_from_cells(edges, two_way(table[left]), left.size)
        return Warp(level=scale) if kind is Kind.LEVEL else Warp(use=scale)

    def honest_warps(self, kind: Kind) -> tuple[Warp, ...]:
        """For each unit the warp that it had no part in."""
        out = [Warp()] * len(self.units)
        for fold in self.folds:
            warp = self.warp(kind, fold)
            for unit in fold:
                out[unit] = warp
        return tuple(out)


def _cut(path: Path, end: float) -> Path:
    """The path up to a use."""
    kept = path.usage < end
    at_end = np.interp(end, path.usage, path.wear)
    return Path(np.append(path.usage[kept], end), np.append(path.wear[kept], at_end))
