"""When a Wiener process with an uncertain drift first reaches a limit: its distribution in closed form.

dz = mu dx + sqrt(Q) dB from z = 0 to d > 0, mu ~ N(m, v). For a known drift the first passage is inverse Gaussian
(Schrödinger 1915; Folks and Chhikara 1978); integrating over mu gives, with s^2 = v l^2 + Q l,

    F(l) = Phi((m l - d)/s) + exp(2 m d/Q + 2 v d^2/Q^2) Phi(-(2 v d l + Q (m l + d))/(Q s))

(Peng and Tseng 2009; Si, Wang, Hu, Chen, Zhou 2013). With a and -b the two arguments, the exponent is (b^2 - a^2)/2, so
that the second term equals exp(-a^2/2) erfcx(b/sqrt 2)/2: nothing in it overflows.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from scipy.special import erfcx, ndtr

from gateway.wear.paths import Floats

_NODES: Final = 13
_ROOT_2: Final = float(np.sqrt(2.0))
_TINY: Final = 1e-300


def first_passage_cdf(
    ahead: Floats | float, distance: Floats | float, drift: Floats | float, drift_var: Floats | float, q: Floats | float
) -> Floats:
    """The probability that the limit is reached within `ahead` more use. Arguments broadcast.

    `ahead` (l >= 0) in use, `distance` (d) in wear, `drift` (m) in wear per use, `drift_var` (v) its variance, `q` (Q)
    in wear^2 per use. d <= 0 is 1: the limit is passed. No drift towards the limit leaves F below 1 for ever.
    """
    x, d, m, v, q = (np.asarray(a, dtype=float) for a in (ahead, distance, drift, drift_var, q))
    with np.errstate(all="ignore"):
        s = np.sqrt(np.maximum(v * x * x + q * x, _TINY))
        a = np.clip((m * x - d) / s, -1e9, 1e9)
        # Divided through by Q; Q = 0 leaves b infinite and the second term 0.
        b = ((2.0 * v * d / np.maximum(q, _TINY)) * x + m * x + d) / s
        reflected = np.array(np.exp(-0.5 * a * a) * erfcx(np.maximum(b, 0.0) / _ROOT_2) * 0.5)
        back = b < 0.0
        if back.any():
            a_back, b_back = a[back], b[back]
            reflected[back] = np.exp(np.minimum(0.5 * (b_back - a_back) * (b_back + a_back), 0.0)) * ndtr(-b_back)
    reached: Floats = ndtr(a) + np.where(np.isnan(reflected), 0.0, reflected)
    return np.where(d <= 0.0, 1.0, np.where(x <= 0.0, 0.0, np.clip(reached, 0.0, 1.0)))


@cache
def hermite(nodes: int) -> tuple[tuple[float, float], ...]:
    """Nodes and weights of Gauss-Hermite for a standard normal."""
    places, weights = hermegauss(nodes)
    return tuple(zip(places.tolist(), (weights / weights.sum()).tolist(), strict=True))


def uncertain_passage_cdf(
    ahead: Floats,
    distance: Floats | float,
    distance_var: Floats | float,
    drift: Floats | float,
    drift_var: Floats | float,
    covariance: Floats | float,
    q: Floats | float,
    *,
    nodes: int = _NODES,
) -> Floats:
    """The same where the wear now is uncertain too: Gauss-Hermite over it, with the drift as it is given the wear.

    `covariance` is that of wear and drift (usually negative: higher wear now leaves less drift to have made it).
    Arguments broadcast; the nodes are integrated away.
    """
    d, p, m, v, c, q, x = (
        np.asarray(a, dtype=float) for a in (distance, distance_var, drift, drift_var, covariance, q, ahead)
    )
    sd = np.sqrt(np.maximum(p, 0.0))
    with np.errstate(all="ignore"):
        slope = np.where(sd > 0.0, c / sd, 0.0)
    v_given = np.maximum(v - slope * slope, 0.0)
    total = np.zeros(np.broadcast_shapes(*(a.shape for a in (d, p, m, v, c, q, x))))
    for node, weight in hermite(nodes):
        total += weight * first_passage_cdf(x, d - node * sd, m + node * slope, v_given, q)
    return total
