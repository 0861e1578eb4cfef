"""From remaining life to a date: when waiting stops paying, and how fast a device uses its nozzle up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr

from gateway.wear.decide import replace_at
from gateway.wear.usage_rate import UsageRate, open_days_until, usage_rate, used_up_within

AHEAD = np.linspace(0.0, 3.0, 1_501)


def normal_life(middle: float, sd: float) -> np.ndarray:
    return np.asarray(np.where(AHEAD <= 0.0, 0.0, ndtr((AHEAD - middle) / sd)))


def test_a_life_known_exactly_is_used_to_its_end() -> None:
    wait = replace_at(AHEAD, normal_life(1.0, 0.004), cost_ratio=5.0, mean_life=1.0)
    assert wait == pytest.approx(0.99, abs=0.01)


@given(sd=st.floats(0.02, 0.3))
def test_a_failure_that_costs_more_is_kept_further_away(sd: float) -> None:
    waits = [replace_at(AHEAD, normal_life(1.0, sd), cost_ratio=ratio, mean_life=1.0) for ratio in (1.5, 5.0, 50.0)]
    assert waits[0] >= waits[1] >= waits[2]


def test_where_a_failure_costs_no_more_than_a_replacement_one_waits_for_it() -> None:
    assert replace_at(AHEAD, normal_life(1.0, 0.1), cost_ratio=1.0, mean_life=1.0) >= 1.3


def test_the_optimum_of_age_replacement_is_found() -> None:
    """Against the cost rate itself, least over all ages, of a new unit (Barlow and Proschan 1965)."""
    cdf = normal_life(1.0, 0.2)
    used = np.concatenate([[0.0], np.cumsum((1.0 - 0.5 * (cdf[1:] + cdf[:-1])) * np.diff(AHEAD))])
    rate = (1.0 + 4.0 * cdf)[100:] / used[100:]
    best = float(rate.min())
    wait = replace_at(AHEAD, cdf, cost_ratio=5.0, mean_life=1.0, life_cost=best)
    assert wait == pytest.approx(float(AHEAD[100:][int(np.argmin(rate))]), abs=0.01)


def test_nothing_can_be_done_within_the_lead() -> None:
    assert replace_at(AHEAD, np.ones_like(AHEAD), cost_ratio=5.0, mean_life=1.0, lead=0.2) == pytest.approx(0.2)
    assert replace_at(AHEAD, np.ones_like(AHEAD), cost_ratio=5.0, mean_life=1.0, lead=9.0) == 9.0


def test_a_new_device_is_as_busy_as_the_fleet_and_is_less_sure() -> None:
    new, old = usage_rate(np.empty(0), usual=100.0), usage_rate(np.full(60, 100.0), usual=100.0)
    assert (new.mean, old.mean) == pytest.approx((100.0, 100.0))
    assert new.mean_var > 5.0 * old.mean_var


def test_a_device_is_known_by_its_own_days_and_the_recent_ones_most() -> None:
    found = usage_rate(np.concatenate([np.full(100, 50.0), np.full(100, 200.0)]), usual=100.0)
    assert 160.0 < found.mean < 200.0


def test_quiet_weeks_make_the_days_less_sure_than_quiet_days() -> None:
    weeks = np.tile(np.repeat([0.0, 200.0], 5), 8)
    days = np.tile([0.0, 200.0], 40)
    assert usage_rate(weeks, usual=100.0).period_var > 2.0 * usage_rate(days, usual=100.0).period_var


def test_days_follow_from_life_and_rate() -> None:
    ahead = np.linspace(0.0, 3_000.0, 601)
    cdf = ndtr((ahead - 1_000.0) / 50.0)
    days = np.arange(1.0, 31.0)
    found = used_up_within(ahead, cdf, UsageRate(100.0, 4.0, 900.0), days)
    assert 9 <= int(days[np.searchsorted(found, 0.5)]) <= 11
    assert found[5] < 0.01
    assert found[14] > 0.99


def test_an_uncertain_rate_spreads_the_days() -> None:
    ahead = np.linspace(0.0, 3_000.0, 601)
    cdf = ndtr((ahead - 1_000.0) / 50.0)
    days = np.arange(1.0, 61.0)
    sure = used_up_within(ahead, cdf, UsageRate(100.0, 1.0, 400.0), days)
    unsure = used_up_within(ahead, cdf, UsageRate(100.0, 900.0, 400.0), days)
    assert unsure[7] > sure[7]
    assert unsure[11] < sure[11]


def test_a_worn_out_nozzle_is_used_up_at_once() -> None:
    found = used_up_within(np.array([0.0, 1.0]), np.array([1.0, 1.0]), UsageRate(10.0, 1.0, 1.0), np.array([0.0, 1.0]))
    assert found.tolist() == [1.0, 1.0]


def test_closed_days_bring_nothing() -> None:
    weekdays = (True, True, True, True, True, False, False)
    assert open_days_until(weekdays, 4, 5).tolist() == [1.0, 1.0, 1.0, 2.0, 3.0]
