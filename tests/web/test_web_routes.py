"""The pages over HTTP: who gets in, what hostile names do, what caches may keep."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from web_fleet import MANAGER, NOW_MS, MemoryFleet, alert_view, clinic_view, device_view, sample_fleet
from web_pages import MemoryPages
from web_server import Access, WebServer, web_app

from dashboards.web.board import BoardSource
from dashboards.web.live import LiveSource, Watching, live_stream
from dashboards.web.live_board import Boards
from dashboards.web.pages.asked import TableAsked, read_table_address
from dashboards.web.pages.rows import RowBook
from dashboards.web.strings import ENGLISH
from schemas.access import Scope, Viewer

HOSTILE = "<img src=x onerror=\"document.title='owned'\">"
TURNED = "\u202edevres txet"


@pytest.fixture(scope="module")
def served() -> Iterator[WebServer]:
    """Streams never end by themselves: they are read from a real server."""
    server = WebServer(sample_fleet(5))
    yield server
    server.stop()


def client_of(fleet: MemoryFleet, access: Access | None = None) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(web_app(fleet, access)), base_url="http://gateway.test")


async def test_a_stranger_is_led_to_the_sign_in_page_and_back() -> None:
    async with client_of(sample_fleet(3), Access(None)) as client:
        answer = await client.get("/?q=lyon&show=action")
        assert answer.status_code == 303
        assert answer.headers["location"] == "/login?next=%2F%3Fq%3Dlyon%26show%3Daction"
        page = await client.get(answer.headers["location"])
        assert 'name="next" value="/?q=lyon&amp;show=action"' in page.text
        assert (await client.get("/live")).status_code == 401
        assert (await client.get("/charts/sessions.json")).status_code == 401


@pytest.mark.parametrize(
    ("query", "words"),
    [("?error=1", ENGLISH.shell.sign_in_wrong), ("?error=throttled", ENGLISH.shell.sign_in_throttled)],
)
async def test_the_sign_in_page_says_why_it_failed(query: str, words: str) -> None:
    async with client_of(MemoryFleet(), Access(None)) as client:
        assert words in (await client.get(f"/login{query}")).text
        assert words not in (await client.get("/login")).text


async def test_whoever_is_signed_in_already_goes_on() -> None:
    async with client_of(MemoryFleet()) as client:
        assert (await client.get("/login?next=//evil.example")).headers["location"] == "/"


async def test_the_page_shows_every_device_and_every_alert() -> None:
    fleet = sample_fleet(60)
    async with client_of(fleet) as client:
        page = (await client.get("/")).text
    body = page.partition("<template")[0]
    assert len(re.findall(r'<tr role="row" data-id="SP-', body)) == 60
    assert body.count('<li class="action ') == len(fleet.alerts)
    assert len(re.findall(r'<li class="badge ', body)) == len(fleet.alerts)
    assert "3 critical" in body
    assert "no-store" in (await client_get_headers(fleet))["cache-control"]


async def client_get_headers(fleet: MemoryFleet) -> httpx.Headers:
    async with client_of(fleet) as client:
        return (await client.get("/")).headers


async def test_nothing_in_the_page_is_inline_script_or_style() -> None:
    async with client_of(sample_fleet(10)) as client:
        page = (await client.get("/")).text
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page)
    assert all("src=" in tag or "application/json" in tag for tag in re.findall(r"<script[^>]*>", page))


async def test_hostile_names_are_text() -> None:
    view = device_view(label=HOSTILE, serial=HOSTILE, lot="</script><script>alert(1)</script>")
    fleet = MemoryFleet(
        [view, device_view("SP-0002", label=TURNED)],
        [clinic_view(name=HOSTILE)],
        [alert_view(1, view, rule="battery_low", acknowledged_by=HOSTILE, summary=HOSTILE)],
    )
    async with client_of(fleet) as client:
        page = (await client.get("/")).text
    assert "<img src=x" not in page
    assert "<script>" not in page
    assert "&lt;img src=x" in page
    assert f'<bdi class="name">{TURNED}</bdi>' in page


async def test_a_viewer_sees_the_clinics_in_scope_alone() -> None:
    fleet = MemoryFleet([device_view("SP-1", clinic_id="a"), device_view("SP-2", clinic_id="b")])
    viewer = Viewer("clinic manager", "manager", Scope(clinics=frozenset({"a"})))
    async with client_of(fleet, Access(viewer)) as client:
        page = (await client.get("/")).text
        found = (await client.get("/?q=SP-2")).text
    assert "SP-1" in page
    assert "SP-2" not in page
    assert 'data-id="SP-2"' not in found


async def test_an_empty_fleet_says_what_to_do() -> None:
    async with client_of(MemoryFleet()) as client:
        page = (await client.get("/")).text
    assert ENGLISH.fleet.table_none in page
    assert ENGLISH.fleet.action_none in page
    assert "<table id=" not in page


async def test_a_lost_broker_is_said_at_the_top() -> None:
    fleet = sample_fleet(2)
    fleet.broker_connected = False
    async with client_of(fleet) as client:
        assert '<p class="notice" id="broker-lost" role="status">' in (await client.get("/")).text


async def test_static_files_are_kept_for_ever_under_their_hash_and_not_under_another() -> None:
    async with client_of(MemoryFleet()) as client:
        page = (await client.get("/")).text
        for path in set(re.findall(r"/static/[^\"]+", page)):
            answer = await client.get(path)
            assert answer.status_code == 200
            assert "immutable" in answer.headers["cache-control"]
        stale = await client.get("/static/000000000000/live.js")
        assert (stale.status_code, stale.headers["cache-control"]) == (200, "no-cache")
        assert (await client.get("/static/000000000000/passwd")).status_code == 404


@pytest.mark.parametrize("since", ["x", "-1", "9" * 400, "²", ""])
async def test_an_edition_that_is_none_gets_everything(served: WebServer, since: str) -> None:
    table = await first_table(served.url, since)
    assert len(table["rows"]) == 5  # type: ignore[arg-type]


async def first_table(url: str, since: str) -> dict[str, object]:
    """The first `table` of a stream that goes on for ever; within ten seconds."""
    async with (
        asyncio.timeout(60),
        httpx.AsyncClient(base_url=url) as client,
        client.stream("GET", "/live", params={"since": since}) as answer,
    ):
        async for line in answer.aiter_lines():
            if line.startswith('data: {"ids"'):
                told: dict[str, object] = json.loads(line.removeprefix("data: "))
                return told
    raise AssertionError("the stream ended without a table")


async def test_an_address_finds_sorts_and_pages_the_devices_without_a_script() -> None:
    fleet = sample_fleet(250)
    async with client_of(fleet) as client:
        first = (await client.get("/?sort=wear.desc")).text
        second = (await client.get("/?sort=wear.desc&page=2")).text
        found = (await client.get("/?q=kraków trolley&show=battery")).text
        beyond = (await client.get("/?page=99&q=graz")).text
    ids = shown_ids(first) + shown_ids(second)
    worn = [fleet.views[name].nozzle.wear for name in ids]  # type: ignore[union-attr]
    assert (len(ids), len(set(ids))) == (200, 200)
    assert worn == sorted(worn, key=lambda wear: (wear is None, -(wear or 0)))
    assert 'rel="next" href="?sort=wear.desc&amp;page=2"' in first
    assert "101 to 200 of 250" in second
    expected = {
        view.id
        for view in fleet.views.values()
        if view.online and view.power and view.power.source == "battery"
        and "Trolley" in view.label and view.clinic_id == "clinic-001"
    }  # fmt: skip
    assert set(shown_ids(found)) == expected
    assert shown_ids(beyond)


def shown_ids(page: str) -> list[str]:
    return re.findall(r'<tr role="row" data-id="(SP-\d+)"', page.partition("<template")[0])


async def test_a_thousand_devices_weigh_little() -> None:
    async with (
        client_of(sample_fleet(1_000)) as client,
        client.stream("GET", "/", headers={"Accept-Encoding": "gzip"}) as answer,
    ):
        weight = sum([len(part) async for part in answer.aiter_raw()])
    assert weight < 120_000


async def next_event(events: object) -> tuple[str, dict[str, object]]:
    text = (await asyncio.wait_for(anext(events), 5)).decode()  # type: ignore[call-overload]
    fields = dict(line.split(": ", 1) for line in text.strip().splitlines())
    return fields["event"], json.loads(fields["data"])


def stream_of(fleet: MemoryFleet, access: Access, beat_s: float = 15.0, query: str = "") -> AsyncIterator[bytes]:
    async def still_viewer() -> Viewer | None:
        return access.viewer

    asked = read_table_address(dict(httpx.QueryParams(query)))
    boards = Boards(BoardSource(fleet, MemoryPages(fleet), RowBook(NOW_MS)), 30.0)
    watching = Watching(MANAGER, asked, 0, still_viewer, beat_s)
    return live_stream(LiveSource(fleet, lambda: NOW_MS, "v"), boards.of(MANAGER, ENGLISH), watching)


async def test_a_stream_tells_what_changed_and_nothing_twice() -> None:
    fleet = sample_fleet(5)
    events = stream_of(fleet, Access())
    assert (await next_event(events))[0] == "hello"
    name, table = await next_event(events)
    assert name == "table"
    assert {"ids", "rows", "pager", "edition", "kpis", "actions", "chips"} <= set(table)
    fleet.push(device_view("SP-0001", clinic_id="clinic-000", wear=0.9))
    first = await change_after(events)
    assert {"rows", "kpis"} <= set(first)
    fleet.push(device_view("SP-0001", clinic_id="clinic-000", wear=0.9, total=7))
    assert set(await change_after(events)) == {"rows"}
    fleet.stop()
    with pytest.raises(StopAsyncIteration):
        await next_event(events)
    assert not fleet.followers


async def change_after(events: AsyncIterator[bytes]) -> dict[str, object]:
    """The next change of a device; what comes later of the outlook is passed over."""
    while True:
        name, told = await next_event(events)
        if name == "change" and "rows" in told:
            return told


async def test_a_stream_tells_nothing_of_rows_that_its_page_does_not_show() -> None:
    fleet = sample_fleet(5)
    events = stream_of(fleet, Access(), query="q=SP-0002")
    await next_event(events)
    assert (await next_event(events))[1]["ids"] == ["SP-0002"]
    fleet.push(device_view("SP-0001", clinic_id="clinic-000", total=8))
    fleet.push(device_view("SP-0002", clinic_id="clinic-001", total=9))
    rows = (await change_after(events))["rows"]
    assert [row[0] for row in rows] == ["SP-0002"]  # type: ignore[attr-defined]
    await events.aclose()  # type: ignore[attr-defined]


async def test_a_quiet_stream_beats_and_ends_when_its_viewer_signs_out() -> None:
    fleet, access = sample_fleet(2), Access()
    events = stream_of(fleet, access, beat_s=0.01)
    names = [(await next_event(events))[0] for _ in range(5)]
    assert (names[:2], "beat" in names) == (["hello", "table"], True)
    access.viewer = None
    while (await next_event(events))[0] != "bye":
        pass
    with pytest.raises(StopAsyncIteration):
        await next_event(events)


async def test_fifty_pages_follow_the_fleet_once_and_are_told_the_same() -> None:
    fleet = sample_fleet(40)
    boards = Boards(BoardSource(fleet, MemoryPages(fleet), RowBook(NOW_MS)), 30.0)

    async def still_viewer() -> Viewer | None:
        return MANAGER

    source, watching = LiveSource(fleet, lambda: NOW_MS, "v"), Watching(MANAGER, TableAsked(), 0, still_viewer)
    streams = [live_stream(source, boards.of(MANAGER, ENGLISH), watching) for _ in range(50)]
    for stream in streams:
        assert [(await next_event(stream))[0] for _ in range(2)] == ["hello", "table"]
    assert len(fleet.followers) == 1
    fleet.push(device_view("SP-0001", clinic_id="clinic-000", total=77))
    told = [await change_after(stream) for stream in streams]
    assert all(each["rows"] == told[0]["rows"] for each in told)
    fleet.stop()
    for stream in streams:
        assert [event async for event in stream if b"event: change" in event] == []
    assert not fleet.followers
