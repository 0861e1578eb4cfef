"""By how much lots usually differ, beyond chance: no two lots are quite alike, and that alone is no fault. Pure.

The spread from lot to lot is the moment estimate of DerSimonian and Laird (1986). A lot lies beyond it where it would
not be expected as one more of them; with few lots that is hard to tell, so Student's distribution is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from scipy.special import stdtr

from gateway.survival.lifetimes import Bools, Floats

LEAST_LOTS: Final = 4


def usual_spread(values: Floats, variances: Floats, left_out: Sequence[int] = ()) -> float:
    """Standard deviation of the lots' true values; `variances` are those of the estimates. 0 where chance explains
    it all."""
    known = np.isfinite(values) & np.isfinite(variances)
    known[list(left_out)] = False
    return float(np.sqrt(_between(values[known], variances[known])))


def beyond_usual(values: Floats, variances: Floats, alpha: float) -> Bools:
    """Which lots are unlike the others even if lots differ as these others do; each is held against the rest."""
    known = np.isfinite(values) & np.isfinite(variances)
    found = np.zeros(values.size, dtype=bool)
    count = int(known.sum())
    if count < LEAST_LOTS:
        return found
    for lot in np.flatnonzero(known).tolist():
        others = known.copy()
        others[lot] = False
        between = _between(values[others], variances[others])
        weight = 1.0 / (variances[others] + between)
        middle = float(weight @ values[others] / weight.sum())
        t = (values[lot] - middle) / np.sqrt(variances[lot] + between + 1.0 / weight.sum())
        found[lot] = bool(2.0 * stdtr(count - 2, -abs(t)) * count <= 2.0 * alpha)
    return found


def _between(values: Floats, variances: Floats) -> float:
    if values.size < 2:
        return 0.0
    weight = 1.0 / variances
    middle = float(weight @ values / weight.sum())
    off = float(weight @ (values - middle) ** 2)
    return max(0.0, (off - (values.size - 1)) / float(weight.sum() - (weight**2).sum() / weight.sum()))
