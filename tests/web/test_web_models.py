"""Views to page models: what is said, in which order, and what is sent again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from web_fleet import HOUR_MS, MANAGER, NOW_MS, MemoryFleet, alert_view, clinic_view, device_view, sample_fleet
from web_pages import MemoryPages

from dashboards.web.board import BoardSource, FleetBoard
from dashboards.web.lines import AlertLines
from dashboards.web.links import safe_next, sign_in_link
from dashboards.web.live import ChangeWriter
from dashboards.web.pages.actions import ActionLine
from dashboards.web.pages.asked import TableAsked
from dashboards.web.pages.kpis import kpis_of
from dashboards.web.pages.rows import DeviceRow, Place, RowBook, device_row, places_of
from dashboards.web.strings import CATALOGUES, ENGLISH, strings_for
from schemas.alert import RULES, SEVERITIES
from schemas.views import AlertView, DeviceView, FleetChange

ALL = TableAsked()
PARIS = Place("Clinic Lyon", "Europe/Paris")


def row_of(**values: object) -> DeviceRow:
    return device_row(device_view(**values), PARIS, ENGLISH)  # type: ignore[arg-type]


def test_a_row_says_everything_with_units() -> None:
    row = row_of(label="Room 2", wear=0.844, strikes=3_214_000, total=1_204)
    assert (row.name, row.note) == ("Room 2", "SP-0001 · SP-500 · stationary")
    assert row.nozzle_note == "MN-12 · lot L2641 · 3.2 M strikes"
    assert (row.wear_text, row.band_text, row.sessions_text) == ("84 %", "OK", "1,204")
    assert row.seen_title.endswith("CET")


def test_what_is_not_known_is_not_shown_as_a_number() -> None:
    view = device_view().model_copy(update={"power": None, "sessions": None, "nozzle": None, "last_seen_ms": None})
    row = device_row(view, PARIS, ENGLISH)
    assert (row.charge_text, row.sessions_text, row.wear_text, row.band_text) == ("", "", "", "")
    assert (row.power_text, row.nozzle, row.seen_title) == ("Unknown", "None fitted", "never heard")
    assert row_of(serial=None).nozzle == "Tag not readable"


def test_a_device_that_is_offline_is_not_shown_in_session() -> None:
    assert not row_of(online=False, active=True).in_session
    assert row_of(active=True).in_session


def test_a_bar_shows_what_is_past_the_limit_and_stays_within_its_frame() -> None:
    assert row_of(wear=1.0).wear_units == 80
    assert row_of(wear=9.0).wear_units == 100
    assert row_of(wear=None).wear_units is None


def lines_of(
    alerts: Sequence[AlertView], views: Mapping[str, DeviceView], places: Mapping[str, Place]
) -> tuple[ActionLine, ...]:
    lines = AlertLines(ENGLISH)
    lines.take(alerts, views, places)
    return lines.shown


def test_actions_come_most_severe_first_then_unacknowledged_then_longest_firing() -> None:
    view = device_view()
    alerts = [
        alert_view(1, view, rule="nozzle_due", severity="warning", since_ms=NOW_MS - 90 * HOUR_MS),
        alert_view(2, view, since_ms=NOW_MS - 9 * HOUR_MS, acknowledged_by="technician"),
        alert_view(3, view, since_ms=NOW_MS - 1 * HOUR_MS),
        alert_view(4, view, since_ms=NOW_MS - 2 * HOUR_MS),
        alert_view(5, view).model_copy(update={"state": "pending"}),
    ]
    lines = lines_of(alerts, {view.id: view.model_copy(update={"label": "Room 2"})}, {"lyon": PARIS})
    assert [line.id for line in lines] == [4, 3, 2, 1]
    assert lines[0].device == "Room 2"
    assert lines[0].clinic == "Clinic Lyon"
    assert lines[2].acknowledged == "Acknowledged by \u2068technician\u2069"


def test_an_alert_that_is_not_about_wear_tells_its_own_text() -> None:
    view = device_view()
    alert = alert_view(1, view, rule="battery_low", severity="warning", summary="charge 12 %, falling")
    (line,) = lines_of([alert], {}, {})
    assert (line.detail, line.wear_units, line.device, line.clinic) == ("charge 12 %, falling", None, "SP-0001", "lyon")


def test_segments_of_the_nozzle_bar_fill_it_and_name_every_band() -> None:
    fleet = sample_fleet(60)
    kpis = kpis_of(fleet.summed(MANAGER), ENGLISH)
    last = kpis.segments[-1]
    assert [segment.text for segment in kpis.segments] == ["OK", "Due", "Replace", "Unknown"]
    assert 98 < last.start_units + last.length_units <= 100
    assert all(0 <= segment.length_units <= 100 for segment in kpis.segments)
    empty = kpis_of(MemoryFleet().summed(MANAGER), ENGLISH)
    assert [segment.length_units for segment in empty.segments] == [0, 0, 0, 0]
    assert empty.online_note == ""


def test_every_catalogue_has_a_word_for_every_rule_and_severity() -> None:
    for strings in CATALOGUES.values():
        assert set(strings.fleet.rules) == set(strings.fleet.alert_badges) == set(RULES)
        assert set(strings.fleet.severities) == set(strings.fleet.action_counts) == set(SEVERITIES)


@pytest.mark.parametrize("header", [None, "", "en", "en-GB,en;q=0.9", "xx;q=1, en;q=0.1", "de;q=nonsense", ";;,,q="])
def test_a_reader_gets_the_best_language_there_is(header: str | None) -> None:
    assert strings_for(header) is ENGLISH


@pytest.mark.parametrize(
    "target",
    [None, "", "//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "/\t/evil", "/é"],
)
def test_after_signing_in_nobody_is_led_elsewhere(target: str | None) -> None:
    assert safe_next(target) == "/"


def test_a_deep_link_survives_signing_in() -> None:
    assert safe_next("/?q=lyon&sort=wear.desc") == "/?q=lyon&sort=wear.desc"
    assert sign_in_link("/login", "/?q=lyon") == "/login?next=%2F%3Fq%3Dlyon"
    assert sign_in_link("/login", "/") == "/login"


async def board_of(fleet: MemoryFleet, book: RowBook | None = None) -> FleetBoard:
    board = FleetBoard(BoardSource(fleet, MemoryPages(fleet), book or RowBook(NOW_MS)), MANAGER, ENGLISH)
    await board.fill(FleetChange(devices=(), summary=fleet.summed(MANAGER), alerts=tuple(fleet.alerts)))
    return board


def table_of(board: FleetBoard, since: int, asked: TableAsked = ALL) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(ChangeWriter(board, asked, lambda: NOW_MS).table(since))
    return told


async def test_a_table_has_only_the_rows_that_changed_since_an_edition() -> None:
    fleet, book = sample_fleet(20), RowBook(NOW_MS)
    board = await board_of(fleet, book)
    whole = table_of(board, 0)
    assert (len(whole["ids"]), len(whole["rows"])) == (20, 20)
    moved = fleet.views["SP-0003"].model_copy(update={"label": "Moved"})
    same = fleet.views["SP-0004"].model_copy()
    await board.take(FleetChange(devices=(moved, same), summary=fleet.summed(MANAGER), alerts=tuple(fleet.alerts)))
    since = table_of(board, whole["edition"])
    assert [row[0] for row in since["rows"]] == ["SP-0003"]
    assert sorted(since["ids"]) == sorted(whole["ids"])


@pytest.mark.parametrize("edition", [0, NOW_MS - 1, NOW_MS + 1_000_000])
async def test_an_edition_of_another_run_gets_everything(edition: int) -> None:
    assert len(table_of(await board_of(sample_fleet(5)), edition)["rows"]) == 5


async def test_a_page_is_told_of_its_own_rows_alone_and_of_a_new_order_once() -> None:
    fleet = sample_fleet(250)
    board = await board_of(fleet)
    writer = ChangeWriter(board, TableAsked(column="wear", way="desc"), lambda: NOW_MS)
    ids = json.loads(writer.table(0))["ids"]
    assert len(ids) == 100
    away = next(view for view in fleet.views.values() if view.id not in ids and view.nozzle and view.nozzle.serial)
    worse = device_view(away.id, clinic_id=away.clinic_id, wear=1.3)
    here = fleet.views[ids[5]].model_copy(update={"label": "Moved"})
    await board.take(FleetChange(devices=(worse, here), summary=fleet.summed(MANAGER), alerts=tuple(fleet.alerts)))
    assert [row[0] for row in json.loads(writer.change())["rows"]] == [here.id]
    order = json.loads(writer.order())
    assert (order["ids"][0], [row[0] for row in order["rows"]]) == (away.id, [away.id])
    assert writer.order() == ""


def test_a_view_that_was_formatted_is_not_formatted_again() -> None:
    book, view = RowBook(0), device_view()
    assert book.entry(view, PARIS, ENGLISH) is book.entry(view, PARIS, ENGLISH)
    assert book.entry(view.model_copy(), PARIS, ENGLISH) is book.entry(view, PARIS, ENGLISH)
    moved = book.entry(view, Place("Clinic Lyon West", "Europe/Paris"), ENGLISH)
    assert moved.row.clinic == "Clinic Lyon West"
    assert moved.edition > 1


def test_a_row_as_json_has_its_fields_in_order() -> None:
    entry = RowBook(0).entry(device_view(), PARIS, ENGLISH)
    told = DeviceRow._make(json.loads(entry.encoded))
    assert told._replace(badges=()) == entry.row


def test_a_clinic_without_a_name_goes_by_its_id() -> None:
    assert places_of([clinic_view("lyon", "")])["lyon"].name == "lyon"
