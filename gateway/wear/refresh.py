"""Quantiles of remaining life for very many nozzles at once, from their states alone."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from scipy.special import log_ndtr, ndtri

from gateway.wear.age import AgeModel
from gateway.wear.distribution import LONGEST
from gateway.wear.first_passage import uncertain_passage_cdf
from gateway.wear.forecast import Forecaster
from gateway.wear.paths import Floats
from gateway.wear.wiener import Moments

_POINTS: Final = 18
_NODES: Final = 3
_CHUNK: Final = 4_096
_TABLE: Final = np.geomspace(1e-4, 2.0 * LONGEST + 2.0, 1_200)


class Fleet(NamedTuple):
    """Nozzles side by side, (nozzles,) each, in the forecaster's frame: their use, and what each of its Wiener models
    knows of them at that use."""

    use: Floats
    by_model: tuple[Moments, ...]


def refreshed_quantiles(forecaster: Forecaster, fleet: Fleet, levels: Floats) -> Floats:
    """Quantiles (nozzles, levels) of remaining life in typical lives, as `Forecaster.cdf` has them.

    Each distribution is worked out at some points about its own middle, and read between them on the normal scale
    against the logarithm of remaining life, where it is nearly straight.
    """
    survival = survival_table(forecaster.age)
    parts = []
    for first in range(0, fleet.use.size, _CHUNK):
        rows = slice(first, first + _CHUNK)
        by_model = tuple(Moments(*(part[rows] for part in moments)) for moments in fleet.by_model)
        parts.append(_chunk(forecaster, survival, Fleet(fleet.use[rows], by_model), levels))
    return np.concatenate(parts) if parts else np.empty((0, levels.size))


def survival_table(age: AgeModel) -> Floats:
    """The fleet's log survival at the table's uses: P(life <= x + l | life > x) = 1 - S(x + l)/S(x)."""
    weights = age.weights()
    kept = weights > 1e-5 * weights.max()
    each = log_ndtr((age.location[kept] - np.log(_TABLE)[:, None]) / age.spread[kept])
    survival = np.exp(each) @ (weights[kept] / weights[kept].sum())
    return np.asarray(np.log(np.maximum(survival, 1e-300)))


def _chunk(forecaster: Forecaster, survival: Floats, fleet: Fleet, levels: Floats) -> Floats:
    ahead = _points(forecaster, fleet)
    pool = np.zeros_like(ahead)
    for model, moments, weight, part in zip(
        forecaster.wiener, fleet.by_model, forecaster.weights, forecaster.parts, strict=False
    ):
        on_axis = model.warp.along(fleet.use[:, None] + ahead) - model.warp.along(fleet.use)[:, None]
        wear, drift, wear_var, covariance, drift_var = (m[:, None] for m in moments)
        cdf = uncertain_passage_cdf(
            np.maximum(on_axis, 0.0), 1.0 - wear, wear_var, drift, drift_var, covariance, model.q, nodes=_NODES
        )
        pool += weight * part.apply(cdf)
    now = np.interp(fleet.use, _TABLE, survival)[:, None]
    by_age = -np.expm1(np.minimum(np.interp(fleet.use[:, None] + ahead, _TABLE, survival) - now, 0.0))
    pool += forecaster.weights[-1] * forecaster.parts[-1].apply(by_age)
    return _read(ahead, forecaster.whole.apply(pool), levels)


def _points(forecaster: Forecaster, fleet: Fleet) -> Floats:
    """Remaining lives at which to work each nozzle's distribution out: about the middle by its most believed model."""
    model = int(np.argmax(forecaster.weights[: len(fleet.by_model)]))
    moments, warp = fleet.by_model[model], forecaster.wiener[model].warp
    left = np.maximum(1.0 - moments.wear, 1e-4) / np.maximum(moments.drift, 0.1)
    here = warp.along(fleet.use)
    slope = np.maximum(warp.along(fleet.use + 0.05) - here, 1e-3) / 0.05
    middle = np.clip(left / slope, 1e-3, LONGEST)
    spread = np.concatenate(
        [np.geomspace(0.03, 0.5, 5)[:-1], np.geomspace(0.5, 2.0, 9), np.geomspace(2.0, 20.0, 6)[1:]]
    )
    return np.asarray(np.minimum(middle[:, None] * spread, LONGEST))


def _read(ahead: Floats, cdf: Floats, levels: Floats) -> Floats:
    """The levels' places in each row, straight between points on the normal scale."""
    normal = ndtri(np.clip(np.maximum.accumulate(cdf, axis=1), 1e-9, 1.0 - 1e-9))
    out = np.empty((len(cdf), levels.size))
    rows = np.arange(len(cdf))
    last = cdf.shape[1] - 1
    for column, want in enumerate(ndtri(levels).tolist()):
        above = (normal < want).sum(axis=1)
        right, left = np.clip(above, 1, last), np.clip(above - 1, 0, last - 1)
        low, high = normal[rows, left], normal[rows, right]
        share = np.clip((want - low) / np.maximum(high - low, 1e-12), 0.0, 1.0)
        start, end = ahead[rows, left], ahead[rows, right]
        inside = start * (end / np.maximum(start, 1e-12)) ** share
        beyond = np.where(above > last, LONGEST, inside)
        out[:, column] = np.where(above == 0, ahead[:, 0] * 0.5, beyond)
    return np.asarray(np.maximum.accumulate(np.clip(out, 0.0, LONGEST), axis=1))
