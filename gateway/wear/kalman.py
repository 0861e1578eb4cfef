"""What a nozzle's readings say of its wear and of its drift: the exact two-state Kalman filter (Kalman 1960).

State (z, mu): dz = mu dx + sqrt(Q) dB, mu constant for the unit and N(m, v) over its group; a reading is z + noise.
One reading costs O(1) at whatever distance from the last. Wear and use in any units, as long as all of it is in them.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from gateway.wear.paths import Floats


class Group(NamedTuple):
    """What is known of a unit before its first reading; floats, or arrays with one entry for each lane."""

    start: float | Floats
    """Mean wear at use 0."""
    start_var: float | Floats
    drift: float | Floats
    """Mean drift m, wear per use."""
    drift_var: float | Floats
    q: float | Floats
    """Process noise Q, wear^2 per use."""
    noise_var: float | Floats
    """Variance of one reading, wear^2."""


class State(NamedTuple):
    """A unit's wear and drift after its readings so far: means, variances, covariance."""

    usage: float
    wear: float
    drift: float
    wear_var: float
    covariance: float
    drift_var: float


def before_readings(group: Group) -> State:
    """A unit of the group at use 0."""
    return State(0.0, float(group.start), float(group.drift), float(group.start_var), 0.0, float(group.drift_var))


def after_reading(state: State, usage: float, wear: float, q: float, noise_var: float) -> State:
    """The state after one more reading, at `usage` no earlier than the state's."""
    usage_0, z, mu, p, c, v = state
    dx = usage - usage_0
    step = dx * v
    p += dx * (c + c + step + q)
    c += step
    gain_base = p + noise_var
    if gain_base <= 0.0:
        return State(usage, z + mu * dx, mu, p, c, v)
    off = (wear - z - mu * dx) / gain_base
    return State(
        usage,
        z + mu * dx + p * off,
        mu + c * off,
        p * noise_var / gain_base,
        c * noise_var / gain_base,
        max(v - c * c / gain_base, 0.0),
    )


class Lanes(NamedTuple):
    """Many units side by side, after each of their readings: arrays of (readings, lanes)."""

    wear: Floats
    drift: Floats
    wear_var: Floats
    covariance: Floats
    drift_var: Floats
    log_likelihood: Floats
    """Of all readings of a lane together: (lanes,)."""


def filter_lanes(usage: Floats, wear: Floats, noise_share: Floats, group: Group) -> Lanes:
    """Filters many units at once. `usage`, `wear` and `noise_share` are (readings, lanes); where a lane has fewer
    readings its share is infinite: such a reading says nothing and its use is the last one's. A share multiplies the
    group's noise variance (1/n for a mean of n readings). Group fields are (lanes,) or numbers.
    """
    shape = np.broadcast_shapes(usage.shape, np.shape(group.drift), np.shape(group.start))
    lanes = shape[-1]
    z, p, mu, v, q, noise_var = (np.broadcast_to(np.asarray(part, dtype=float), (lanes,)) for part in group)
    c = np.zeros(lanes)
    out = np.empty((5, *shape))
    log_likelihood = np.zeros(lanes)
    before = np.zeros(lanes)
    for k in range(shape[0]):
        dx = usage[k] - before
        before = usage[k]
        z = z + mu * dx
        p = p + dx * (2.0 * c + dx * v + q)
        c = c + dx * v
        given = np.isfinite(noise_share[k])
        noise = np.where(given, noise_share[k], 1.0) * noise_var
        total = p + noise
        off = np.where(given, wear[k] - z, 0.0)
        log_likelihood += np.where(given, -0.5 * (off * off / total + np.log(2.0 * math.pi * total)), 0.0)
        gain_z, gain_mu = np.where(given, p / total, 0.0), np.where(given, c / total, 0.0)
        z, mu = z + gain_z * off, mu + gain_mu * off
        v = np.maximum(v - gain_mu * c, 0.0)
        c = c - gain_z * c
        p = p - gain_z * p
        out[0, k], out[1, k], out[2, k], out[3, k], out[4, k] = z, mu, p, c, v
    return Lanes(out[0], out[1], out[2], out[3], out[4], log_likelihood)
