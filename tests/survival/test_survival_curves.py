"""Survival curves and Weibull fits: against published values, lifelines and scipy, and by their properties."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter, WeibullFitter
from scipy.stats import CensoredData, weibull_min

from gateway.survival.kaplan_meier import age_quantile, kaplan_meier
from gateway.survival.lifetimes import Lifetimes, lifetimes
from gateway.survival.weibull import fit_weibull
from tests.survival.known_lives import LEUKAEMIA_PLACEBO, LEUKAEMIA_TREATED, SHOCK_ABSORBERS, random_lives

SEEDS = range(6)


def test_shock_absorbers_have_the_published_weibull_fit() -> None:
    fit = fit_weibull(SHOCK_ABSORBERS)
    assert fit is not None
    assert fit.shape.value == pytest.approx(3.16, abs=0.005)
    assert fit.scale.value == pytest.approx(27_719, abs=1)
    assert fit.shape.low < 3.16 < fit.shape.high
    assert fit.quantile(0.632120558828558).value == pytest.approx(fit.scale.value)


def test_leukaemia_remissions_have_the_published_curve() -> None:
    """Freireich et al. 1963, the curve of Kalbfleisch and Prentice."""
    curve = kaplan_meier(LEUKAEMIA_TREATED)
    assert curve.ages.tolist() == [6.0, 7.0, 10.0, 13.0, 16.0, 22.0, 23.0]
    assert curve.survival.tolist() == pytest.approx([0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448], abs=5e-4)
    assert age_quantile(curve).age == 23.0
    assert age_quantile(kaplan_meier(LEUKAEMIA_PLACEBO)).age == 8.0


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("truncated", [False, True])
def test_curve_and_band_agree_with_lifelines(seed: int, truncated: bool) -> None:
    lives = random_lives(seed, truncated=truncated)
    curve = kaplan_meier(lives)
    theirs: Any = KaplanMeierFitter().fit(lives.exit, lives.ended, entry=lives.entry if truncated else None)
    survival = theirs.survival_function_.iloc[:, 0].reindex(curve.ages).to_numpy()
    band = theirs.confidence_interval_.reindex(curve.ages).to_numpy()
    assert curve.since == 0.0
    assert curve.survival == pytest.approx(survival, abs=1e-9)
    assert np.column_stack([curve.low, curve.high]) == pytest.approx(band, abs=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_weibull_fit_agrees_with_scipy_on_censored_lives(seed: int) -> None:
    lives = random_lives(seed)
    shape, _, scale = weibull_min.fit(CensoredData.right_censored(lives.exit, ~lives.ended), floc=0)
    fit = fit_weibull(lives)
    assert fit is not None
    # scipy stops searching some 1e-5 from the top; ours is never lower.
    assert (fit.shape.value, fit.scale.value) == pytest.approx((shape, scale), rel=2e-4)
    assert fit.log_likelihood >= log_likelihood(lives, shape, scale) - 1e-9


@pytest.mark.parametrize("seed", SEEDS)
def test_weibull_fit_of_truncated_lives_agrees_with_lifelines(seed: int) -> None:
    lives = random_lives(seed, truncated=True)
    theirs: Any = WeibullFitter().fit(lives.exit, lives.ended, entry=lives.entry)
    fit = fit_weibull(lives)
    assert fit is not None
    assert (fit.shape.value, fit.scale.value) == pytest.approx((theirs.rho_, theirs.lambda_), rel=2e-4)
    assert fit.log_likelihood == pytest.approx(theirs.log_likelihood_, abs=1e-6)
    assert fit.log_likelihood >= theirs.log_likelihood_ - 1e-9
    errors = theirs.summary["se(coef)"]
    shape_error = np.log(fit.shape.high / fit.shape.low) / 2 / 1.959963985 * fit.shape.value
    assert shape_error == pytest.approx(errors["rho_"], rel=1e-3)


def test_intervals_of_the_weibull_fit_hold_the_truth_as_often_as_they_say() -> None:
    held = []
    for seed in range(200):
        fit = fit_weibull(random_lives(seed, shape=2.0, scale=10.0, size=80, truncated=True))
        assert fit is not None
        held.append([fit.shape.low <= 2.0 <= fit.shape.high, fit.scale.low <= 10.0 <= fit.scale.high])
    assert np.mean(held, axis=0) == pytest.approx([0.95, 0.95], abs=0.04)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0.0, 50.0), st.floats(0.01, 50.0), st.booleans()),
        min_size=1,
        max_size=30,
    )
)
def test_a_curve_never_rises_and_lies_in_its_band(rows: list[tuple[float, float, bool]]) -> None:
    lives = lifetimes([entry + seen for entry, seen, _ in rows], [ended for *_, ended in rows], [r[0] for r in rows])
    curve = kaplan_meier(lives)
    assert np.all(np.diff(np.concatenate([[1.0], curve.survival])) <= 1e-12)
    inside = np.isfinite(curve.low) & np.isfinite(curve.high)
    assert np.all(curve.low[inside] <= curve.survival[inside] + 1e-12)
    assert np.all(curve.high[inside] >= curve.survival[inside] - 1e-12)
    assert np.all(curve.at_risk >= curve.ended)
    assert np.all(curve.survival[:-1] > 0.0)


def test_a_curve_begins_where_lives_under_observation_do_not_run_out() -> None:
    lives = lifetimes([2.0, 10.0, 12.0, 14.0], [True, True, False, True], [0.0, 5.0, 5.0, 6.0])
    curve = kaplan_meier(lives)
    assert curve.since == 5.0
    assert curve.survival.tolist() == pytest.approx([2 / 3, 0.0])


def test_a_curve_of_lives_that_were_all_seen_late_begins_at_the_first_sight() -> None:
    curve = kaplan_meier(lifetimes([9.0, 10.0, 12.0], [True, False, False], [4.0, 3.0, 5.0]))
    assert curve.since == 3.0


def test_too_few_ends_tell_no_weibull_fit() -> None:
    assert fit_weibull(lifetimes([1.0, 2.0, 3.0], [True, True, False])) is None
    assert fit_weibull(lifetimes([4.0, 4.0, 4.0, 4.0])) is None


@pytest.mark.parametrize(
    ("exits", "entries"), [([1.0], [1.0]), ([1.0], [-1.0]), ([float("nan")], [0.0]), ([1.0, 2.0], [0.0])]
)
def test_lives_that_were_never_at_risk_are_refused(exits: list[float], entries: list[float]) -> None:
    with pytest.raises(ValueError, match=r"exit|ages|life"):
        lifetimes(exits, entry_age=entries)


def log_likelihood(lives: Lifetimes, shape: float, scale: float) -> float:
    ended = weibull_min.logpdf(lives.exit[lives.ended], shape, scale=scale).sum()
    return float(ended + weibull_min.logsf(lives.exit[~lives.ended], shape, scale=scale).sum())
