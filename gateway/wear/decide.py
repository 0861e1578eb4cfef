"""When to replace: the use at which waiting longer costs more than it gives."""

from __future__ import annotations

from typing import Final

import numpy as np

from gateway.wear.paths import Floats

USUAL_LIFE_COST: Final = 1.4
"""What a mean life costs where units are replaced by forecast, in planned replacements; perfect foresight is 1."""


def replace_at(
    ahead: Floats,
    cdf: Floats,
    *,
    cost_ratio: float,
    mean_life: float,
    lead: float = 0.0,
    life_cost: float = USUAL_LIFE_COST,
) -> float:
    """The remaining use after which to replace, from the distribution of remaining life over the grid `ahead`.

    Waiting until l costs (in planned replacements) 1 + (cost_ratio - 1) F(l) and gives the expected use up to there,
    worth `life_cost` for every mean life: the least difference is the renewal-reward optimum (Barlow and Proschan 1965,
    age replacement, with the unit's own distribution for the fleet's). Nothing can be done within `lead`.
    `ahead`, `mean_life` and `lead` are in the same unit of use; the answer is at least `lead`.
    """
    survival = 1.0 - cdf
    gained = np.concatenate([[0.0], np.cumsum(0.5 * (survival[1:] + survival[:-1]) * np.diff(ahead))])
    balance = (cost_ratio - 1.0) * cdf - gained * life_cost / mean_life
    can = ahead >= lead
    if not can.any():
        return lead
    best = float(ahead[can][int(np.argmin(balance[can]))])
    return max(best, lead)
