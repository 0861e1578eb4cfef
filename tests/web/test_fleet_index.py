"""The index of devices: kept up to date piece by piece, it finds what going through the whole fleet would find."""

from __future__ import annotations

from datetime import date
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from web_fleet import device_view, sample_fleet

from dashboards.web.fleet_index import FleetIndex
from dashboards.web.pages.asked import COLUMNS, FILTERS, PAGE_ROWS, TableAsked, read_table_address, table_address
from dashboards.web.pages.facts import Facts, facts_of, folded, natural_key, passes
from dashboards.web.pages.rows import Badge, Place, places_of
from dashboards.web.strings import ENGLISH
from schemas.views import ForecastView

PLACE = Place("Clinic Lyon", "Europe/Paris")
TODAY = date(2026, 11, 22).toordinal()

asked_of = st.builds(
    TableAsked,
    search=st.sampled_from(["", "lyon", "room 2", "n-1", "replace"]),
    show=st.lists(st.sampled_from(FILTERS), max_size=2, unique=True).map(tuple),
    column=st.sampled_from(COLUMNS),
    way=st.sampled_from(["asc", "desc"]),
)
replace_by_of = st.none() | st.integers(-9, 40).map(lambda days: date.fromordinal(TODAY + days).isoformat())


@st.composite
def facts_drawn(draw: st.DrawFn) -> Facts:
    view = device_view(
        f"SP-{draw(st.integers(0, 12))}",
        label=draw(st.sampled_from(["", "Room 2", "Room 10", "Röntgen 1"])),
        online=draw(st.booleans()),
        source=draw(st.sampled_from(["mains", "battery"])),
        active=draw(st.booleans()),
        total=draw(st.none() | st.integers(0, 9)),
        serial=draw(st.none() | st.sampled_from(["N-1", "N-12", "N-2"])),
        wear=draw(st.none() | st.floats(0, 1.5)),
        last_seen_ms=draw(st.none() | st.integers(0, 9)),
    )
    forecast = ForecastView(remaining_sessions=None, remaining_days=None, replace_by=draw(replace_by_of))
    badges = draw(st.lists(st.just(Badge("warning", "Warning", "Replace", "")), max_size=2))
    return facts_of(view.model_copy(update={"forecast": forecast}), PLACE, badges, ENGLISH)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(facts_drawn(), st.booleans()), max_size=40), asked_of)
def test_an_index_that_was_changed_in_place_finds_what_a_new_one_finds(
    steps: list[tuple[Facts, bool]], asked: TableAsked
) -> None:
    index, held = FleetIndex(), {}
    index.find(asked, TODAY)
    for facts, leaves in steps:
        index.put(facts)
        held[facts.id] = facts
        if leaves:
            index.drop(facts.id)
            del held[facts.id]
    anew = FleetIndex()
    for facts in held.values():
        anew.put(facts)
    found = index.find(asked, TODAY)
    assert found == anew.find(asked, TODAY)
    needles = folded(asked.search).split()
    matching = {
        facts.id
        for facts in held.values()
        if passes(facts, asked.show, TODAY) and all(needle in facts.haystack for needle in needles)
    }
    assert set(found.ids) == matching
    keys = [held[name].keys[asked.column] for name in found.ids]
    known = [key for key in keys if key is not None]
    assert keys[: len(known)] == known == sorted(known, reverse=asked.way == "desc")  # type: ignore[type-var]
    by_filter = {name: sum(passes(facts, (name,), TODAY) for facts in held.values()) for name in FILTERS}
    assert index.counts(TODAY) == by_filter


@given(asked_of, st.integers(1, 999))
def test_an_address_asks_for_what_it_was_made_from(asked: TableAsked, page: int) -> None:
    ordered = TableAsked(
        asked.search, tuple(name for name in FILTERS if name in asked.show), asked.column, asked.way, page
    )
    query = table_address(ordered).removeprefix("?").replace("+", " ")
    assert read_table_address(dict(part.split("=", 1) for part in query.split("&") if part)) == ordered


@pytest.mark.parametrize("page", ["", "0", "-1", "x", "²", "9" * 40])
def test_a_page_that_is_none_is_the_first(page: str) -> None:
    assert read_table_address({"page": page, "sort": "nothing.up", "show": "all,sudo"}) == TableAsked()


def test_rooms_are_in_the_order_of_their_numbers_and_accents_do_not_matter() -> None:
    rooms = ["Room 10", "room 2", "Äther 3", "Ather 20", "Room 2b"]
    assert sorted(rooms, key=natural_key) == ["Äther 3", "Ather 20", "room 2", "Room 2b", "Room 10"]
    assert folded("MALMÖ") == "malmo"


def test_equal_rows_stay_in_one_order_whatever_changes_around_them() -> None:
    index = FleetIndex()
    views = [device_view(f"SP-{number}", wear=0.5) for number in range(30)]
    for view in views:
        index.put(facts_of(view, PLACE, (), ENGLISH))
    before = index.find(TableAsked(column="wear", way="desc"), TODAY).ids
    for view in reversed(views):
        index.put(facts_of(view.model_copy(update={"last_seen_ms": 7}), PLACE, (), ENGLISH))
    assert index.find(TableAsked(column="wear", way="desc"), TODAY).ids == before == tuple(f"SP-{n}" for n in range(30))


def test_ten_thousand_devices_are_found_and_sorted_at_once() -> None:
    fleet, index = sample_fleet(10_000, clinics=500), FleetIndex()
    places = places_of(fleet.clinic_views)
    for view in fleet.views.values():
        index.put(facts_of(view, places[view.clinic_id], (), ENGLISH))
    for asked in (TableAsked(column="wear", way="desc"), TableAsked(search="graz trolley", show=("battery",))):
        started_s = process_time()
        found = index.find(asked, TODAY)
        assert process_time() - started_s < 1.0
        assert len(found.ids) == min(PAGE_ROWS, found.matched)
