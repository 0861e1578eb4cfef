"""One Wiener model of a fleet: its warp, its group's parameters, and what they say of a unit's remaining life."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from gateway.wear.coordinates import Binned, Kind, Training, Warp, side_by_side
from gateway.wear.distribution import AHEAD
from gateway.wear.first_passage import uncertain_passage_cdf
from gateway.wear.group import fit_group, group_of
from gateway.wear.kalman import Group, filter_lanes
from gateway.wear.lots import LotEffects, lot_effects
from gateway.wear.paths import Floats

_PASSED: Final = 0.999
_NO_PRIOR: Final = 100.0


class WienerModel(NamedTuple):
    """A fitted model."""

    warp: Warp
    theta: Floats
    lots: LotEffects

    def group(self, prior: tuple[float | Floats, float | Floats]) -> Group:
        """The group's parameters with that mean and variance of drift."""
        return group_of(self.theta)._replace(drift=prior[0], drift_var=prior[1])

    @property
    def q(self) -> float:
        """Process noise."""
        return float(np.exp(2.0 * self.theta[4]))


class Moments(NamedTuple):
    """What is known of some units at their last readings: arrays of (rows,)."""

    wear: Floats
    drift: Floats
    wear_var: Floats
    covariance: Floats
    drift_var: Floats


class Origin(NamedTuple):
    """Where a forecast starts: the last reading (a bin's mean), and the use from which the remaining life counts."""

    unit: int
    bin: int
    use: float


def fit_wiener(training: Training, kind: Kind) -> tuple[WienerModel, tuple[Warp, ...]]:
    """The model for the next unit, and for each unit of the fleet the warp that it had no part in."""
    warps = training.honest_warps(kind)
    readings = side_by_side(training.binned, warps)
    theta = fit_group(readings)
    fleet = group_of(theta)
    alone = filter_lanes(*readings, fleet._replace(drift_var=_NO_PRIOR))
    names = [unit.lot for unit in training.units]
    lots = lot_effects(names, alone.drift[-1], alone.drift_var[-1], float(fleet.drift), float(fleet.drift_var))
    return WienerModel(training.warp(kind), theta, lots), warps


def past_cdfs(training: Training, model: WienerModel, warps: tuple[Warp, ...], origins: list[Origin]) -> Floats:
    """What the model would have said of its own fleet's units from earlier in their lives: (origins, grid)."""
    readings = side_by_side(training.binned, warps)
    priors = [model.lots.prior(unit.lot, place) for place, unit in enumerate(training.units)]
    lanes = filter_lanes(*readings, model.group((np.array([m for m, _ in priors]), np.array([v for _, v in priors]))))
    where = tuple(np.array([[o.bin, o.unit] for o in origins]).T)
    moments = Moments(*(np.asarray(part[where]) for part in lanes[:5]))
    ahead = np.array([_ahead(warps[o.unit], training.binned[o.unit].use[o.bin], o.use) for o in origins])
    return passage(moments, ahead, model.q)


def unit_cdf(model: WienerModel, unit: Binned, lot: str | None, use: float) -> Floats:
    """The remaining life of one unit, counted from `use`: (grid,)."""
    readings = side_by_side([unit], [model.warp])
    lanes = filter_lanes(*readings, model.group(model.lots.prior(lot)))
    moments = Moments(*(np.asarray(part[-1]) for part in lanes[:5]))
    ahead = _ahead(model.warp, float(unit.use[-1]), use)[None, :]
    return np.asarray(passage(moments, ahead, model.q)[0])


def _ahead(warp: Warp, known_at: float, use: float) -> Floats:
    return np.asarray(warp.along(use + AHEAD) - warp.along(np.asarray(known_at)))


def passage(moments: Moments, ahead: Floats, q: float) -> Floats:
    """First passage over the grid (rows, grid), given that it has not happened by the grid's start."""
    wear, drift, wear_var, covariance, drift_var = (part[:, None] for part in moments)
    cdf = uncertain_passage_cdf(np.maximum(ahead, 0.0), 1.0 - wear, wear_var, drift, drift_var, covariance, q)
    passed = np.minimum(cdf[:, :1], _PASSED)
    return np.asarray(np.clip((cdf - passed) / (1.0 - passed), 0.0, 1.0))
