"""Wear histories as the forecast reads them: units in columns, sorted by use, frozen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gateway.wear.paths import Floats, Path, first_reach, monotone_path


@dataclass(frozen=True)
class Unit:
    """One unit's readings: wear over use, sorted by use, one reading for each use."""

    name: str
    lot: str | None
    usage: Floats
    wear: Floats

    @cached_property
    def path(self) -> Path:
        """The readings as a path that never falls."""
        return monotone_path(self.usage, self.wear)

    def life(self, limit: float) -> float | None:
        """The use at which wear reached the limit, None while it has not."""
        return first_reach(self.path, limit)

    def until(self, usage: float) -> Unit:
        """The unit as it stood at that use."""
        known = self.usage <= usage
        return Unit(self.name, self.lot, self.usage[known], self.wear[known])

    def of_lot(self, lot: str | None) -> Unit:
        """The same unit, of that lot."""
        return Unit(self.name, lot, self.usage, self.wear)


def unit(name: str, usage: Iterable[float], wear: Iterable[float], lot: str | None = None) -> Unit:
    """A unit from readings in any order; several at one use become their mean."""
    x, w = np.asarray(list(usage), dtype=float), np.asarray(list(wear), dtype=float)
    places, where = np.unique(x, return_inverse=True)
    counts = np.bincount(where, minlength=places.size)
    return Unit(name, lot, places, np.bincount(where, weights=w, minlength=places.size) / counts)
