"""How a coating wears: a monotone random process in needle strikes, drawn whole when the nozzle is made.

Progress p grows by gamma increments with a drift of the unit's own; a mean path of the model turns it into wear, 1 at
p = 1. Since wear depends on strikes alone, the truth beyond a nozzle's removal is known as well.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

STEPS_PER_RATING = 200
_MAX_RATINGS = 6
_RUN_IN_SPEED = 9.0


@dataclass(frozen=True, slots=True)
class WearLaw:
    """The mean path and scatter of a nozzle model.

    `run_in` is the share of the wear that goes quickly at first, `exponent` above 1 makes the rest convex.
    `life_ratio` is the mean life over the rated one, `unit_spread` the log standard deviation of the units' drifts,
    `roughness` the variance of progress when it has reached 1.
    """

    run_in: float
    exponent: float
    life_ratio: float
    unit_spread: float
    roughness: float

    def wear_at(self, progress: float) -> float:
        """The wear at `progress`; 1 at 1."""
        started = (1.0 - math.exp(-_RUN_IN_SPEED * progress)) / (1.0 - math.exp(-_RUN_IN_SPEED))
        return self.run_in * started + (1.0 - self.run_in) * float(progress**self.exponent)


class CoatingPath(NamedTuple):
    """The true remaining coating of one nozzle at every number of strikes; it never grows."""

    step_strikes: float
    coating_ratios: array[float]
    drift: float
    """Progress in rated strikes: 1 / drift ratings wear it to the limit on average."""
    strikes_at_limit: int

    def coating_at(self, strikes: int) -> float:
        """The true remaining fraction of the coating."""
        position = strikes / self.step_strikes
        index = int(position)
        ratios = self.coating_ratios
        if index >= len(ratios) - 1:
            return ratios[-1]
        here = ratios[index]
        return here + (ratios[index + 1] - here) * (position - index)


def draw_path(rng: Random, law: WearLaw, *, rated_strikes: int, coating_limit: float, lot_factor: float) -> CoatingPath:
    """Draws the life of one nozzle; `lot_factor` above 1 wears faster."""
    drift = lot_factor / law.life_ratio * math.exp(rng.gauss(0.0, law.unit_spread))
    shape = drift / STEPS_PER_RATING / law.roughness
    fresh = 1.0 - 0.015 * rng.random()
    ratios = [fresh]
    progress = 0.0
    while ratios[-1] > 0.0 and len(ratios) < _MAX_RATINGS * STEPS_PER_RATING:
        progress += rng.gammavariate(shape, law.roughness)
        ratios.append(max(0.0, fresh - law.wear_at(progress) * (fresh - coating_limit)))
    step_strikes = rated_strikes / STEPS_PER_RATING
    return CoatingPath(step_strikes, array("d", ratios), drift, _first_passage(ratios, coating_limit, step_strikes))


def _first_passage(ratios: list[float], limit: float, step_strikes: float) -> int:
    index = bisect_left(ratios, -limit, key=lambda ratio: -ratio)
    if index >= len(ratios):
        return math.ceil((len(ratios) - 1) * step_strikes)
    before, after = ratios[index - 1], ratios[index]
    return math.ceil((index - 1 + (before - limit) / (before - after)) * step_strikes)
