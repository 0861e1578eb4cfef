"""Demand drawn: as many as lives and use make, later replacements included, less sure together than alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bench import demand as bench_demand
from bench.demand_fleet import DemandFleet
from gateway.analytics.batteries import WEEK_MS, BatterySeat, draw_batteries, replacements
from gateway.analytics.demand_draws import Cell, DemandSeat, Setting, drawn
from gateway.analytics.demand_inputs import busy_sd
from gateway.analytics.demand_scores import pinball, quantiles_of, scored
from gateway.analytics.practice import Life, Practice, life_grid, practice_of
from gateway.analytics.stock import cumulative, need_curve, stock_advice
from gateway.store.demand_rows import IssuedDemand
from gateway.wear.usage_rate import UsageRate

SETTING = Setting(first_weekday=0, busy_sd=0.0, seed=1)
STEADY = UsageRate(100_000.0, 1.0, 1.0)


def seat(number: int = 0, **changes: object) -> DemandSeat:
    made = DemandSeat(
        device_id=f"d-{number}", clinic_id="c-1", device_model="FM100", model="NZ18", strikes=0.0, wear=0.0,
        rated_strikes=1_000_000.0, remaining=None, lives=50, rate=STEADY, open_weekdays=(True,) * 7,
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def practice(*, life: float = 900_000.0, spread: float = 0.01, lives: int = 200, early: int = 0) -> Practice:
    rng = np.random.default_rng(2)
    strikes = life * np.exp(spread * rng.standard_normal(lives))
    known = [Life("NZ18", "FM100", float(x), 0.9, True, 9.0, "NZ18") for x in strikes]
    known += [Life("NZ18", "FM100", life / 5, 0.2, True, 2.0, "NZ18")] * early
    return practice_of(known, {"NZ18": 1_000_000.0})


def test_a_device_in_steady_use_needs_a_nozzle_for_every_life_in_the_quarter() -> None:
    counts = drawn([seat(number) for number in range(40)], practice(), SETTING)
    total = counts[Cell("c-1", "FM100", "NZ18")].sum(axis=0)
    # 100,000 strikes a day on 91 days, 900,000 a life: ten each, one less for a first life that just began.
    assert np.median(total) == pytest.approx(40 * 91 / 9, rel=0.06)


def test_closed_days_and_a_life_half_over_count_as_they_are() -> None:
    weekdays = (True,) * 5 + (False, False)
    one = seat(wear=0.45, strikes=450_000.0, open_weekdays=weekdays)
    weeks = drawn([one], practice(), SETTING)[Cell("c-1", "FM100", "NZ18")]
    first = np.argmax(weeks > 0, axis=0)
    assert set(np.unique(first)) <= {0, 1}
    assert (weeks.sum(axis=0) >= 6).mean() > 0.9


def test_the_forecast_of_the_nozzle_moves_its_replacement() -> None:
    soon = seat(wear=0.5, remaining=(20_000.0, 30_000.0, 50_000.0, 80_000.0, 100_000.0, 120_000.0, 150_000.0))
    late = seat(wear=0.5, remaining=tuple(3_000_000.0 + 10_000.0 * step for step in range(7)))
    slow = practice(life=5_000_000.0)
    weeks_soon = drawn([soon], slow, SETTING)[Cell("c-1", "FM100", "NZ18")]
    weeks_late = drawn([late], slow, SETTING)[Cell("c-1", "FM100", "NZ18")]
    assert weeks_soon[0].mean() > 0.95
    assert weeks_late[0].mean() < 0.1
    assert np.argmax(weeks_late.mean(axis=1)) in (2, 3, 4)


def test_nozzles_that_break_early_add_to_the_need() -> None:
    often = drawn([seat(number) for number in range(40)], practice(early=120), SETTING)
    never = drawn([seat(number) for number in range(40)], practice(), SETTING)
    cell = Cell("c-1", "FM100", "NZ18")
    assert often[cell].sum(axis=0).mean() > 1.1 * never[cell].sum(axis=0).mean()


def test_what_nobody_knows_of_the_whole_fleet_makes_totals_less_sure() -> None:
    seats = [seat(number) for number in range(100)]
    cell = Cell("c-1", "FM100", "NZ18")
    alone = drawn(seats, practice(), SETTING)[cell].sum(axis=0).std()
    shared = drawn(seats, practice(), SETTING._replace(busy_sd=0.1))[cell].sum(axis=0)
    assert shared.std() > 4 * alone
    assert shared.std() / shared.mean() == pytest.approx(0.1, rel=0.3)


def test_another_model_is_needed_where_another_followed_before() -> None:
    known = [Life("A", "FM100", 900_000.0, 0.9, True, 9.0, "B" if number % 2 else "A") for number in range(100)]
    known += [Life("B", "FM100", 900_000.0, 0.9, True, 9.0, "A" if number % 2 else "B") for number in range(100)]
    counts = drawn([seat(number, model="A") for number in range(50)], practice_of(known, {}), SETTING)
    a, b = (counts[Cell("c-1", "FM100", item)].sum() for item in "AB")
    assert 0.8 < a / b < 1.25


def test_the_same_day_draws_the_same() -> None:
    first, again = (drawn([seat(3), seat(1)], practice(), SETTING) for _ in range(2))
    assert {cell: number.tolist() for cell, number in first.items()} == {c: n.tolist() for c, n in again.items()}


def test_a_device_of_which_nothing_is_known_still_counts() -> None:
    bare = seat(strikes=None, wear=None, rated_strikes=None, model="(unknown)")
    counts = drawn([bare], practice_of([], {}), SETTING)
    assert all(number.shape == (13, 400) for number in counts.values())


def test_lives_are_known_the_better_the_more_have_ended() -> None:
    rng = np.random.default_rng(4)
    spreads = []
    for lives in (5, 500):
        use = 1e7 * np.exp(0.2 * rng.standard_normal(lives))
        grid = life_grid(use, np.ones(lives, dtype=bool), 9e6)
        mean = float(grid.weight @ grid.location)
        spreads.append(float(np.sqrt(grid.weight @ (grid.location - mean) ** 2)))
        assert mean == pytest.approx(np.log(1e7), abs=0.25)
    assert spreads[1] < 0.02 < spreads[0]


def test_lives_that_go_on_make_the_life_longer() -> None:
    use = np.full(40, 1e7)
    ended = np.arange(40) < 20
    whole, half = life_grid(use, np.ones(40, dtype=bool), 9e6), life_grid(use, ended, 9e6)
    assert half.weight @ half.location > whole.weight @ whole.location


def test_stock_covers_lead_time_and_review_at_the_service_level() -> None:
    rng = np.random.default_rng(1)
    counts = rng.poisson(7.0, (13, 400)).astype(float)
    curve = need_curve(counts, lead_days=14, service=0.95)
    advice = stock_advice(curve, on_hand=20, lead_days=14)
    assert 26 <= advice.reorder_point <= 32  # three weeks of 7, and 1.64 of 4.6
    assert advice.order_now == advice.order_up_to - 20
    assert advice.order_by_day in (0, 1, 2)
    assert advice.needed_by_arrival == pytest.approx(14, abs=1)
    plenty = stock_advice(curve, on_hand=60, lead_days=14)
    assert plenty.order_now == 0
    assert plenty.runs_out_day is not None
    assert plenty.order_by_day == plenty.runs_out_day - 14 > 20
    assert stock_advice(curve, on_hand=500, lead_days=14).order_by_day is None
    assert cumulative(counts, 91)[-1] == pytest.approx(counts.sum(axis=0))
    assert (np.diff(cumulative(counts, 150), axis=0) >= 0).all()


def test_batteries_fade_by_their_own_trend_and_are_needed_when_they_have_faded() -> None:
    def fading(device: str, health: float, loss: float) -> BatterySeat:
        history = tuple((week * WEEK_MS, health + loss * (20 - week)) for week in range(21))
        return BatterySeat(device, device, "FM200", health, history)

    seats = [fading("c-quick", 0.75, 0.02), fading("c-slow", 0.75, 0.0005), fading("c-gone", 0.6, 0.001)]
    counts = draw_batteries(seats, 0.7, weeks=13, scenarios=400, seed=1)
    by_clinic = {cell.clinic_id: number.sum(axis=0).mean() for cell, number in counts.items()}
    # Nobody has replaced the one that faded long ago: the others may wait as well.
    assert by_clinic["c-quick"] > 0.2
    assert by_clinic.get("c-slow", 0.0) < 0.1
    assert by_clinic["c-gone"] > 0.2
    swapped = {"d": ((0, 0.6), (WEEK_MS, 0.6), (2 * WEEK_MS, 0.98))}
    assert [(one.device_id, one.at_ms) for one in replacements(swapped)] == [("d", 2 * WEEK_MS)]


def test_scores_tell_the_forecast_from_the_same_again() -> None:
    issued = IssuedDemand(1, "North", "NZ18", 4, (8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0), before=5)
    known = scored(issued, 12)
    assert known.inside_80
    assert known.loss is not None
    assert known.naive_loss is not None
    assert known.loss < known.naive_loss == pytest.approx(7 * 0.5, rel=0.01)
    assert not scored(issued, 30).inside_80
    assert pinball((5.0,) * 7, 5) == 0.0
    assert quantiles_of(np.arange(100.0)) == (4.0, 9.0, 24.0, 49.0, 74.0, 89.0, 94.0)


def test_a_fleet_whose_use_goes_up_and_down_is_less_sure_of_its_next_quarter() -> None:
    steady, restless = [100.0] * 24, [100.0] * 8 + [130.0] * 8 + [95.0] * 8
    assert busy_sd(steady) < 0.03 < 0.1 < busy_sd(restless) < 0.31
    assert busy_sd([]) < 0.05


def test_forecasts_of_two_simulated_quarters_hold_and_beat_the_same_again() -> None:
    scores = bench_demand.run(DemandFleet(devices=40, clinics=4, seed=5), quarters=2, seed=5)
    quarters = [score for score in scores if score.what == "quarter, region and model"]
    losses = [(score.loss, score.naive_loss) for score in quarters if score.naive_loss is not None]
    assert len(losses) >= 16
    assert sum(loss for loss, _ in losses) < 0.8 * sum(naive for _, naive in losses)
    assert sum(score.inside for score in quarters) >= 0.6 * len(quarters)
