"""The quick quantiles of very many nozzles against the forecast of one."""

from __future__ import annotations

import numpy as np
import pytest

from bench.wear_fleets import fleet
from gateway.wear.coordinates import binned, side_by_side
from gateway.wear.forecast import learn
from gateway.wear.kalman import filter_lanes
from gateway.wear.refresh import Fleet, refreshed_quantiles
from gateway.wear.wiener import Moments

LEVELS = np.array([0.1, 0.5, 0.9])


@pytest.mark.parametrize("kind", ["linear", "convex", "concave", "crack"])
@pytest.mark.parametrize("age", [0.3, 0.7, 0.9])
def test_a_refreshed_nozzle_has_the_quantiles_of_the_full_forecast(kind: str, age: float) -> None:
    made = fleet(kind, 12, 8)
    forecaster = learn(made.units[1:], made.limit)
    frame = forecaster.training.frame
    new = made.units[0].until(age * float(made.units[0].usage[-1]))
    seen = binned(frame.use(new.usage), frame.wear(new.wear), forecaster.training.bin_width)
    now = frame.use(new.usage[-1:])
    states = []
    for model in forecaster.wiener:
        lanes = filter_lanes(*side_by_side([seen], [model.warp]), model.group(model.lots.prior(None)))
        lag = model.warp.along(now) - model.warp.along(seen.use[-1:])
        moved = lanes.wear[-1] + lag * lanes.drift[-1]
        var = lanes.wear_var[-1] + lag * (2.0 * lanes.covariance[-1] + lag * lanes.drift_var[-1] + model.q)
        states.append(
            Moments(moved, lanes.drift[-1], var, lanes.covariance[-1] + lag * lanes.drift_var[-1], lanes.drift_var[-1])
        )
    quick = refreshed_quantiles(forecaster, Fleet(now, tuple(states)), LEVELS)[0] * frame.life
    whole = forecaster.remaining(new, LEVELS.tolist())
    assert np.abs(quick - whole).max() < 0.06 * frame.life


def test_states_of_every_sort_have_finite_growing_quantiles() -> None:
    made = fleet("linear", 6, 2)
    forecaster = learn(made.units, made.limit)
    rng = np.random.default_rng(4)
    count = 2_000
    one = Moments(
        rng.uniform(-0.5, 1.3, count), rng.normal(0.5, 0.8, count), rng.uniform(0, 0.01, count), np.zeros(count),
        rng.uniform(0, 0.3, count),
    )  # fmt: skip
    found = refreshed_quantiles(forecaster, Fleet(rng.uniform(0.0, 3.0, count), (one, one, one)), LEVELS)
    assert found.shape == (count, 3)
    assert np.all(np.isfinite(found))
    assert np.all(found >= 0.0)
    assert np.all(np.diff(found, axis=1) >= 0.0)
