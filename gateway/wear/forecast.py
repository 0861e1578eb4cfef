"""The remaining life of a unit from its fleet's histories: several models, pooled by what they scored, recalibrated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np

from gateway.wear.age import AgeModel, age_cdf, fit_age, log_survival
from gateway.wear.calibrate import Calibration, calibration_of
from gateway.wear.coordinates import Kind, Training, Warp, binned
from gateway.wear.distribution import AHEAD, LONGEST, crossed_scores, probability_at, quantiles
from gateway.wear.frame import frame_of
from gateway.wear.history import Unit
from gateway.wear.paths import Floats
from gateway.wear.pool import pool_weights
from gateway.wear.wiener import Origin, WienerModel, fit_wiener, past_cdfs, unit_cdf

STAGES: Final = (0.3, 0.5, 0.7, 0.9)
MODELS: Final = (*Kind, "age")
PRIOR_WEIGHTS: Final = np.array([0.45, 0.25, 0.2, 0.1])
_SCORED_UNITS: Final = 30


class Past(NamedTuple):
    """Forecasts that each unit of the fleet would have had, and what came."""

    origins: list[Origin]
    came: Floats
    life: Floats
    cdfs: Floats
    """(models, origins, grid)"""


@dataclass(frozen=True)
class Forecaster:
    """What a fleet teaches: made once, asked for any number of units."""

    training: Training
    wiener: tuple[WienerModel, ...]
    age: AgeModel
    weights: Floats
    parts: tuple[Calibration, ...]
    whole: Calibration

    @cached_property
    def log_survival(self) -> Floats:
        """The age model's survival as a table."""
        return log_survival(self.age)

    def cdfs(self, unit: Unit) -> Floats:
        """What each model says, not yet recalibrated: (models, grid)."""
        frame = self.training.frame
        use = frame.use(unit.usage)
        seen = binned(use, frame.wear(unit.wear), self.training.bin_width)
        now = float(use[-1])
        return np.array(
            [*(unit_cdf(model, seen, unit.lot, now) for model in self.wiener), age_cdf(self.age, now, AHEAD)]
        )

    def cdf(self, unit: Unit) -> Floats:
        """The pooled and recalibrated distribution of remaining life over AHEAD, in typical lives."""
        return np.asarray(pooled(self.cdfs(unit)[:, None, :], self.weights, self.parts, self.whole)[0])

    @property
    def ended_lives(self) -> Floats:
        """Use at the ends of the fleet's lives that have ended, in the unit of use."""
        lives = self.training.lives[~np.isnan(self.training.lives)]
        return np.asarray(lives * self.training.frame.life + self.training.frame.origin)

    @property
    def mean_life(self) -> float:
        """The fleet's mean life in the unit of use; a typical one by the models where none has ended."""
        lives = self.ended_lives
        return float(lives.mean()) if lives.size else self.training.frame.life

    @property
    def longest(self) -> float:
        """No quantile is longer: ten mean lives of the fleet, in the unit of use."""
        return LONGEST * self.mean_life

    def remaining(self, unit: Unit, levels: Sequence[float]) -> Floats:
        """Quantiles of the use that is left to the unit, in the unit of use; 0 where it has reached the limit."""
        if unit.life(self.training.frame.limit) is not None:
            return np.zeros(len(levels))
        found = quantiles(self.cdf(unit), np.asarray(levels, dtype=float))[0] * self.training.frame.life
        return np.asarray(np.minimum(found, self.longest))


def pooled(cdfs: Floats, weights: Floats, parts: tuple[Calibration, ...], whole: Calibration) -> Floats:
    """(models, rows, grid) to (rows, grid)."""
    own = np.array([part.apply(cdf) for part, cdf in zip(parts, cdfs, strict=True)])
    return whole.apply(np.asarray(np.einsum("m,mrg->rg", weights, own)))


def learn(units: Sequence[Unit], limit: float) -> Forecaster:
    """Fits everything to a fleet's histories (at least one unit with one reading)."""
    training = Training(tuple(units), frame_of(units, limit))
    fitted = [fit_wiener(training, kind) for kind in Kind]
    age = fit_age(training.ends, ~np.isnan(training.lives), guess=1.0)
    past = _past(training, fitted, age)
    parts, weights, whole = _judge(past)
    return Forecaster(training, tuple(model for model, _ in fitted), age, weights, parts, whole)


def _origins(training: Training) -> list[Origin]:
    """The last bins before each stage of each ended life, of at most so many units, evenly taken."""
    ended = np.flatnonzero(~np.isnan(training.lives) & (training.lives > 0.0))
    if ended.size > _SCORED_UNITS:
        ended = ended[np.linspace(0, ended.size - 1, _SCORED_UNITS).astype(int)]
    found = []
    for unit in ended.tolist():
        use = training.binned[unit].use
        bins = np.searchsorted(use, np.array(STAGES) * training.lives[unit], side="right") - 1
        found += [Origin(unit, int(b), float(use[b])) for b in np.unique(bins[bins >= 0])]
    return found


def _past(training: Training, fitted: list[tuple[WienerModel, tuple[Warp, ...]]], age: AgeModel) -> Past:
    origins = _origins(training)
    if not origins:
        return Past([], np.empty(0), np.empty(0), np.empty((len(MODELS), 0, AHEAD.size)))
    life = training.lives[[o.unit for o in origins]]
    came = life - np.array([o.use for o in origins])
    by_wear = [past_cdfs(training, model, warps, origins) for model, warps in fitted]
    by_age = np.array([age_cdf(age, o.use, AHEAD, o.unit) for o in origins])
    return Past(origins, came, life, np.array([*by_wear, by_age]))


def _judge(past: Past) -> tuple[tuple[Calibration, ...], Floats, Calibration]:
    units = np.array([o.unit for o in past.origins])
    if not past.origins:
        return (Calibration(),) * len(MODELS), PRIOR_WEIGHTS, Calibration()
    parts = tuple(calibration_of(probability_at(cdf, past.came), units) for cdf in past.cdfs)
    own = np.array([part.apply(cdf) for part, cdf in zip(parts, past.cdfs, strict=True)])
    scores = (crossed_scores(own, past.came) / past.life[:, None, None]).mean(axis=0)
    weights = pool_weights(scores, float(np.unique(units).size), PRIOR_WEIGHTS)
    pool = np.einsum("m,mrg->rg", weights, own)
    whole = calibration_of(probability_at(pool, past.came), units)
    return parts, weights, whole
