"""How much each model is believed: weights of a linear pool by what past forecasts scored.

The CRPS of a pool is quadratic in its weights, so the best weights on the simplex are found for certain. A few past
forecasts don't overrule what is known beforehand: the prior weights count like so many units. (Linear pools: Stone
1961; weights by score: Hall and Mitchell 2007.)
"""

from __future__ import annotations

from typing import Final

import numpy as np

from gateway.wear.paths import Floats

_PRIOR_UNITS: Final = 4.0
_ROUNDS: Final = 300
_LONGEST_STEP: Final = 5.0


def pool_weights(scores: Floats, units: float, prior: Floats) -> Floats:
    """Weights (models,) from `crossed_scores` averaged over past forecasts (models, models), of so many units."""
    scale = float(np.median(np.diag(scores)))
    if not np.isfinite(scale) or scale <= 0.0 or units <= 0:
        return prior
    pull = _PRIOR_UNITS / units
    weights = prior.copy()
    for _ in range(_ROUNDS):
        slope = 2.0 * (scores @ weights) / scale + pull * (np.log(np.maximum(weights, 1e-12) / prior) + 1.0) * 0.5
        weights = weights * np.exp(np.clip(-0.3 * (slope - slope @ weights), -_LONGEST_STEP, _LONGEST_STEP))
        weights /= weights.sum()
    return weights
