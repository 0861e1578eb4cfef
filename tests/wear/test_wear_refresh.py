"""The quick quantiles of very many nozzles against the forecast of one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr

from bench.wear_fleets import fleet
from bench.wear_speed import refresh_seconds
from gateway.wear.coordinates import binned, side_by_side
from gateway.wear.first_passage import first_passage_cdf
from gateway.wear.forecast import learn
from gateway.wear.kalman import filter_lanes
from gateway.wear.quick_normal import normal_probability, normal_score
from gateway.wear.quick_passage import Knowledge, passage_of_survivors
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
    assert np.abs(quick - whole).max() < 0.03 * frame.life


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


@pytest.mark.parametrize(("kind", "units"), [("linear", 2), ("concave", 3), ("rough", 4), ("convex", 4)])
def test_no_quantile_jumps_where_few_lives_have_ended(kind: str, units: int) -> None:
    made = fleet(kind, units, 4)
    forecaster = learn([made.units[0], *(u.until(0.6 * float(u.usage[-1])) for u in made.units[1:])], made.limit)
    wear = np.linspace(0.0, 0.9999, 800)
    same = np.ones_like(wear)
    known = tuple(
        Moments(model.warp.up(wear), same, 4e-4 * same, -1e-4 * same, 0.03 * same) for model in forecaster.wiener
    )
    found = refreshed_quantiles(forecaster, Fleet(wear, known), np.array([0.05, 0.25, 0.5, 0.75, 0.95]))
    assert np.abs(np.diff(found, axis=0)).max() < 0.03


def test_the_quick_passage_is_the_exact_one() -> None:
    rng = np.random.default_rng(5)
    count = 3_000
    ahead = np.sort(10.0 ** rng.uniform(-4, 1, (20, count)), axis=0)
    distance, drift, drift_var = rng.uniform(1e-3, 1.0, count), rng.normal(0.8, 0.5, count), rng.uniform(0, 0.2, count)
    for q in (1e-9, 1e-4, 0.05):
        known = Knowledge(distance, np.zeros(count), drift, drift_var, np.zeros(count))
        quick = passage_of_survivors(ahead, known, q, nodes=1)
        assert np.abs(quick - first_passage_cdf(ahead, distance, drift, drift_var, q)).max() < 1e-6


def test_the_quick_normal_is_the_normal() -> None:
    x = np.linspace(-7.0, 7.0, 20_001)
    assert np.abs(normal_probability(x) - ndtr(x)).max() < 1e-7
    assert np.abs(normal_score(ndtr(x[:15_001])) - x[:15_001]).max() < 1e-6


def test_a_hundred_thousand_nozzles_are_refreshed_in_two_seconds() -> None:
    assert refresh_seconds(100_000) < 2.0
