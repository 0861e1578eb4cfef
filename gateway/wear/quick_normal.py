"""The normal distribution for millions of numbers at a time, to 1e-7: polynomials that agree with it at Chebyshev's
points.

No branch and no table: each step is one pass of compiled code over an array that is in the processor's cache.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.polynomial import Chebyshev, Polynomial
from scipy.special import erfcx, ndtri

from gateway.wear.paths import Floats

LEAST: Final = 1e-12
"""Probabilities nearer to 0 or 1 count as this near."""

_TAIL_SQUEEZE: Final = 2.5
_SCORE_SQUEEZE: Final = 2.0
_TINY: Final = 1e-300
_ROOT_2: Final = float(np.sqrt(2.0))


def _interpolated(value: Callable[[Floats], Floats], degree: int, low: float, high: float) -> tuple[float, ...]:
    """Coefficients of the interpolating polynomial, the highest power first."""
    found = Chebyshev.interpolate(value, degree, domain=[low, high])
    return tuple(found.convert(kind=Polynomial).coef[::-1].tolist())


def _tail_over(t: Floats) -> Floats:
    t = np.maximum(t, _TINY)
    return np.asarray(erfcx(_TAIL_SQUEEZE / t - _TAIL_SQUEEZE) / t)


def _score_times(t: Floats) -> Floats:
    root = _SCORE_SQUEEZE / t - _SCORE_SQUEEZE
    return np.asarray(-ndtri(np.exp(-0.5 * root * root)) * t)


_TAIL: Final = _interpolated(_tail_over, 11, 0.0, 1.0)
_SCORE: Final = _interpolated(
    _score_times,
    9,
    _SCORE_SQUEEZE / (_SCORE_SQUEEZE + float(np.sqrt(-2.0 * np.log(LEAST)))),
    _SCORE_SQUEEZE / (_SCORE_SQUEEZE + float(np.sqrt(2.0 * np.log(2.0)))),
)


def _value(coefficients: tuple[float, ...], t: Floats) -> Floats:
    total = t * coefficients[0]
    total += coefficients[1]
    for coefficient in coefficients[2:]:
        total *= t
        total += coefficient
    return total


def scaled_tail(x: Floats) -> Floats:
    """exp(x^2/2) times the standard normal's probability beyond x, for x >= 0."""
    t = x * (1.0 / _ROOT_2)
    t += _TAIL_SQUEEZE
    np.divide(_TAIL_SQUEEZE, t, out=t)
    tail = _value(_TAIL, t)
    tail *= t
    tail *= 0.5
    return tail


def normal_probability(x: Floats) -> Floats:
    """The standard normal's distribution function."""
    tail = scaled_tail(np.abs(x))
    tail *= np.exp(-0.5 * x * x)
    return np.where(x > 0.0, 1.0 - tail, tail)


def normal_score(probability: Floats) -> Floats:
    """Its inverse."""
    t = np.minimum(probability, 1.0 - probability)
    np.maximum(t, LEAST, out=t)
    np.log(t, out=t)
    t *= -2.0
    np.sqrt(t, out=t)
    t += _SCORE_SQUEEZE
    np.divide(_SCORE_SQUEEZE, t, out=t)
    score = _value(_SCORE, t)
    score /= t
    return np.copysign(score, probability - 0.5, out=score)
