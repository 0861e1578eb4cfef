"""Life by use alone: lognormal, censored lives counted, with what few lives leave open integrated out.

For nozzles without a coating sensor it is the whole forecast; elsewhere one voice of several. The density of a life
that ended and the survival of one that did not enter the likelihood alike (Lawless 2003, chapter 5), over a grid of
location and spread with one weak prior for the spread; every forecast averages over that grid.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from scipy.special import log_ndtr, ndtr

from gateway.wear.paths import Floats

_SPREADS: Final = np.exp(np.linspace(np.log(0.03), np.log(1.5), 21))
_USUAL_SPREAD: Final = 0.3
_SPREAD_SD: Final = 0.6
_LOCATIONS: Final = 41
_SHORTEST: Final = 1e-9
_NEGLIGIBLE: Final = 1e-4
_FAR_OUT: Final = -30.0
_TABLE_FROM: Final = float(np.log(1e-4))
_TABLE_TO: Final = float(np.log(40.0))
_TABLE_STEPS: Final = 1_300


class AgeModel(NamedTuple):
    """Locations and spreads of log life, flat over their grid, and each unit's log likelihood at them."""

    location: Floats
    spread: Floats
    log_prior: Floats
    """(grid,)"""
    log_likelihood: Floats
    """(units, grid)"""

    def weights(self, without: int | None = None) -> Floats:
        """The grid's posterior, if need be without one unit."""
        total = self.log_prior + self.log_likelihood.sum(axis=0)
        if without is not None:
            total = total - self.log_likelihood[without]
        posterior = np.exp(total - total.max())
        return np.asarray(posterior / posterior.sum())


def fit_age(use: Floats, ended: Floats, *, guess: float = 0.0) -> AgeModel:
    """From each unit's use (> 0) at the end of its life, or so far where `ended` is False. `guess` is a life that other
    knowledge makes likely; it counts only where no life has ended.
    """
    log_use = np.log(np.maximum(use, _SHORTEST))
    sober = max(float(log_use.max()) + 0.5, float(np.log(max(guess, _SHORTEST))))
    low, high = float(log_use.min()) - 0.7, sober + 1.0
    location, spread = (g.ravel() for g in np.meshgrid(np.linspace(low, high, _LOCATIONS), _SPREADS, indexing="ij"))
    t = (log_use[:, None] - location) / spread
    likelihood = np.where(np.asarray(ended)[:, None], -0.5 * t * t - np.log(spread), log_ndtr(-t))
    log_prior = -0.5 * ((np.log(spread) - np.log(_USUAL_SPREAD)) / _SPREAD_SD) ** 2
    # Where no life has ended the likelihood alone would let the location run away.
    if not np.any(ended):
        log_prior = log_prior - 0.5 * ((location - sober) / 0.5) ** 2
    return AgeModel(location, spread, log_prior, likelihood)


def typical_life(model: AgeModel) -> float:
    """The median life, the posterior's mean of its logarithm."""
    return float(np.exp(model.weights() @ model.location))


def age_cdf(model: AgeModel, use: float, ahead: Floats, without: int | None = None) -> Floats:
    """P(life <= use + ahead | life > use), averaged over location and spread as the survivor makes them likely."""
    weights = model.weights(without)
    kept = weights > _NEGLIGIBLE * weights.max()
    location, spread = model.location[kept], model.spread[kept]
    now = log_ndtr((location - np.log(max(use, _SHORTEST))) / spread) + np.log(weights[kept])
    log_later = np.log(np.maximum(use + ahead, _SHORTEST))[:, None]
    if now.max() > _FAR_OUT:
        # 1 - S(use + ahead) / S(use), S the survival averaged over the grid.
        later: Floats = ndtr((location - log_later) / spread) @ weights[kept]
        return np.asarray(np.clip(1.0 - later / np.exp(now).sum(), 0.0, 1.0))
    survivors = np.exp(now - now.max())
    gone = -np.expm1(np.minimum(log_ndtr((location - log_later) / spread) - now + np.log(weights[kept]), 0.0))
    return np.asarray(gone @ (survivors / survivors.sum()))


def log_survival(model: AgeModel) -> Floats:
    """The fleet's log survival at logarithms of use, evenly apart: P(life <= x + l | life > x) = 1 - S(x + l)/S(x)."""
    weights = model.weights()
    kept = weights > _NEGLIGIBLE * weights.max()
    log_use = np.linspace(_TABLE_FROM, _TABLE_TO, _TABLE_STEPS + 1)
    shares = log_ndtr((model.location[kept] - log_use[:, None]) / model.spread[kept])
    shares += np.log(weights[kept] / weights[kept].sum())
    largest = shares.max(axis=1)
    return np.asarray(largest + np.log(np.exp(shares - largest[:, None]).sum(axis=1)))


def read_table(table: Floats, use: Floats) -> Floats:
    """The table of `log_survival` at any use, straight between its places."""
    place = np.log(np.maximum(use, _SHORTEST))
    place -= _TABLE_FROM
    place *= _TABLE_STEPS / (_TABLE_TO - _TABLE_FROM)
    np.clip(place, 0.0, _TABLE_STEPS - 1e-9, out=place)
    whole = place.astype(np.intp)
    place -= whole
    place *= np.diff(table)[whole]
    place += table[whole]
    return np.asarray(place)
