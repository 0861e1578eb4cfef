"""Quantiles of remaining life for very many nozzles at once, from their states alone.

Points of remaining life lie along the first axis and nozzles along the second, some hundreds at a time: what one step
leaves is still in the processor's cache when the next one needs it. Every step is one call into compiled code that
lets the interpreter go, so that this may run in a thread beside a loop that must stay free.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from scipy.special import ndtri

from gateway.wear.age import read_table
from gateway.wear.calibrate import UNCHANGED, Calibration
from gateway.wear.distribution import LONGEST
from gateway.wear.forecast import Forecaster
from gateway.wear.paths import Floats
from gateway.wear.quick_normal import normal_probability, normal_score
from gateway.wear.quick_passage import Knowledge, passage_of_survivors
from gateway.wear.wiener import Moments, WienerModel

_NODES: Final = 3
_CHUNK: Final = 1_000
_NEGLIGIBLE: Final = 1e-4
"""A model that is believed less moves no quantile that is shown."""
_BELIEVED: Final = 0.25
"""Of what the most believed model is: those count for where the distribution is worked out."""
_NEAR: Final = np.linspace(0.0, 1.0, 11)
_REACH: Final = 3.2
_OUTWARDS: Final = np.array([0.1, 0.3, 0.6, 1.0])
"""Beyond, as shares of the way to the ends: the other models may see another middle."""
_FIRST: Final = 0.02
_LEAST_SPREAD: Final = 0.02
_MOST_SPREAD: Final = 0.35


class Recalibration(NamedTuple):
    """What came of past forecasts of each nozzle's group, (nozzles,) each: see `calibrate.Calibration`."""

    shift: Floats
    spread: Floats


class Fleet(NamedTuple):
    """Nozzles side by side, (nozzles,) each, in the forecaster's frame: their use, what each of its Wiener models knows
    of them at that use, and what past forecasts taught, if anything."""

    use: Floats
    by_model: tuple[Moments, ...]
    taught: Recalibration | None = None

    def part(self, rows: slice) -> Fleet:
        """Some of the nozzles."""
        by_model = tuple(Moments(*(part[rows] for part in moments)) for moments in self.by_model)
        taught = self.taught and Recalibration(self.taught.shift[rows], self.taught.spread[rows])
        return Fleet(self.use[rows], by_model, taught)


def refreshed_quantiles(forecaster: Forecaster, fleet: Fleet, levels: Floats) -> Floats:
    """Quantiles (nozzles, levels) of remaining life in typical lives, as `Forecaster.cdf` has them.

    Each distribution is worked out at some points about its own middle, and read between them on the normal scale
    against the logarithm of remaining life, where it is nearly straight.
    """
    out = np.empty((fleet.use.size, levels.size))
    for first in range(0, fleet.use.size, _CHUNK):
        rows = slice(first, first + _CHUNK)
        out[rows] = _chunk(forecaster, fleet.part(rows), levels).T
    return out


def _chunk(forecaster: Forecaster, fleet: Fleet, levels: Floats) -> Floats:
    log_ahead = _points(forecaster, fleet)
    ahead = np.exp(log_ahead)
    pool = np.zeros_like(ahead)
    for model, moments, weight, part in zip(
        forecaster.wiener, fleet.by_model, forecaster.weights.tolist(), forecaster.parts, strict=False
    ):
        if weight > _NEGLIGIBLE:
            pool += weight * _recalibrated(part, _passage(model, moments, fleet.use, ahead))
    later = read_table(forecaster.log_survival, fleet.use + ahead)
    later -= read_table(forecaster.log_survival, fleet.use)
    by_age = -np.expm1(np.minimum(later, 0.0, out=later))
    pool += forecaster.weights[-1] * _recalibrated(forecaster.parts[-1], by_age)
    normal = _normal(forecaster.whole, pool)
    if fleet.taught is not None:
        normal = (normal - fleet.taught.shift) / fleet.taught.spread
    return _read(log_ahead, normal, levels)


def _passage(model: WienerModel, moments: Moments, use: Floats, ahead: Floats) -> Floats:
    on_axis = ahead
    if model.warp.use is not None:
        on_axis = np.maximum(model.warp.along(use + ahead) - model.warp.along(use), 1e-12)
    known = Knowledge(1.0 - moments.wear, moments.wear_var, moments.drift, moments.drift_var, moments.covariance)
    return passage_of_survivors(on_axis, known, model.q, nodes=_NODES)


def _normal(calibration: Calibration, cdf: Floats) -> Floats:
    """A recalibrated distribution on the normal scale."""
    normal = normal_score(cdf)
    normal -= calibration.shift
    normal /= calibration.spread
    return normal


def _recalibrated(calibration: Calibration, cdf: Floats) -> Floats:
    return cdf if calibration == UNCHANGED else normal_probability(_normal(calibration, cdf))


def _points(forecaster: Forecaster, fleet: Fleet) -> Floats:
    """Logarithms of the remaining lives at which to work each nozzle's distribution out, (points, nozzles): close
    from the least to the largest that its models hold likely, wider up to the ends."""
    lows, highs = [], []
    for model, moments, weight in zip(forecaster.wiener, fleet.by_model, forecaster.weights.tolist(), strict=False):
        if weight >= _BELIEVED * forecaster.weights.max():
            middle, spread = _likely(model, moments, fleet.use, forecaster.whole.spread)
            lows.append(middle - _REACH * spread)
            highs.append(middle + _REACH * spread)
    low, high = np.minimum.reduce(lows), np.maximum.reduce(highs)
    last = np.log(LONGEST)
    near = low + _NEAR[:, None] * (high - low)
    below = low + _OUTWARDS[::-1, None] * np.log(_FIRST)
    above = high + _OUTWARDS[:, None] * (last - high)
    return np.asarray(np.minimum(np.concatenate([below, near, above]), last))


def _likely(model: WienerModel, moments: Moments, use: Floats, widened: float) -> tuple[Floats, Floats]:
    """Middle and deviation of the logarithm of remaining life, roughly, by one model."""
    here = model.warp.along(use)
    slope = np.maximum(model.warp.along(use + 0.05) - here, 1e-3) / 0.05
    speed = np.maximum(moments.drift, 0.1)
    left = np.maximum(np.maximum(1.0 - moments.wear, 0.7 * np.sqrt(moments.wear_var)), 1e-4) / speed
    variance = moments.wear_var + left * (2.0 * moments.covariance + left * moments.drift_var + model.q)
    spread = np.sqrt(np.maximum(variance, 0.0)) / (speed * left) * widened
    return np.log(np.clip(left / slope, 1e-3, LONGEST)), np.clip(spread, _LEAST_SPREAD, _MOST_SPREAD)


def _read(log_ahead: Floats, normal: Floats, levels: Floats) -> Floats:
    """The levels' places in each nozzle's distribution, straight between its points: (levels, nozzles)."""
    normal = np.maximum.accumulate(normal, axis=0)
    last = len(normal) - 1
    nozzles = np.arange(normal.shape[1])
    out = np.empty((levels.size, normal.shape[1]))
    for row, want in enumerate(ndtri(levels).tolist()):
        above = np.sum(normal < want, axis=0, dtype=np.int64)
        right = np.clip(above, 1, last)
        low, high = normal[right - 1, nozzles], normal[right, nozzles]
        share = np.clip((want - low) / np.maximum(high - low, 1e-12), 0.0, 1.0)
        start, end = log_ahead[right - 1, nozzles], log_ahead[right, nozzles]
        out[row] = start + (end - start) * share
    found = np.exp(out, out=out)
    return np.asarray(np.minimum(np.maximum.accumulate(found, axis=0), LONGEST))
