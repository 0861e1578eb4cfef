"""Recalibration: what past forecasts gave to what came, turned on the next one.

Where forecasts are honest, the probability that each gave to a life no longer than the one that came is uniform (Dawid
1984; Gneiting, Balabdaoui, Raftery 2007). On the normal scale these transforms have then mean 0 and deviation 1; what
they have instead is taken out of the next forecast, as far as the number of units bears it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from scipy.special import log_ndtr, ndtr, ndtri

from gateway.wear.paths import Floats

_PRIOR_UNITS: Final = 5.0
_FURTHEST: Final = 3.5
_SHIFTS: Final = np.linspace(-1.6, 1.6, 65)
_LOG_SPREADS: Final = np.log(np.linspace(0.5, 2.5, 41))
_SHIFT_SD: Final = 0.35
_LOG_SPREAD_SD: Final = 0.2
_LOT_SHIFT_SD: Final = 0.2
_LOT_LOG_SPREAD_SD: Final = 0.1


class Calibration(NamedTuple):
    """Mean and deviation of past transforms on the normal scale; (0, 1) changes nothing."""

    shift: float = 0.0
    spread: float = 1.0

    def apply(self, cdf: Floats) -> Floats:
        """The recalibrated cumulative distribution."""
        normal = ndtri(np.clip(cdf, 1e-12, 1.0 - 1e-12))
        return np.where(cdf <= 0.0, 0.0, np.where(cdf >= 1.0, 1.0, ndtr((normal - self.shift) / self.spread)))

    def then(self, later: Calibration) -> Calibration:
        """Both, one after the other."""
        return Calibration(self.shift + self.spread * later.shift, self.spread * later.spread)


UNCHANGED: Final = Calibration()


class PastScore(NamedTuple):
    """Where in an earlier forecast a life ended, or how far it has come."""

    unit: str
    lot: str | None
    score: float
    """The forecast's probability of a life so long, on the normal scale, as it was before any of this."""
    ended: bool
    """False: the life goes on, or its end was not seen; it is at least so long."""


def learnt_from_past(past: Sequence[PastScore]) -> tuple[tuple[str | None, Calibration], ...]:
    """What forecasts that were given teach of the next: for the whole fleet (lot None), then for each lot.

    Lives that go on count by what they have outlived: those that end first are the short ones, and alone they would
    make every forecast too short (censored likelihood: Lawless 2003). A unit counts once, however often it was
    forecast. A lot starts from what its fleet taught.
    """
    if not any(one.ended for one in past):
        return ()
    fleet = _most_likely(past, UNCHANGED, _SHIFT_SD, _LOG_SPREAD_SD)
    lots = sorted({one.lot for one in past if one.lot is not None and one.ended})
    return (
        (None, fleet),
        *(
            (lot, _most_likely([one for one in past if one.lot == lot], fleet, _LOT_SHIFT_SD, _LOT_LOG_SPREAD_SD))
            for lot in lots
        ),
    )


def _most_likely(past: Sequence[PastScore], prior: Calibration, shift_sd: float, log_spread_sd: float) -> Calibration:
    """The posterior's mean over a grid of shift and log spread."""
    score = np.clip(np.array([one.score for one in past]), -_FURTHEST, _FURTHEST)
    ended = np.array([one.ended for one in past])
    _, where = np.unique([one.unit for one in past], return_inverse=True)
    weight = 1.0 / np.bincount(where)[where]
    shift, log_spread = (part.ravel() for part in np.meshgrid(_SHIFTS, _LOG_SPREADS, indexing="ij"))
    t = (score[:, None] - shift) * np.exp(-log_spread)
    each = np.where(ended[:, None], -0.5 * t * t - log_spread, log_ndtr(-t))
    off = ((shift - prior.shift) / shift_sd) ** 2 + ((log_spread - np.log(prior.spread)) / log_spread_sd) ** 2
    total = weight @ each - 0.5 * off
    posterior = np.exp(total - total.max())
    posterior /= posterior.sum()
    return Calibration(float(posterior @ shift), float(np.exp(posterior @ log_spread)))


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
