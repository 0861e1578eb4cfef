"""The filter against the joint normal distribution of everything at once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from gateway.wear.history import unit
from gateway.wear.kalman import Group, State, after_reading, before_readings, filter_lanes
from gateway.wear.paths import Floats

GROUP = Group(0.05, 0.002, 1.1, 0.08, 0.01, 0.0006)


def batch(usage: Floats, wear: Floats, group: Group) -> tuple[Floats, Floats, float]:
    """Mean and covariance of (wear now, drift) given all readings, and their log density, from one joint normal."""
    meet = np.minimum(usage[:, None], usage[None, :])
    latent = group.start_var + meet * group.q + usage[:, None] * usage[None, :] * group.drift_var
    readings = latent + np.eye(usage.size) * group.noise_var
    mean = group.start + usage * group.drift
    cross = np.vstack([latent[-1], usage * group.drift_var])
    prior = np.array([[latent[-1, -1], usage[-1] * group.drift_var], [usage[-1] * group.drift_var, group.drift_var]])
    gain = np.linalg.solve(readings, cross.T).T
    density = float(multivariate_normal(mean, readings).logpdf(wear))
    return np.array([mean[-1], group.drift]) + gain @ (wear - mean), prior - gain @ cross.T, density


def filtered(usage: Floats, wear: Floats, group: Group) -> State:
    state = before_readings(group)
    for x, w in zip(usage.tolist(), wear.tolist(), strict=True):
        state = after_reading(state, x, w, float(group.q), float(group.noise_var))
    return state


def readings(seed: int, count: int) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    usage = np.sort(rng.uniform(0.0, 1.0, count))
    return usage, 0.05 + 1.3 * usage + 0.05 * rng.standard_normal(count)


@pytest.mark.parametrize("count", [1, 2, 25])
def test_the_filter_is_the_exact_posterior(count: int) -> None:
    usage, wear = readings(count, count)
    mean, covariance, _ = batch(usage, wear, GROUP)
    state = filtered(usage, wear, GROUP)
    assert (state.wear, state.drift) == pytest.approx(tuple(mean), rel=1e-9)
    assert (state.wear_var, state.covariance, state.drift_var) == pytest.approx(
        (covariance[0, 0], covariance[0, 1], covariance[1, 1]), rel=1e-7
    )


def test_many_lanes_side_by_side_are_each_as_if_alone() -> None:
    uses, wears = (np.column_stack(part) for part in zip(*(readings(seed, 12) for seed in range(7)), strict=True))
    lanes = filter_lanes(uses, wears, np.ones_like(uses), GROUP)
    for lane in range(7):
        state = filtered(uses[:, lane], wears[:, lane], GROUP)
        assert (lanes.wear[-1, lane], lanes.drift[-1, lane]) == pytest.approx((state.wear, state.drift), rel=1e-9)
        assert lanes.drift_var[-1, lane] == pytest.approx(state.drift_var, rel=1e-9)
        assert lanes.log_likelihood[lane] == pytest.approx(batch(uses[:, lane], wears[:, lane], GROUP)[2], rel=1e-9)


def test_a_lane_with_fewer_readings_stays_as_it_was_after_its_last() -> None:
    uses, wears = np.array([[0.1], [0.2], [0.2]]), np.array([[0.1], [0.25], [9.0]])
    lanes = filter_lanes(uses, wears, np.array([[1.0], [1.0], [np.inf]]), GROUP)
    assert lanes.wear[2, 0] == lanes.wear[1, 0]
    assert lanes.drift_var[2, 0] == lanes.drift_var[1, 0]


def test_a_mean_of_readings_says_what_they_say_at_one_use() -> None:
    apart = filtered(np.array([0.3, 0.3, 0.3]), np.array([0.3, 0.36, 0.42]), GROUP)
    lanes = filter_lanes(np.array([[0.3]]), np.array([[0.36]]), np.array([[1.0 / 3.0]]), GROUP)
    assert (lanes.wear[0, 0], lanes.drift[0, 0]) == pytest.approx((apart.wear, apart.drift), rel=1e-9)


@given(order=st.permutations(range(9)))
def test_a_life_filtered_again_is_the_same_in_whatever_order_its_readings_came(order: list[int]) -> None:
    usage, wear = readings(3, 9)
    again = unit("n", usage[order], wear[order])
    assert filtered(again.usage, again.wear, GROUP) == filtered(usage, wear, GROUP)


def test_a_reading_without_noise_is_believed() -> None:
    state = after_reading(before_readings(GROUP), 0.5, 0.7, 0.01, 0.0)
    assert (state.wear, state.wear_var) == pytest.approx((0.7, 0.0))


def test_nothing_uncertain_stays_finite() -> None:
    state = after_reading(before_readings(Group(0.0, 0.0, 1.0, 0.0, 0.0, 0.0)), 0.5, 0.7, 0.0, 0.0)
    assert state.wear == pytest.approx(0.5)
    assert state.drift == 1.0
