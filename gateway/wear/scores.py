"""How good forecasts were: CRPS and coverage from quantiles, and what replacing by them would have cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from gateway.wear.paths import Floats

LEVELS: Final = tuple(round(0.005 + 0.01 * k, 3) for k in range(100))
"""The quantile levels that the CRPS is averaged over."""


def crps_of_quantiles(quantiles: Floats, levels: Floats, came: Floats) -> Floats:
    """CRPS of each forecast (rows, levels) as twice the mean pinball loss over its quantiles (rows,), in use.

    The CRPS is the integral of the quantile score over all levels (Laio and Tamea 2007); `levels` lie evenly in (0, 1).
    """
    off = came[:, None] - quantiles
    loss = np.where(off >= 0.0, levels * off, (levels - 1.0) * off)
    return np.asarray(2.0 * loss.mean(axis=1))


def covered(
    quantiles: Floats, levels: Floats, came: Floats, share: float
) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Whether what came lies in the central interval that holds such a share: (rows,)."""
    low, high = (_at(quantiles, levels, level) for level in (0.5 - share / 2.0, 0.5 + share / 2.0))
    return np.asarray((low <= came) & (came <= high))


def _at(quantiles: Floats, levels: Floats, level: float) -> Floats:
    return np.array([np.interp(level, levels, row) for row in quantiles])


class Replacement(NamedTuple):
    """How one unit's life ended under a policy: the use that it gave, and whether it failed first."""

    use: float
    failed: bool


def cost_against_foresight(ends: Sequence[Replacement], lives: Sequence[float], cost_ratio: float) -> float:
    """Cost a unit of use, with a failure at `cost_ratio` planned replacements, over that of replacing each at the very
    end of its life: 1 is perfect foresight."""
    cost = sum(cost_ratio if end.failed else 1.0 for end in ends)
    use = sum(end.use for end in ends)
    return cost / max(use, 1e-300) * sum(lives) / len(lives)
