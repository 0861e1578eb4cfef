"""What came, held against what was forecast."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.forecasting.board import Remaining
from gateway.forecasting.scoring import crossed, scored, taken_off
from gateway.store.forecast_rows import IssuedForecast

SAID = IssuedForecast(
    "n", 1, 1, "lot a", 1, 1_000, 0.5, (50.0, 100.0, 200.0, 400.0, 700.0, 900.0, 1_000.0), None, None, None
)
SHARP = Remaining(80.0, 85.0, 90.0, 100.0, 110.0, 115.0, 120.0)


@pytest.mark.parametrize(
    ("left", "pit", "inside"), [(400, 0.5, 1.0), (100, 0.1, 1.0), (99, 0.099, 0.0), (901, 0.9, 0.0)]
)
def test_a_crossing_says_where_in_the_forecast_it_fell(left: int, pit: float, inside: float) -> None:
    (found,) = scored([SAID], crossed(1_000 + left), 7)
    assert (found.outcome, found.came_strikes, found.inside_80, found.scored_ms) == ("crossed", left, inside, 7)
    assert found.pit == pytest.approx(pit, abs=0.002)


def test_a_life_far_beyond_the_forecast_has_all_of_it_behind() -> None:
    (found,) = scored([SAID], crossed(9_000), 7)
    assert (found.pit, found.inside_80) == (1.0, 0.0)


def test_a_nozzle_taken_off_nearly_worn_counts_by_its_last_forecast() -> None:
    (found,) = scored([SAID], taken_off(1_300, 0.93, SHARP), 7)
    assert found.outcome == "worn"
    assert found.came_strikes == pytest.approx(400)
    assert found.pit == pytest.approx(0.5, abs=0.02)
    assert found.inside_80 == pytest.approx(1.0)


@pytest.mark.parametrize(("wear", "last"), [(0.4, SHARP), (0.93, None)])
def test_a_nozzle_taken_off_early_only_says_that_it_lasted_so_long(wear: float, last: Remaining | None) -> None:
    (found,) = scored([SAID], taken_off(1_300, wear, last), 7)
    assert (found.outcome, found.came_strikes, found.pit, found.inside_80) == ("censored", 300, None, None)


def test_a_forecast_is_not_held_against_itself() -> None:
    (found,) = scored([SAID], taken_off(1_000, 0.93, Remaining(*SAID.remaining_strikes)), 7)
    assert found.outcome == "censored"


def test_what_is_settled_stays_unless_the_nozzle_went_on_to_cross_the_limit() -> None:
    settled = replace(SAID, outcome="censored")
    assert scored([settled], taken_off(1_300, 0.93, SHARP), 7) == []
    assert scored([settled], crossed(1_400), 7)[0].outcome == "crossed"
    assert scored([replace(SAID, outcome="crossed")], crossed(1_400), 7) == []
