"""The log-rank test against published values, lifelines, and a reckoning life by life."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from lifelines.statistics import multivariate_logrank_test

from gateway.survival.lifetimes import Ints, Lifetimes, lifetimes
from gateway.survival.log_rank import group_ends, k_sample, log_rank
from tests.survival.known_lives import LEUKAEMIA_PLACEBO, LEUKAEMIA_TREATED, random_lives


def test_leukaemia_remissions_differ_as_published() -> None:
    both = [np.concatenate(pair) for pair in zip(LEUKAEMIA_TREATED, LEUKAEMIA_PLACEBO, strict=True)]
    group = np.repeat([0, 1], 21)
    found = group_ends(Lifetimes(*both), group, 2)
    assert found.expected == pytest.approx([19.25, 10.75], abs=0.005)
    assert k_sample(found).chi2 == pytest.approx(16.79, abs=0.005)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("groups", [2, 5])
def test_k_sample_test_agrees_with_lifelines(seed: int, groups: int) -> None:
    lives = random_lives(seed)
    # Whole numbers: many ends at one age.
    lives = lifetimes(np.ceil(lives.exit), lives.ended)
    group = np.random.default_rng(seed).integers(0, groups, lives.size)
    theirs: Any = multivariate_logrank_test(lives.exit, group, lives.ended)
    ours = log_rank(lives, group)
    assert ours.df == groups - 1
    assert (ours.chi2, ours.p_value) == pytest.approx((theirs.test_statistic, theirs.p_value), abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_truncated_and_stratified_lives_are_compared_with_those_beside_them_at_risk(seed: int) -> None:
    lives = random_lives(seed, truncated=True)
    rng = np.random.default_rng(seed)
    group, stratum = rng.integers(0, 3, lives.size), rng.integers(0, 2, lives.size)
    found = group_ends(lives, group, 3, stratum)
    observed, expected, covariance = reckoned(lives, group, stratum)
    assert found.observed == pytest.approx(observed)
    assert found.expected == pytest.approx(expected)
    assert found.covariance == pytest.approx(covariance)


def test_a_group_that_was_never_at_risk_beside_another_does_not_count() -> None:
    lives = lifetimes([2.0, 3.0, 20.0, 21.0, 22.0], [True] * 5, [0.0, 0.0, 10.0, 10.0, 10.0])
    assert log_rank(lives, np.array([0, 0, 1, 1, 1])).p_value == 1.0


def test_alike_groups_are_told_apart_as_often_as_chance_says() -> None:
    rng = np.random.default_rng(3)
    p_values = [log_rank(random_lives(seed, truncated=True), rng.integers(0, 3, 150)).p_value for seed in range(400)]
    assert np.mean(np.array(p_values) <= 0.05) == pytest.approx(0.055, abs=0.03)
    assert np.mean(p_values) == pytest.approx(0.5, abs=0.05)


def reckoned(lives: Lifetimes, group: Ints, stratum: Ints) -> tuple[Any, Any, Any]:
    observed, expected, covariance = np.zeros(3), np.zeros(3), np.zeros((3, 3))
    for kind in range(2):
        for age in np.unique(lives.exit[lives.ended & (stratum == kind)]):
            risk = (lives.entry < age) & (lives.exit >= age) & (stratum == kind)
            share = np.bincount(group[risk], minlength=3) / risk.sum()
            ends = np.bincount(group[risk & lives.ended & (lives.exit == age)], minlength=3)
            observed += ends
            expected += share * ends.sum()
            scale = ends.sum() * (risk.sum() - ends.sum()) / max(risk.sum() - 1, 1)
            covariance += scale * (np.diag(share) - np.outer(share, share))
    return observed, expected, covariance
