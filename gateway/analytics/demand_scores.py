"""How good demand forecasts were: pinball loss against "the same again", and how often what came lay within. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from gateway.analytics.local_days import Floats
from gateway.store.demand_rows import IssuedDemand

LEVELS: Final = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
P10: Final = 1
P90: Final = 5


def quantiles_of(counts: Floats) -> tuple[float, ...]:
    """The quantiles of counts over scenarios: whole numbers, each the least that is reached often enough."""
    return tuple(float(value) for value in np.quantile(counts, LEVELS, method="inverted_cdf"))


def pinball(said: Sequence[float], came: float) -> float:
    """Mean over the levels: what missing low or high costs, by how sure it was said (Gneiting and Raftery 2007)."""
    off = came - np.asarray(said, dtype=float)
    levels = np.asarray(LEVELS)
    return float(np.where(off >= 0.0, levels * off, (levels - 1.0) * off).mean())


def scored(issued: IssuedDemand, came: int) -> IssuedDemand:
    """The forecast with what came of it."""
    said = issued.quantiles
    return replace(
        issued,
        came=came,
        loss=pinball(said, came),
        naive_loss=None if issued.before is None else pinball([float(issued.before)] * len(LEVELS), came),
        inside_80=said[P10] <= came <= said[P90],
    )
