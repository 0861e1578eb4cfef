"""Rates, trends and anomalies: intervals hold, and noise alone is not told as news."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.analytics.usage_anomalies import Odd, explained, odd_buckets
from gateway.analytics.usage_rates import rate_interval, trend

WEEKS = 26


def simulated(rng: np.random.Generator, slope: float, *, mean: float = 60.0, spread: float = 0.1) -> np.ndarray:
    """Weekly counts whose weeks go together: overdispersed, with a memory of half a week."""
    noise = np.zeros(WEEKS)
    for week in range(1, WEEKS):
        noise[week] = 0.4 * noise[week - 1] + spread * rng.standard_normal()
    level = mean * np.exp(slope * np.arange(WEEKS) + noise)
    return rng.poisson(level).astype(float)


@pytest.mark.parametrize("slope", [0.0, 0.02])
def test_trend_intervals_hold_what_is_true_about_as_often_as_they_say(slope: float) -> None:
    rng = np.random.default_rng(8)
    held = 0
    for _ in range(250):
        found = trend(simulated(rng, slope), np.ones(WEEKS))
        assert found is not None
        held += found.low <= np.expm1(4 * slope) <= found.high
    assert 0.90 <= held / 250 <= 0.995


def test_rate_intervals_hold_the_rate_where_weeks_are_unlike_each_other() -> None:
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(300):
        counts = rng.poisson(30 * rng.gamma(8.0, 1 / 8.0, 12)).astype(float)
        found = rate_interval(counts, np.full(12, 10.0))
        assert found is not None
        held += found.low <= 3.0 <= found.high
    assert 0.92 <= held / 300 <= 0.99


def test_too_little_tells_no_trend_and_no_exposure_no_rate() -> None:
    assert trend(np.full(5, 100.0), np.ones(5)) is None
    assert trend(np.ones(10), np.ones(10)) is None
    assert rate_interval(np.zeros(4), np.zeros(4)) is None
    nothing = rate_interval(np.zeros(4), np.full(4, 25.0))
    assert nothing is not None
    assert (nothing.value, nothing.low) == (0.0, 0.0)
    assert 0.03 < nothing.high < 0.04


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=30), st.floats(0.1, 1e6))
def test_a_rates_interval_always_holds_the_rate_itself(counts: list[int], exposure: float) -> None:
    found = rate_interval(np.array(counts, dtype=float), np.full(len(counts), exposure))
    assert found is not None
    assert 0.0 <= found.low <= found.value <= found.high


def test_ordinary_days_are_hardly_ever_told_as_unlike() -> None:
    rng = np.random.default_rng(5)
    weekday = np.array([60, 70, 72, 75, 80, 50, 20.0])
    told = 0
    for _ in range(200):
        level = np.tile(weekday, 12) * np.exp(0.05 * rng.standard_normal(84))
        told += bool(odd_buckets(rng.poisson(level)[None].astype(float), np.ones((1, 84)), 7))
    assert told <= 12


def test_a_day_off_is_found_in_nearly_every_fleet() -> None:
    rng = np.random.default_rng(6)
    found = 0
    for _ in range(100):
        counts = rng.poisson(np.tile([60, 70, 72, 75, 80, 50, 20.0], 12)).astype(float)
        counts[38] = 8.0
        found += any(odd.place == 38 for odd in odd_buckets(counts[None], np.ones((1, 84)), 7))
    assert found >= 97


def test_the_devices_that_make_a_difference_are_named_and_a_broad_one_is_told_as_such() -> None:
    usual = {f"d{number}": 5.0 for number in range(20)}
    one = explained(Odd(0, 0, 130.0, 100.0, 0.001), usual | {"d3": 35.0}, usual)
    assert [part.device_id for part in one.devices] == ["d3"]
    assert one.explained > 0.9
    assert not one.broad
    all_less = explained(Odd(0, 0, 40.0, 100.0, 0.001), dict.fromkeys(usual, 2.0), usual)
    assert all_less.broad
    assert all(part.came < part.usual for part in all_less.devices)
