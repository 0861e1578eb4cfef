"""From strikes to sessions and to days: how fast a device uses its nozzle up, and how sure that is.

Both are the same question: amounts arrive one period after another (a session's strikes; an open day's), and the
remaining life runs out within n periods if their sum reaches it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from scipy.special import ndtr

from gateway.wear.paths import Floats

_PRIOR_PERIODS: Final = 4.0
_USUAL_VARIATION: Final = 0.6
_BLOCK: Final = 5
_LEAST: Final = 1e-9


class UsageRate(NamedTuple):
    """Strikes a period: the mean, its own variance, and the variance from period to period."""

    mean: float
    mean_var: float
    period_var: float


def usage_rate(amounts: Floats, *, usual: float, half_life: float = 40.0) -> UsageRate:
    """The rate of a device from its past periods, oldest first, the older the less (halved every `half_life` periods).

    `usual` is the fleet's mean a period, which counts like a few periods of its own. A day that was open and brought
    nothing is a 0; closed days are left out. The variance is taken from sums of five periods together, so that a quiet
    week counts as what it is: not five unlucky days.
    """
    ages = np.arange(amounts.size)[::-1]
    weights = 0.5 ** (ages / half_life)
    count = float(weights.sum()) + _PRIOR_PERIODS
    mean = max((float(weights @ amounts) + _PRIOR_PERIODS * usual) / count, _LEAST)
    variance = (_PRIOR_PERIODS * (_USUAL_VARIATION * mean) ** 2 + _block_variance(amounts, weights, mean)) / count
    return UsageRate(mean, variance / count, variance)


def _block_variance(amounts: Floats, weights: Floats, mean: float) -> float:
    """Weighted sum of squares about the mean, from sums of neighbouring periods."""
    blocks = amounts.size // _BLOCK
    if blocks == 0:
        return float(weights @ (amounts - mean) ** 2)
    used = blocks * _BLOCK
    sums = (amounts[-used:] - mean).reshape(blocks, _BLOCK).sum(axis=1)
    by_block = weights[-used:].reshape(blocks, _BLOCK).sum(axis=1)
    return float(by_block @ (sums * sums)) / _BLOCK


def used_up_within(ahead: Floats, cdf: Floats, rate: UsageRate, periods: Floats) -> Floats:
    """The probability that the remaining life is used up within each number of periods.

    `cdf` is that of remaining life over `ahead` (strikes, from 0). The sum of n periods is taken as normal, with mean
    n m and variance n s^2 + n^2 Var(m), independent of the life.
    """
    mass = np.diff(cdf, prepend=0.0)
    n = np.maximum(np.asarray(periods, dtype=float), 0.0)[:, None]
    sd = np.sqrt(np.maximum(n * rate.period_var + n * n * rate.mean_var, 1e-300))
    reached = np.where(ahead[None, :] <= 0.0, 1.0, ndtr((n * rate.mean - ahead[None, :]) / sd))
    reached = np.where(n <= 0.0, ahead[None, :] <= 0.0, reached)
    return np.asarray(np.maximum.accumulate(np.clip(reached @ mass, 0.0, 1.0)))


def open_days_until(open_weekdays: tuple[bool, ...], first_weekday: int, days: int) -> Floats:
    """Open days among the next 1..days calendar days, the first of which is `first_weekday` (Monday 0)."""
    week = np.asarray(open_weekdays, dtype=float)
    return np.asarray(np.cumsum(week[(first_weekday + np.arange(days)) % 7]))
