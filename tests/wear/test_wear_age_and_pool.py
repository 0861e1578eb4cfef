"""The age model, the pool and the recalibration: how past lives and past forecasts are believed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr

from gateway.wear.age import age_cdf, fit_age, typical_life
from gateway.wear.calibrate import Calibration, calibration_of
from gateway.wear.distribution import AHEAD, LONGEST, crossed_scores, probability_at, quantiles
from gateway.wear.pool import pool_weights

HALF = np.array([0.5, 0.5])


def normal_rows(means: np.ndarray, sd: float) -> np.ndarray:
    return np.asarray(ndtr((AHEAD - means[:, None]) / sd))


def test_lives_cut_short_count_as_longer_ones() -> None:
    use = np.array([0.9, 1.0, 1.1, 1.0, 1.1])
    all_ended = typical_life(fit_age(use, np.ones(5, dtype=bool)))
    two_cut = typical_life(fit_age(use, np.array([True, True, True, False, False])))
    assert all_ended == pytest.approx(1.0, rel=0.05)
    assert two_cut > 1.08 * all_ended


def test_eighty_per_cent_held_where_half_of_the_lives_were_cut_short() -> None:
    rng = np.random.default_rng(0)
    held = []
    for _ in range(200):
        life, cut = np.exp(0.25 * rng.standard_normal(13)), rng.uniform(0.5, 1.6, 12)
        model = fit_age(np.minimum(life[:12], cut), life[:12] <= cut)
        low, high = quantiles(age_cdf(model, 0.3 * life[12], AHEAD), np.array([0.1, 0.9]))[0]
        held.append(low <= 0.7 * life[12] <= high)
    assert 0.72 < np.mean(held) < 0.88


def test_the_older_a_unit_is_the_less_is_left_to_it() -> None:
    model = fit_age(np.array([0.8, 1.0, 1.2, 0.9]), np.ones(4, dtype=bool))
    medians = [quantiles(age_cdf(model, use, AHEAD), np.array([0.5]))[0, 0] for use in (0.0, 0.5, 0.9)]
    assert medians[0] > medians[1] > medians[2] > 0.0


def test_a_unit_older_than_any_still_has_a_distribution() -> None:
    model = fit_age(np.array([0.8, 1.0, 1.2]), np.ones(3, dtype=bool))
    cdf = age_cdf(model, 30.0, AHEAD)
    assert np.all(np.diff(cdf) >= -1e-12)
    assert 0.0 <= cdf[0] <= cdf[-1] <= 1.0


def test_a_unit_is_left_out_of_what_it_is_told() -> None:
    use, ended = np.array([0.8, 1.0, 1.2, 9.0]), np.ones(4, dtype=bool)
    without = age_cdf(fit_age(use, ended), 0.5, AHEAD, without=3)
    with_it = age_cdf(fit_age(use, ended), 0.5, AHEAD)
    assert quantiles(without, np.array([0.5]))[0, 0] < quantiles(with_it, np.array([0.5]))[0, 0]


def test_too_narrow_forecasts_are_widened_until_they_hold() -> None:
    rng = np.random.default_rng(1)
    middle = rng.uniform(0.5, 1.0, 400)
    came = middle + 0.1 * rng.standard_normal(400)
    narrow = normal_rows(middle, 0.05)
    found = calibration_of(probability_at(narrow[:200], came[:200]), np.arange(200))
    low, high = quantiles(found.apply(narrow[200:]), np.array([0.1, 0.9])).T
    assert 0.72 <= float(np.mean((low <= came[200:]) & (came[200:] <= high))) <= 0.88
    before_low, before_high = quantiles(narrow[200:], np.array([0.1, 0.9])).T
    assert float(np.mean((before_low <= came[200:]) & (came[200:] <= before_high))) < 0.6


def test_honest_forecasts_are_left_nearly_as_they_are() -> None:
    transforms = (np.arange(500) + 0.5) / 500
    found = calibration_of(transforms, np.arange(500))
    assert found.shift == pytest.approx(0.0, abs=0.02)
    assert found.spread == pytest.approx(1.0, abs=0.03)


def test_few_units_change_little_however_often_each_was_forecast() -> None:
    once = calibration_of(np.full(1, 0.999), np.zeros(1))
    often = calibration_of(np.full(40, 0.999), np.zeros(40))
    assert once == often
    assert once.shift < 0.6


def test_no_past_changes_nothing() -> None:
    assert calibration_of(np.empty(0), np.empty(0)) == Calibration(0.0, 1.0)


def test_the_pool_believes_who_was_right() -> None:
    came = np.random.default_rng(2).normal(1.0, 0.1, 60)
    right, wrong = normal_rows(np.ones(60), 0.1), normal_rows(np.full(60, 1.6), 0.1)
    scores = crossed_scores(np.array([right, wrong]), came).mean(axis=0)
    assert pool_weights(scores, 60, HALF)[0] > 0.95
    assert 0.5 < pool_weights(scores, 1, HALF)[0] < 0.95


def test_without_past_forecasts_the_pool_is_what_was_believed_before() -> None:
    prior = np.array([0.7, 0.3])
    assert pool_weights(np.full((2, 2), np.nan), 0, prior).tolist() == [0.7, 0.3]


def test_the_crps_is_that_of_a_known_normal() -> None:
    """A normal forecast that hits its middle scores sd (sqrt 2 - 1) / sqrt pi (Gneiting and Raftery 2007)."""
    score = crossed_scores(normal_rows(np.array([1.0]), 0.1)[None], np.array([1.0]))[0, 0, 0]
    assert score == pytest.approx(0.1 * (np.sqrt(2.0) - 1.0) / np.sqrt(np.pi), rel=0.03)


def test_quantiles_of_a_life_that_may_never_end_are_capped() -> None:
    assert quantiles(np.full((1, AHEAD.size), 0.3), np.array([0.2, 0.9])).tolist() == [[0.0, LONGEST]]
    assert np.all(np.isfinite(quantiles(np.full((1, AHEAD.size), np.nan), np.array([0.1, 0.9]))))
