"""The first-passage distribution again, for very many nozzles: the same formula, several times as fast, to 1e-8.

Both of its terms share exp(-a^2/2) and need the scaled tail of the normal at two places: see `quick_normal`.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

from gateway.wear.first_passage import hermite
from gateway.wear.paths import Floats
from gateway.wear.quick_normal import scaled_tail

_TINY: Final = 1e-300
_FURTHEST: Final = 1e9


class Knowledge(NamedTuple):
    """What is known of some nozzles, (nozzles,) each: how far the limit is, the drift, their variances."""

    distance: Floats
    distance_var: Floats
    drift: Floats
    drift_var: Floats
    covariance: Floats
    """Of wear and drift."""


def passage_of_survivors(ahead: Floats, known: Knowledge, q: float, *, nodes: int) -> Floats:
    """The probability (points, nozzles) that the limit is reached within `ahead` more use, given that it is not now.

    The wear now is normal, cut off at the limit. Gauss-Hermite's nodes are carried over to the cut normal through its
    quantiles, so that nothing jumps as a nozzle comes near the limit.
    """
    d, p, m, v, c = known
    sd = np.sqrt(np.maximum(p, 0.0))
    slope = np.divide(c, sd, out=np.zeros_like(sd), where=sd > 0.0)
    v_given = np.maximum(v - slope * slope, 0.0)
    beyond = ndtr(-d / np.maximum(sd, 1e-12))
    variance = ahead * v_given
    variance += q
    variance *= ahead
    np.maximum(variance, _TINY, out=variance)
    inverse = np.sqrt(variance)
    np.divide(1.0, inverse, out=inverse)
    total = np.zeros_like(ahead)
    for node, weight in hermite(nodes):
        place = -ndtri(np.minimum(beyond + (1.0 - beyond) * float(ndtr(-node)), 1.0 - 1e-9))
        left = np.maximum(d - place * sd, 1e-9)
        total += weight * _passage(ahead, inverse, left, m + place * slope, v_given, q)
    return total


def _passage(ahead: Floats, inverse: Floats, d: Floats, m: Floats, v: Floats, q: float) -> Floats:
    """F for d > 0 and l > 0, with 1/s given; see `first_passage`."""
    a = ahead * m
    b = ahead * (2.0 * v * d / max(q, _TINY) + m)
    a -= d
    b += d
    a *= inverse
    b *= inverse
    np.clip(a, -_FURTHEST, _FURTHEST, out=a)
    np.minimum(b, _FURTHEST, out=b)
    shared = a * a
    shared *= -0.5
    np.exp(shared, out=shared)
    first = scaled_tail(np.abs(a))
    first *= shared
    back = b < 0.0
    second = scaled_tail(np.abs(b, out=b) if not back.any() else np.abs(b))
    second *= shared
    if back.any():
        a_back, b_back = a[back], b[back]
        second[back] = np.exp(np.minimum(0.5 * (b_back - a_back) * (b_back + a_back), 0.0)) - second[back]
    reached = np.where(a > 0.0, 1.0 - first, first)
    reached += second
    return np.clip(reached, 0.0, 1.0, out=reached)
