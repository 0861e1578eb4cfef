"""A fleet without units of measure: wear from 0 (a usual start) to 1 (the limit), use 1 over a typical life."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from gateway.wear.age import fit_age, typical_life
from gateway.wear.history import Unit
from gateway.wear.paths import Floats, Path

_LONGEST_GUESS: Final = 20.0
_FURTHEST: Final = 1e3


class Frame(NamedTuple):
    """Where use and wear begin, and what one life is, in the history's own units."""

    origin: float
    start: float
    limit: float
    life: float

    def use(self, usage: Floats) -> Floats:
        """Use so far, in typical lives, at least 0."""
        return np.maximum((usage - self.origin) / self.life, 0.0)

    def wear(self, wear: Floats) -> Floats:
        """Wear, 1 at the limit; a thousand limits are as good as more."""
        return np.clip((wear - self.start) / (self.limit - self.start), -_FURTHEST, _FURTHEST)

    def path(self, path: Path) -> Path:
        """A path in these terms."""
        return Path(self.use(path.usage), self.wear(path.wear))


def frame_of(units: Sequence[Unit], limit: float) -> Frame:
    """The frame of a fleet with at least one reading."""
    origin = min(float(unit.usage[0]) for unit in units)
    start = float(np.median([unit.path.wear[0] for unit in units]))
    # Every unit at or past the limit from its first reading: any start below will do.
    highest = max(float(np.abs(unit.wear).max()) for unit in units)
    scale = max(abs(limit), abs(start), 1e-9 * highest, 1e-290)
    start = min(start, limit - 1e-3 * scale)
    return Frame(origin, start, limit, _life(units, limit, origin, start))


def _life(units: Sequence[Unit], limit: float, origin: float, start: float) -> float:
    lives = [unit.life(limit) for unit in units]
    use = np.array([u.usage[-1] if x is None else x for u, x in zip(units, lives, strict=True)], dtype=float) - origin
    longest = float(use.max())
    if longest <= 0.0:
        return max(abs(origin), 1.0)
    ended = np.array([life is not None for life in lives])
    if ended.any():
        return typical_life(fit_age(np.maximum(use, 1e-6 * longest), ended))
    grown = np.array([(u.path.wear[-1] - start) / (limit - start) for u in units])
    guesses = use / np.maximum(grown, 1.0 / _LONGEST_GUESS)
    return float(np.clip(np.median(guesses), longest, _LONGEST_GUESS * longest))
