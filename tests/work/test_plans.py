"""Visits, spares, the table of transitions and iCalendar: pure, so every case can be tried."""

from __future__ import annotations

from datetime import date
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ConflictError
from gateway.work.due import DAY_MS, DueItem, pace_of
from gateway.work.icalendar import DayEvent, calendar, escaped, folded
from gateway.work.orders import TABLE, Asked, Claimed, Closed, Event, Fitted, Raised, Replaced, opened, step
from gateway.work.spares import Demand, outlook
from gateway.work.visits import plan_visits, trips_cost
from schemas.alert import Alert
from schemas.work import ORDER_STATES, WorkOrder
from tests.serve.rig import NOW_MS

DOCS = Path(__file__).parents[2] / "docs" / "work.md"


def item(day: float, waste: float = 1.0, clinic: str = "c-1", part: str | None = "M") -> DueItem:
    return DueItem(clinic, "d-1", "nozzle", f"N{day}", part, NOW_MS + round(day * DAY_MS), waste, None)


def alert(fired_ms: int = NOW_MS, rule: str = "nozzle_due", severity: str = "warning") -> Alert:
    return Alert(
        1, rule, "N1", "c-1", "d-1", severity, "firing", 0.9, "due",  # type: ignore[arg-type]
        fired_ms, fired_ms, None, None, fired_ms,
    )  # fmt: skip


EVENTS: dict[str, Event] = {
    "raised": Raised("nozzle", alert(NOW_MS + 10)),
    "fitted": Fitted("c-2", "d-2", NOW_MS + 10),
    "replaced": Replaced(NOW_MS + 10, "N2", "seen"),
    "asked": Asked("nozzle", "N1", "c-1", "d-1", "kim", NOW_MS + 10, "bent"),
    "claimed": Claimed("kim", "worn", NOW_MS + 10),
    "closed": Closed("kim", "gone", NOW_MS + 10),
}


def in_state(state: str) -> WorkOrder:
    order = opened(Raised("nozzle", alert())).order
    path = {"open": [], "claimed": ["claimed"], "confirmed": ["replaced"], "closed": ["closed"]}
    for kind in path[state]:
        made = step(order, EVENTS[kind]._replace(at_ms=NOW_MS + 1))  # type: ignore[union-attr, call-arg]
        assert made is not None
        order = made.order
    return order


def told(state: str, kind: str) -> str:
    try:
        made = step(in_state(state), EVENTS[kind])
    except ConflictError:
        return "refused"
    return "nothing" if made is None else made.order.state


def test_the_documentation_has_the_table_of_transitions() -> None:
    text = DOCS.read_text()
    for state in ORDER_STATES:
        row = " | ".join([f"| {state}", *(told(state, kind) for kind in EVENTS)]) + " |"
        assert row in text, row
    assert set(TABLE) == {(state, kind) for state in ORDER_STATES for kind in EVENTS}


@pytest.mark.parametrize("state", ORDER_STATES)
@pytest.mark.parametrize("kind", ["raised", "fitted", "replaced"])
def test_what_is_seen_twice_changes_nothing_the_second_time(state: str, kind: str) -> None:
    made = step(in_state(state), EVENTS[kind])
    if made is not None:
        assert step(made.order, EVENTS[kind]) is None


@given(
    days=st.lists(st.tuples(st.floats(-5, 60), st.floats(0, 5)), min_size=1, max_size=7),
    trip_cost=st.floats(0, 50),
)
def test_the_trips_are_the_cheapest_of_all(days: list[tuple[float, float]], trip_cost: float) -> None:
    items = sorted((item(day, waste) for day, waste in days), key=lambda one: (one.due_ms, one.subject))
    trips = [visit.items for visit in plan_visits(items, trip_cost, NOW_MS)]
    assert sorted(one for trip in trips for one in trip) == sorted(items)
    cost = trips_cost(trips, trip_cost, NOW_MS)
    for number in range(len(items)):
        for cuts in combinations(range(1, len(items)), number):
            places = [0, *cuts, len(items)]
            other = [items[start:end] for start, end in pairwise(places)]
            assert cost <= trips_cost(other, trip_cost, NOW_MS) + 1e-6


def test_a_trip_takes_along_what_is_cheaper_early_than_by_another_trip() -> None:
    one_trip = plan_visits([item(0), item(10), item(3, clinic="c-2", part=None)], 20.0, NOW_MS)
    assert [(visit.clinic_id, len(visit.items)) for visit in one_trip] == [("c-1", 2), ("c-2", 1)]
    assert one_trip[0].parts == (("M", 2),)
    assert one_trip[1].unknown_parts == 1
    assert len(plan_visits([item(0), item(10)], 5.0, NOW_MS)) == 2
    assert len(plan_visits([item(-4), item(-1)], 0.0, NOW_MS)[0].items) == 2


def test_spares_run_out_at_the_first_need_that_they_do_not_cover() -> None:
    def day(number: float) -> int:
        return NOW_MS + round(number * DAY_MS)

    demand = Demand([day(-2), day(5), day(20)], a_day=0.1)
    seen = outlook(2, 14, demand, NOW_MS)
    assert (seen.runs_out_ms, seen.order_by_ms, seen.low, seen.needed) == (day(20), day(6), False, 2)
    assert outlook(1, 14, demand, NOW_MS).low
    assert outlook(3, 14, demand, NOW_MS).runs_out_ms == day(30)
    assert outlook(0, 0, Demand([], 0.0), NOW_MS) == (0, None, None, False)


def test_a_pace_needs_enough_of_a_life() -> None:
    assert pace_of(0.5, NOW_MS, NOW_MS + 30 * DAY_MS) == (60.0, NOW_MS + 60 * DAY_MS)
    assert pace_of(0.05, NOW_MS, NOW_MS + 30 * DAY_MS).due_ms is None
    assert pace_of(None, NOW_MS, NOW_MS + 30 * DAY_MS).due_ms is None


@given(st.text())
def test_calendar_lines_are_short_whole_and_safe(text: str) -> None:
    event = DayEvent("v-1@x", date(2026, 2, 28), text, text, text, None, NOW_MS)
    whole = calendar("visits", [event], "en")
    assert whole.endswith("END:VCALENDAR\r\n")
    lines = whole.removesuffix("\r\n").split("\r\n")
    assert all(len(line.encode()) <= 75 and "\n" not in line and "\r" not in line for line in lines)
    unfolded = whole.replace("\r\n ", "").split("\r\n")
    assert sum(line.startswith(("SUMMARY", "BEGIN:VEVENT", "DTEND;VALUE=DATE:20260301")) for line in unfolded) == 3
    assert f"SUMMARY:{escaped(text)}" in unfolded
    assert folded("ü" * 100).replace("\r\n ", "") == "ü" * 100


def test_text_is_escaped() -> None:
    assert escaped("a;b,c\\d\r\ne\x00\x07") == "a\\;b\\,c\\\\d\\ne"
