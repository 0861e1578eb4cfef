"""Regression on several traits, and changes along production weeks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from lifelines import WeibullAFTFitter

from gateway.survival.change_points import change_points
from gateway.survival.regression import least_squares, weibull_regression
from tests.survival.known_lives import random_lives


@pytest.mark.parametrize("seed", range(3))
def test_weibull_regression_agrees_with_lifelines(seed: int) -> None:
    lives = random_lives(seed, size=300, truncated=True)
    rng = np.random.default_rng(seed)
    traits = np.column_stack([np.ones(300), rng.integers(0, 2, 300), rng.standard_normal(300)])
    table = pd.DataFrame({"a": traits[:, 1], "b": traits[:, 2], "x": lives.exit, "e": lives.ended, "i": lives.entry})
    theirs: Any = WeibullAFTFitter().fit(table, "x", "e", entry_col="i")
    ours = weibull_regression(lives, traits)
    assert ours is not None
    rows = theirs.summary.loc["lambda_"].loc[["Intercept", "a", "b"]]
    assert ours.effects == pytest.approx(rows["coef"].to_numpy(), abs=1e-4)
    assert ours.errors == pytest.approx(rows["se(coef)"].to_numpy(), rel=1e-3)
    assert ours.log_likelihood == pytest.approx(theirs.log_likelihood_, abs=1e-5)
    assert ours.log_likelihood >= theirs.log_likelihood_ - 1e-9


def test_traits_that_can_not_be_told_apart_give_no_regression() -> None:
    lives = random_lives(1)
    same = np.column_stack([np.ones(lives.size), np.ones(lives.size)])
    assert weibull_regression(lives, same) is None
    assert least_squares(lives.exit, same, np.ones(lives.size)) is None


def test_the_error_of_an_effect_holds_where_groups_spread_differently() -> None:
    rng = np.random.default_rng(8)
    held = []
    for _ in range(300):
        trait = (np.arange(60) >= 45).astype(float)
        values = rng.standard_normal(60) * np.where(trait > 0, 3.0, 0.5)
        fit = least_squares(values, np.column_stack([np.ones(60), trait]), np.ones(60))
        assert fit is not None
        held.append(abs(fit.effects[1]) <= 2.13 * fit.errors[1])
    assert np.mean(held) == pytest.approx(0.95, abs=0.04)


def test_a_change_of_pace_is_found_in_its_week() -> None:
    rng = np.random.default_rng(7)
    weeks = np.sort(rng.integers(0, 40, 300))
    pace = 0.2 * rng.standard_normal(300) + 0.3 * (weeks >= 25)
    found = change_points(weeks, pace, np.full(300, 25.0))
    assert len(found) == 1
    assert abs(found[0].week - 25) <= 1
    assert found[0].low <= np.exp(0.3) <= found[0].high
    assert found[0].before + found[0].after == 300


def test_a_spell_of_bad_weeks_has_two_changes() -> None:
    rng = np.random.default_rng(11)
    weeks = np.repeat(np.arange(40), 10)
    pace = 0.2 * rng.standard_normal(400) + 0.4 * ((weeks >= 15) & (weeks < 22))
    assert [change.ratio > 1.0 for change in change_points(weeks, pace, np.full(400, 25.0))] == [True, False]


def test_an_even_series_shows_a_change_as_seldom_as_said() -> None:
    rng = np.random.default_rng(6)
    weeks = np.repeat(np.arange(20), 8)
    found = [bool(change_points(weeks, 0.3 * rng.standard_normal(160), np.ones(160), draws=200)) for _ in range(200)]
    assert np.mean(found) <= 0.09


def test_too_few_nozzles_show_no_change() -> None:
    assert change_points(np.arange(12), np.repeat([0.0, 1.0], 6), np.ones(12)) == ()
