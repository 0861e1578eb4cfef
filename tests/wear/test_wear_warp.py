"""Paths, scales and frames: what makes fleets of any shape and measure comparable."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.wear.history import unit
from gateway.wear.paths import first_reach, monotone_path
from gateway.wear.warp import scale_from_cells, spent, two_way


def test_a_noisy_early_crossing_is_not_the_end_of_a_life() -> None:
    usage = np.arange(6.0)
    path = monotone_path(usage, np.array([0.0, 1.2, 0.6, 0.8, 1.0, 1.6]))
    life = first_reach(path, 1.1)
    assert life is not None
    assert 4.0 < life < 5.0


def test_readings_that_never_fall_are_left_as_they_are() -> None:
    path = monotone_path(np.arange(4.0), np.array([0.0, 1.0, 2.0, 5.0]))
    assert path.wear.tolist() == [0.0, 1.0, 2.0, 5.0]
    assert first_reach(path, 3.5) == pytest.approx(2.5)


@given(wear=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30))
def test_the_path_never_falls_and_ends_no_lower_than_the_last_reading(wear: list[float]) -> None:
    path = monotone_path(np.arange(float(len(wear))), np.array(wear))
    assert np.all(np.diff(path.wear) > 0.0)
    assert np.all(np.diff(path.usage) > 0.0)
    assert path.wear[-1] >= wear[-1] - 1e-6


def test_the_level_warp_makes_a_common_shape_straight() -> None:
    x = np.linspace(0.0, 2.0, 400)
    paths = [monotone_path(x, (x * speed) ** 3) for speed in (0.6, 1.0, 1.5)]
    edges = np.linspace(0.0, 1.0, 51)
    scale = scale_from_cells(edges, two_way(spent(paths, edges, by_level=True)), 1_000)
    levels = np.array([0.1, 0.3, 0.5, 0.8])
    assert scale.at(levels) == pytest.approx(levels ** (1 / 3), abs=0.01)


def test_units_taken_out_early_do_not_bend_the_warp() -> None:
    """Slow units that were taken out half way would, in a plain mean over those that got there."""
    x = np.linspace(0.0, 1.0, 400)
    whole, slow = [monotone_path(x * 2.0, x)] * 3, [monotone_path(x[:201] * 6.0, x[:201])] * 3
    edges = np.linspace(0.0, 1.0, 21)
    cells = two_way(spent([*whole, *slow], edges, by_level=True))
    assert cells == pytest.approx(np.ones(20), rel=1e-6)


def test_cells_that_nobody_covered_take_the_mean_of_the_others() -> None:
    cells = np.array([1.0, 3.0, np.nan, np.nan])
    scale = scale_from_cells(np.linspace(0.0, 1.0, 5), cells, 1_000_000)
    assert scale.at(np.array([0.25, 0.5, 0.75, 1.0])) == pytest.approx([0.125, 0.5, 0.75, 1.0], abs=1e-3)


def test_several_readings_at_one_use_are_their_mean() -> None:
    made = unit("n", [2.0, 1.0, 2.0], [4.0, 1.0, 6.0])
    assert made.usage.tolist() == [1.0, 2.0]
    assert made.wear.tolist() == [1.0, 5.0]
