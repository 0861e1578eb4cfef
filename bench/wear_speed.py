"""What the wear filter and a refresh of a large fleet cost."""

from __future__ import annotations

import threading
import time

import numpy as np

from bench.wear_fleets import fleet
from gateway.wear.forecast import Forecaster, learn
from gateway.wear.kalman import Group, after_reading, before_readings, filter_lanes
from gateway.wear.refresh import Fleet, refreshed_quantiles
from gateway.wear.wiener import Moments

SHOWN = np.array([0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95])
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
    seconds = min(refresh_seconds(nozzles) for _ in range(3))
    yardstick = min(yardstick_seconds() for _ in range(3))
    print(
        f"refresh of {nozzles:,} nozzles: {seconds:.2f} s of processor time,"
        f" {seconds / yardstick:.1f} times a hundred million numbers through numpy's exp ({yardstick:.2f} s)"
    )
    stalls = longest_waits(nozzles)
    print(f"meanwhile another thread waited for the interpreter: p99 {stalls[0]:.1f} ms, longest {stalls[1]:.1f} ms\n")


def refresh_seconds(nozzles: int) -> float:
    """Processor time of forecasting so many nozzles anew."""
    forecaster, known = _large_fleet(nozzles)
    begun = time.thread_time()
    refreshed_quantiles(forecaster, known, SHOWN)
    return time.thread_time() - begun


def yardstick_seconds() -> float:
    """The same machine on a fixed amount of numpy: a busy machine slows both."""
    x = np.linspace(-1.0, 0.0, 10_000)
    out = np.empty_like(x)
    begun = time.thread_time()
    for _ in range(10_000):
        np.exp(x, out=out)
    return time.thread_time() - begun


def longest_waits(nozzles: int) -> tuple[float, float]:
    """How long a thread that wakes every millisecond waits beyond it while a refresh runs: p99 and longest, in ms."""
    forecaster, known = _large_fleet(nozzles)
    work = threading.Thread(target=refreshed_quantiles, args=(forecaster, known, SHOWN))
    waits = []
    work.start()
    while work.is_alive():
        before = time.perf_counter()
        time.sleep(0.001)
        waits.append((time.perf_counter() - before - 0.001) * 1_000)
    return float(np.quantile(waits, 0.99)), max(waits)


def _large_fleet(nozzles: int) -> tuple[Forecaster, Fleet]:
    rng = np.random.default_rng(1)
    made = fleet("convex", 20, 1)
    forecaster = learn(made.units, made.limit)
    use = rng.uniform(0.0, 0.9, nozzles)
    one = Moments(
        np.clip(use * rng.normal(1.0, 0.1, nozzles), 0.0, 0.97),
        rng.normal(1.0, 0.2, nozzles),
        np.full(nozzles, 1e-4),
        np.full(nozzles, -1e-4),
        np.full(nozzles, 0.01),
    )
    return forecaster, Fleet(use, (one, one, one))
