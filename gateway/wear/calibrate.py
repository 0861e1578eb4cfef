"""Recalibration: what past forecasts gave to what came, turned on the next one.

Where forecasts are honest, the probability that each gave to a life no longer than the one that came is uniform (Dawid
1984; Gneiting, Balabdaoui, Raftery 2007). On the normal scale these transforms have then mean 0 and deviation 1; what
they have instead is taken out of the next forecast, as far as the number of units bears it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

from gateway.wear.paths import Floats

_PRIOR_UNITS: Final = 5.0
_FURTHEST: Final = 3.5


class Calibration(NamedTuple):
    """Mean and deviation of past transforms on the normal scale; (0, 1) changes nothing."""

    shift: float = 0.0
    spread: float = 1.0

    def apply(self, cdf: Floats) -> Floats:
        """The recalibrated cumulative distribution."""
        normal = ndtri(np.clip(cdf, 1e-12, 1.0 - 1e-12))
        return np.where(cdf <= 0.0, 0.0, np.where(cdf >= 1.0, 1.0, ndtr((normal - self.shift) / self.spread)))


def calibration_of(transforms: Floats, units: Floats) -> Calibration:
    """From past probability integral transforms (n,), and which unit each belongs to: a unit's forecasts go together,
    so a unit counts once, however often it was forecast."""
    if not transforms.size:
        return Calibration()
    normal = np.clip(ndtri(np.clip(transforms, 1e-9, 1.0 - 1e-9)), -_FURTHEST, _FURTHEST)
    count = float(np.unique(units).size)
    shift = float(normal.mean()) * count / (count + _PRIOR_UNITS)
    square = float(np.mean((normal - shift) ** 2))
    variance = (_PRIOR_UNITS + count * square) / (_PRIOR_UNITS + count)
    # The shift is itself an estimate: its variance widens the next forecast.
    variance *= 1.0 + 1.0 / (_PRIOR_UNITS + count)
    return Calibration(shift, float(np.sqrt(variance)))
