"""The closed forms against simulated first passages, and where floating point would give way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.wear.first_passage import first_passage_cdf, uncertain_passage_cdf
from gateway.wear.paths import Floats

PATHS = 100_000


def passages(rng: np.random.Generator, distance: Floats, drift: Floats, q: float) -> Floats:
    """Exact first passages of Wiener paths: inverse Gaussian where they come at all (Folks and Chhikara 1978)."""
    pace = np.maximum(np.abs(drift), 1e-12)
    away = np.maximum(distance, 1e-12)
    came = rng.wald(away / pace, away * away / q)
    never = (drift < 0.0) & (rng.random(drift.size) > np.exp(-2.0 * away * pace / q))
    return np.where(distance <= 0.0, 0.0, np.where(never, np.inf, came))


@pytest.mark.parametrize("q", [0.001, 0.02, 0.3])
@pytest.mark.parametrize("drift", [-0.2, 0.3, 1.0])
@pytest.mark.parametrize("drift_sd", [0.0, 0.1, 0.6])
def test_the_closed_form_is_within_four_standard_errors_of_simulated_paths(
    q: float, drift: float, drift_sd: float
) -> None:
    rng = np.random.default_rng([int(q * 1e4), int(drift * 10) + 5, int(drift_sd * 10)])
    drifts = drift + drift_sd * rng.standard_normal(PATHS)
    came = passages(rng, np.full(PATHS, 0.6), drifts, q)
    ahead = np.array([0.1, 0.3, 0.6, 1.0, 2.0, 6.0])
    said = first_passage_cdf(ahead, 0.6, drift, drift_sd**2, q)
    seen = (came[:, None] <= ahead).mean(axis=0)
    error = np.sqrt(np.maximum(said * (1.0 - said), 1e-5) / PATHS)
    assert np.all(np.abs(seen - said) <= 4.0 * error)


@pytest.mark.parametrize("correlation", [-0.7, 0.0, 0.4])
@pytest.mark.parametrize("wear_sd", [0.02, 0.1])
def test_wear_that_is_uncertain_together_with_the_drift_is_integrated_right(correlation: float, wear_sd: float) -> None:
    rng = np.random.default_rng([int(correlation * 10) + 10, int(wear_sd * 100)])
    drift_sd, q = 0.25, 0.01
    off = rng.standard_normal((2, PATHS))
    wear = 0.6 + wear_sd * off[0]
    drifts = 1.0 + drift_sd * (correlation * off[0] + np.sqrt(1.0 - correlation**2) * off[1])
    came = passages(rng, 1.0 - wear, drifts, q)
    ahead = np.array([0.1, 0.2, 0.3, 0.4, 0.6, 1.0, 2.0])
    said = uncertain_passage_cdf(ahead, 0.4, wear_sd**2, 1.0, drift_sd**2, correlation * wear_sd * drift_sd, q)
    error = np.sqrt(np.maximum(said * (1.0 - said), 1e-5) / PATHS)
    assert np.all(np.abs((came[:, None] <= ahead).mean(axis=0) - said) <= 4.0 * error)


def test_leaving_out_the_correlation_would_be_seen() -> None:
    ahead = np.array([0.45])
    with_it = uncertain_passage_cdf(ahead, 0.5, 0.01, 1.0, 0.06, -0.7 * 0.1 * 0.245, 0.001)
    without = uncertain_passage_cdf(ahead, 0.5, 0.01, 1.0, 0.06, 0.0, 0.001)
    assert abs(float(with_it[0] - without[0])) > 0.02


@given(
    ahead=st.floats(0.0, 1e6),
    distance=st.floats(-10.0, 1e4),
    drift=st.floats(-1e3, 1e3),
    drift_var=st.floats(0.0, 1e4),
    q=st.floats(0.0, 1e4),
)
def test_it_is_a_probability_whatever_it_is_given(
    ahead: float, distance: float, drift: float, drift_var: float, q: float
) -> None:
    value = float(first_passage_cdf(ahead, distance, drift, drift_var, q))
    assert 0.0 <= value <= 1.0


@given(drift=st.floats(-3.0, 3.0), drift_var=st.floats(0.0, 1.0), q=st.sampled_from([1e-9, 1e-6, 1e-3, 1.0]))
def test_more_use_is_never_less_likely_to_reach_the_limit(drift: float, drift_var: float, q: float) -> None:
    ahead = np.linspace(0.0, 5.0, 60)
    cdf = first_passage_cdf(ahead, 0.5, drift, drift_var, q)
    assert np.all(np.diff(cdf) >= -1e-9)


def test_hardly_any_noise_is_the_straight_line() -> None:
    cdf = first_passage_cdf(np.array([0.49, 0.51]), 0.5, 1.0, 0.0, 1e-9)
    assert cdf == pytest.approx([0.0, 1.0], abs=1e-12)


def test_nothing_ahead_is_nothing_and_a_passed_limit_is_certain() -> None:
    assert float(first_passage_cdf(0.0, 0.5, 1.0, 0.1, 1e-9)) == 0.0
    assert float(first_passage_cdf(0.0, -0.1, 1.0, 0.1, 1e-9)) == 1.0
    assert float(first_passage_cdf(3.0, 0.0, -1.0, 0.1, 1e-9)) == 1.0


def test_against_the_drift_most_paths_never_come() -> None:
    """P(ever) = exp(2 mu d / Q) for mu < 0."""
    assert float(first_passage_cdf(1e7, 0.5, -1.0, 0.0, 0.5)) == pytest.approx(np.exp(-2.0), rel=1e-6)
