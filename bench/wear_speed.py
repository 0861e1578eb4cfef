"""What the wear filter and a refresh of a large fleet cost."""

from __future__ import annotations

import time

import numpy as np

from bench.wear_fleets import fleet
from gateway.wear.forecast import learn
from gateway.wear.kalman import Group, after_reading, before_readings, filter_lanes
from gateway.wear.refresh import Fleet, refreshed_quantiles
from gateway.wear.wiener import Moments

GROUP = Group(0.0, 1e-3, 1.0, 0.06, 0.005, 4e-4)


def print_speed() -> None:
    """Microseconds a reading, and seconds for 100,000 nozzles."""
    rng = np.random.default_rng(1)
    count = 200_000
    usage = np.linspace(0.0, 1.0, count)
    wear = usage + 0.02 * rng.standard_normal(count)
    state, readings = before_readings(GROUP), list(zip(usage.tolist(), wear.tolist(), strict=True))
    begun = time.perf_counter()
    for x, w in readings:
        state = after_reading(state, x, w, 0.005, 4e-4)
    print(f"update, pure Python: {(time.perf_counter() - begun) / count * 1e6:.2f} us a reading")

    lanes, steps = 10_000, 100
    uses = np.sort(rng.uniform(0.0, 1.0, (steps, lanes)), axis=0)
    wears = uses + 0.02 * rng.standard_normal((steps, lanes))
    begun = time.perf_counter()
    filter_lanes(uses, wears, np.ones((steps, lanes)), GROUP)
    print(f"update, vectorised: {(time.perf_counter() - begun) / (lanes * steps) * 1e6:.3f} us a reading")

    nozzles = 100_000
    forecaster = learn(fleet("convex", 20, 1).units, fleet("convex", 20, 1).limit)
    use = rng.uniform(0.0, 0.9, nozzles)
    one = Moments(
        np.clip(use * rng.normal(1.0, 0.1, nozzles), 0.0, 0.97),
        rng.normal(1.0, 0.2, nozzles),
        np.full(nozzles, 1e-4),
        np.full(nozzles, -1e-4),
        np.full(nozzles, 0.01),
    )
    begun = time.perf_counter()
    found = refreshed_quantiles(forecaster, Fleet(use, (one, one, one)), np.array([0.1, 0.5, 0.9]))
    print(f"refresh of {nozzles:,} nozzles: {time.perf_counter() - begun:.2f} s ({found.shape[1]} quantiles each)\n")
