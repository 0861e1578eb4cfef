"""What a fleet's histories say of a new unit: group parameters by marginal likelihood, shrunk towards what is usual.

Everything is dimensionless here (wear from 0 at the start to 1 at the limit, use 1 over a mean life), so one weak
prior serves every scale: it decides where there are three units, and is outvoted where there are thirty.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from gateway.wear.kalman import Group, filter_lanes
from gateway.wear.paths import Floats

# start, drift, and logarithms of the standard deviations of start, drift, process (over one life), reading
PRIOR_MEAN: Final = np.array([0.0, 1.0, np.log(0.03), np.log(0.25), np.log(0.08), np.log(0.02)])
PRIOR_SD: Final = np.array([0.1, 0.3, 1.0, 0.6, 0.8, 1.2])
_STEP: Final = 1e-4
_ROUNDS: Final = 40


class Readings(NamedTuple):
    """A fleet on one scale, as `filter_lanes` takes it: arrays of (readings, units)."""

    usage: Floats
    wear: Floats
    noise_share: Floats


def group_of(theta: Floats) -> Group:
    """Parameters from their vector(s); theta is (6,) or (6, lanes)."""
    deviations = np.exp(2.0 * np.clip(theta[2:], -12.0, 4.0))
    return Group(theta[0], deviations[0], theta[1], deviations[1], deviations[2], deviations[3])


def log_posterior(readings: Readings, thetas: Floats) -> Floats:
    """Log of likelihood x prior at each of thetas (6, candidates), in one pass over all units and candidates."""
    units, candidates = readings.usage.shape[1], thetas.shape[1]
    use, wear, share = (np.tile(part, (1, candidates)) for part in readings)
    lanes = filter_lanes(use, wear, share, group_of(np.repeat(thetas, units, axis=1)))
    per_unit = lanes.log_likelihood.reshape(candidates, units)
    likelihood = per_unit.sum(axis=1)
    off = (thetas - PRIOR_MEAN[:, None]) / PRIOR_SD[:, None]
    return np.asarray(likelihood - 0.5 * (off * off).sum(axis=0))


def fit_group(readings: Readings, start: Floats | None = None) -> Floats:
    """The most probable parameters (6,): damped BFGS, whose gradient is one vectorised pass."""
    theta = (PRIOR_MEAN if start is None else start).copy()
    inverse = np.diag(PRIOR_SD**2) * 0.1
    value, slope = _value_and_slope(readings, theta)
    for _ in range(_ROUNDS):
        move = inverse @ slope
        move *= min(1.0, 1.5 / max(float(np.max(np.abs(move / PRIOR_SD))), 1e-12))
        lengths = np.array([1.0, 0.5, 0.2, 0.05, 0.01])
        values = log_posterior(readings, theta[:, None] + move[:, None] * lengths)
        best = int(np.argmax(values))
        if not values[best] > value + 1e-4:
            break
        step = move * lengths[best]
        theta = theta + step
        gained = values[best] - value
        value, fresh = _value_and_slope(readings, theta)
        inverse = _bfgs(inverse, step, slope - fresh)
        slope = fresh
        if gained < 1e-3:
            break
    return theta


def _value_and_slope(readings: Readings, theta: Floats) -> tuple[float, Floats]:
    size = theta.size
    shifts = np.concatenate([np.zeros((size, 1)), np.eye(size) * _STEP, -np.eye(size) * _STEP], axis=1)
    values = log_posterior(readings, theta[:, None] + shifts)
    return float(values[0]), (values[1 : size + 1] - values[size + 1 :]) / (2.0 * _STEP)


def _bfgs(inverse: Floats, step: Floats, change: Floats) -> Floats:
    """The inverse Hessian of the negative after a step (Broyden, Fletcher, Goldfarb, Shanno 1970)."""
    curvature = float(step @ change)
    if curvature <= 1e-10:
        return inverse
    left = np.eye(step.size) - np.outer(step, change) / curvature
    return np.asarray(left @ inverse @ left.T + np.outer(step, step) / curvature)
