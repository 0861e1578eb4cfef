"""What reports count: replacements, costs, chances, use against the usual, alerts, forecasts."""

from __future__ import annotations

from datetime import date

import pytest

from dashboards.reports.judged_section import verdict
from dashboards.web.strings import ENGLISH
from gateway.serve.reports.judged import alert_facts, forecast_facts
from gateway.serve.reports.period import day_bounds, midnight_ms
from gateway.serve.reports.replacements import Old, cost_facts, moment_of, replacement_facts, swaps_of
from gateway.serve.reports.use import use_facts, usual_bounds
from gateway.serve.reports.wear import chance_until
from gateway.store.forecast_rows import IssuedForecast
from gateway.store.report_base import Firing, Use
from gateway.store.rows import LedgerRow
from schemas.report import ForecastFacts, Period

DAY_MS = 86_400_000
NOVEMBER = Period(midnight_ms(date(2026, 11, 1), "UTC"), midnight_ms(date(2026, 12, 1), "UTC"), "UTC")
PRICES = {"A": 100.0}


def fitted(day: int, serial: str, device: str = "d", action: str = "fitted") -> LedgerRow:
    return LedgerRow(device, "c", NOVEMBER.since_ms + day * DAY_MS, "b", day, action, serial, 0, "device")  # type: ignore[arg-type]


def issued(serial: str, day: int, *, came: float | None = None, inside: float | None = None) -> IssuedForecast:
    said = tuple(1e6 * n for n in (1, 2, 3, 4, 5, 6, 7))
    days = (5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 35.0)
    outcome = "crossed" if inside is not None else "censored" if came is not None else None
    return IssuedForecast(
        serial, day, day * DAY_MS, "model A", 1, 0, 0.5, said, None, days, None, outcome, came, inside, inside
    )


def test_only_a_new_nozzle_in_anothers_place_is_a_replacement() -> None:
    ledger = [fitted(1, "n1"), fitted(5, "n1", action="removed"), fitted(5, "n2"), fitted(6, "n1"), fitted(9, "n3")]
    elsewhere = [fitted(12, "n4", "e"), fitted(14, "n2", "e")]
    swaps = swaps_of([ledger, elsewhere])
    assert [(swap.old, swap.new) for swap in swaps] == [("n1", "n2"), ("n1", "n3")]


def test_replacements_are_told_by_the_wear_at_which_they_came() -> None:
    assert [moment_of(wear) for wear in (0.5, 0.8, 0.99, 1.0, None)] == [
        "early",
        "in_time",
        "in_time",
        "late",
        "unknown",
    ]
    swaps = swaps_of(
        [[fitted(1, "n1"), fitted(40, "n2"), fitted(41, "n3")], [fitted(2, "m1", "e"), fitted(9, "m2", "e")]]
    )
    found = replacement_facts(swaps, NOVEMBER, lambda _: Old("A", 1.2, "worn"), lambda _: "A", PRICES.get, str.upper)
    assert [(row.serial, row.clinic, row.moment, row.price) for row in found.rows] == [("m1", "C", "late", 100.0)]
    assert [(week.week, week.nozzles) for week in found.weeks] == [(date(2026, 11, 9), 1)]


def test_costs_say_what_has_no_price() -> None:
    swaps = swaps_of([[fitted(1, "n1"), fitted(3, "A1"), fitted(5, "B1"), fitted(7, "A2")]])
    found = cost_facts(swaps, NOVEMBER, NOVEMBER.until_ms, lambda serial: serial[0], PRICES.get, {"c": "Graz"})
    (row,) = found.rows
    assert (row.clinic, row.quarter, row.nozzles, row.cost, row.unpriced) == ("Graz", "2026-Q4", 3, 200.0, 1)
    assert found.unpriced_models == ("B",)
    assert found.quarters == ("2026-Q4",)


def test_the_chance_rises_with_the_days_from_none_to_certain() -> None:
    forecast = issued("n", 100)
    at = [chance_until(forecast, (100 + days) * DAY_MS) for days in (0, 10, 20, 30, 60)]
    assert at[0] == pytest.approx(0.0, abs=1e-6)
    assert at[1:4] == pytest.approx([0.1, 0.5, 0.9])
    assert at[4] == 1.0


def test_the_usual_is_the_mean_of_the_same_weekday_and_unknown_before_two_weeks() -> None:
    start_ms, first_ms = NOVEMBER.since_ms, NOVEMBER.since_ms - 20 * DAY_MS
    assert (NOVEMBER.since_ms - usual_bounds(NOVEMBER, first_ms)[0]) // DAY_MS == 14
    assert len(usual_bounds(NOVEMBER, first_ms - 90 * DAY_MS)) == 57
    before = usual_bounds(NOVEMBER, first_ms)
    past = [Use("c", ms, 10, 100, 0, 0) for ms in before[:-1]]
    period = [Use("c", ms, 12, 100, 0, 5) for ms in day_bounds(start_ms, NOVEMBER.until_ms, "UTC")[:-1]]
    used = [Use("d", start_ms, 360, 3_000, 0, 150)]
    known = use_facts(NOVEMBER, period, past, before, used, {"d": "c", "e": "c"}, {"c": "Graz"}, first_ms)
    assert (known.sessions, known.usual, known.usual_days, known.known_from) == (360, 300.0, 14, None)
    assert (known.clinics[0].used, known.clinics[0].devices, known.clinics[0].usual) == (1, 2, 300.0)
    late_ms = NOVEMBER.since_ms + 3 * DAY_MS
    unknown = use_facts(NOVEMBER, period, [], [start_ms], used, {"d": "c"}, {"c": "Graz"}, late_ms)
    assert (unknown.usual, unknown.known_from, len(unknown.days)) == (None, date(2026, 11, 4), 27)


def test_an_acknowledgement_counts_for_the_time_in_which_it_was_given() -> None:
    at = NOVEMBER.since_ms
    firings = [
        Firing("nozzle_due", "n1", "c", "d", "warning", at, at + 10_000, 900 + at + 20_000),
        Firing("nozzle_due", "n1", "c", "d", "warning", at + 20_000, at + 90_000, 900 + at + 20_000),
        Firing("battery_low", "d", "c", "d", "critical", at + 30_000, None, None),
    ]
    found = alert_facts(firings, NOVEMBER)
    assert [(rule.rule, rule.fired, rule.acknowledged, rule.acknowledge_ms) for rule in found.rules] == [
        ("battery_low", 1, 0, None),
        ("nozzle_due", 2, 1, 900),
    ]
    assert found.rules[1].resolve_ms == 40_000
    assert (found.fired, found.acknowledged) == (3, 1)


def test_forecasts_are_counted_all_and_shown_one_a_nozzle() -> None:
    settled = [issued("n1", day, came=4e6, inside=1.0) for day in (1, 2, 3)]
    settled += [issued("n2", 1, came=9e6, inside=0.0), issued("n3", 1, came=1e6)]
    found = forecast_facts(settled)
    assert (found.scored, found.inside, found.nozzles, found.censored) == (4, 0.75, 2, 1)
    assert [(check.serial, check.inside) for check in found.checks] == [("n1", True), ("n2", False)]


@pytest.mark.parametrize(
    ("inside", "nozzles", "word"),
    [(0.8, 40, "forecast_right"), (0.6, 40, "forecast_narrow"), (0.97, 40, "forecast_wide"), (0.2, 5, "forecast_few")],
)
def test_coverage_is_judged_by_how_many_nozzles_it_rests_on(inside: float, nozzles: int, word: str) -> None:
    assert verdict(ForecastFacts(400, inside, nozzles, 0, ()), ENGLISH) == getattr(ENGLISH.report, word)
