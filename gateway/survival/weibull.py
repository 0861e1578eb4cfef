"""The Weibull distribution fitted to censored and left truncated lives by maximum likelihood. Pure.

With scale L and shape k the log likelihood is sum over ended lives of log k + (k-1) log t - k log L, less the sum over
all lives of (t/L)^k - (entry/L)^k. For a given k the best L has a closed form, so that one equation in k is left to
solve (Meeker and Escobar 1998, chapter 8; without truncation it is what `scipy.stats.weibull_min.fit` gives for
`CensoredData`). Intervals are Wald's on the logarithms, from the observed information.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from scipy.special import ndtri

from gateway.survival.lifetimes import Floats, Lifetimes

CONFIDENCE: Final = 0.95
LEAST_ENDS: Final = 3
"""Fewer ends tell no shape."""
_SHAPES: Final = (0.02, 60.0)


class Interval(NamedTuple):
    """An estimate with its interval."""

    value: float
    low: float
    high: float


class WeibullFit(NamedTuple):
    """Shape and scale (the age that 63.2 % do not reach), and what the fit says of any quantile."""

    shape: Interval
    scale: Interval
    log_likelihood: float
    covariance: tuple[float, float, float]
    """Of (log shape, log scale): variance, covariance, variance."""
    confidence: float

    def quantile(self, share: float) -> Interval:
        """The age by which `share` of the lives has ended: 0.1 is the B10 life."""
        k, spread = self.shape.value, math.log(-math.log1p(-share))
        shape_var, both, scale_var = self.covariance
        slope = -spread / k
        variance = scale_var + 2.0 * slope * both + slope * slope * shape_var
        return _interval(math.log(self.scale.value) + spread / k, variance, self.confidence)

    def survival(self, ages: Floats) -> Floats:
        """The share that is still alive at these ages."""
        return np.asarray(np.exp(-((ages / self.scale.value) ** self.shape.value)))


def fit_weibull(lives: Lifetimes, confidence: float = CONFIDENCE) -> WeibullFit | None:
    """The fit; None where too few lives ended, or where they tell no shape (as when all ended at one age)."""
    if lives.ends < LEAST_ENDS:
        return None
    unit = float(np.exp(np.mean(np.log(lives.exit[lives.ended]))))
    scaled = Lifetimes(lives.entry / unit, lives.exit / unit, lives.ended)
    k = common_shape([scaled])
    if k is None:
        return None
    scale = _scale(scaled, k)
    covariance = _covariance(scaled, k, scale)
    if covariance is None:
        return None
    return WeibullFit(
        _interval(math.log(k), covariance[0], confidence),
        _interval(math.log(scale * unit), covariance[2], confidence),
        _log_likelihood(scaled, k, scale) - lives.ends * math.log(unit),
        covariance,
        confidence,
    )


def exposure(lives: Lifetimes, shape: float) -> float:
    """Sum of t^k - entry^k: what ends are divided by, once ages are raised to the shape."""
    return float(np.sum(lives.exit**shape - lives.entry**shape))


def _scale(lives: Lifetimes, k: float) -> float:
    return float((exposure(lives, k) / lives.ends) ** (1.0 / k))


def common_shape(parts: Sequence[Lifetimes]) -> float | None:
    """The most likely shape of groups that share it and have scales of their own; None where their ends tell none.

    Groups without an end say nothing of it."""
    # Loading the optimizers costs 0.2 s of every start, and only who asks for lives needs one of them.
    from scipy.optimize import brentq

    told = [_logs(part) for part in parts if part.ends]
    ends = sum(part.ends for part in told)
    if ends < LEAST_ENDS:
        return None

    def slope(k: float) -> float:
        return 1.0 / k + sum(part.slope(k) for part in told) / ends

    low, high = _SHAPES
    if not slope(low) > 0.0 > slope(high):
        return None
    return float(brentq(slope, low, high, xtol=1e-12, rtol=1e-13))


class _Logs(NamedTuple):
    """One group's ages by their logarithms, over its greatest."""

    ends: int
    ended_sum: float
    out: Floats
    came: Floats

    def slope(self, k: float) -> float:
        """Of the log likelihood by the shape, the scale being the best for it; without the term 1/k of each end."""
        out, came = np.exp(k * self.out), np.exp(k * self.came)
        mean = float((out @ self.out - came @ self.came) / (out.sum() - came.sum()))
        return self.ended_sum - self.ends * mean


def _logs(lives: Lifetimes) -> _Logs:
    logs = np.log(lives.exit)
    top = float(logs.max())
    came = np.log(lives.entry[lives.entry > 0.0]) - top
    return _Logs(lives.ends, float((logs[lives.ended] - top).sum()), logs - top, came)


def _log_likelihood(lives: Lifetimes, k: float, scale: float) -> float:
    ended = np.log(lives.exit[lives.ended])
    gained = lives.ends * (math.log(k) - k * math.log(scale)) + (k - 1.0) * float(ended.sum())
    return gained - exposure(lives, k) / math.pow(scale, k)


def _covariance(lives: Lifetimes, k: float, scale: float) -> tuple[float, float, float] | None:
    """The inverse of the observed information of (log shape, log scale)."""
    out_log = k * np.log(lives.exit / scale)
    late = lives.entry > 0.0
    came_log = k * np.log(lives.entry[late] / scale)
    out, came = np.exp(out_log), np.exp(came_log)

    def moment(power: int) -> float:
        return float(out @ out_log**power - came @ came_log**power)

    # By log k twice, by both, by log scale twice, of the negative log likelihood.
    shape_info = moment(1) + moment(2) - float(out_log[lives.ended].sum())
    both = k * (lives.ends - moment(0) - moment(1))
    scale_info = k * k * moment(0)
    size = shape_info * scale_info - both * both
    if not size > 0.0:
        return None
    return scale_info / size, -both / size, shape_info / size


def _interval(log_value: float, variance: float, confidence: float) -> Interval:
    half = float(ndtri(0.5 + confidence / 2.0)) * math.sqrt(variance)
    return Interval(math.exp(log_value), math.exp(log_value - half), math.exp(log_value + half))
