"""Changes as they are followed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from gateway.serve.summary import tally
from schemas.access import Scope, Viewer
from schemas.views import FleetChange
from tests.serve.rig import CLINICS, MINUTE_MS, NOW_MS, Rig, message, sample

ADMIN = Viewer("admin", "admin")


async def soon(changes: AsyncGenerator[FleetChange, None]) -> FleetChange:
    async with asyncio.timeout(60):
        return await anext(changes)


async def test_a_change_tells_what_changed_and_how_all_stands(rig: Rig) -> None:
    async with aclosing(rig.services.reader.changes(ADMIN)) as changes:
        beginning = await soon(changes)
        assert (beginning.devices, beginning.summary.devices, len(beginning.alerts)) == ((), 3, 1)
        await rig.take(message(CLINICS[0], "d-two", "telemetry", sample(8, NOW_MS, "n-two", 0.9)))
        change = await soon(changes)
        assert [(device.id, device.sessions and device.sessions.total) for device in change.devices] == [("d-two", 48)]


async def test_many_commits_come_as_few_changes(rig: Rig) -> None:
    async with aclosing(rig.services.reader.changes(ADMIN)) as changes:
        await soon(changes)
        for seq in range(10, 40):
            await rig.take(message(CLINICS[0], "d-two", "telemetry", sample(seq, NOW_MS, "n-two", 0.9)))
        totals = [0]
        while totals[-1] != 79:
            told = (await soon(changes)).devices[0].sessions
            assert told is not None
            totals.append(told.total or 0)
        assert len(totals) < 6


async def test_a_slow_reader_gets_one_larger_change_and_all_viewers_share_one_follower(rig: Rig) -> None:
    before = len(rig.services.parts.feed._followers)
    async with (
        aclosing(rig.services.reader.changes(ADMIN)) as slow,
        aclosing(rig.services.reader.changes(ADMIN)) as fast,
    ):
        await soon(slow)
        await soon(fast)
        assert len(rig.services.parts.feed._followers) == before + 1
        for device in ("d-one", "d-two"):
            await rig.take(message(CLINICS[0], device, "telemetry", sample(8, NOW_MS, None, 0.9)))
            assert [view.id for view in (await soon(fast)).devices] == [device]
        assert {view.id for view in (await soon(slow)).devices} == {"d-one", "d-two"}


async def test_the_running_summary_is_the_one_that_is_counted_anew(rig: Rig) -> None:
    assert (await rig.services.reader.summary(ADMIN)).devices == 3
    await rig.take(message(CLINICS[0], "d-two", "telemetry", sample(8, NOW_MS, "n-one", 0.9, "battery")))
    rig.clock.advance(20 * MINUTE_MS)
    later_ms = NOW_MS + 20 * MINUTE_MS
    await rig.take(message(CLINICS[1], "d-three", "telemetry", sample(8, later_ms, None, None), later_ms))
    rig.clock.advance(16 * MINUTE_MS)
    counted = tally(rig.services.reader.devices(ADMIN))
    summary = await rig.services.reader.summary(ADMIN)
    assert (summary.online, summary.offline) == (1, 2)
    assert counted._asdict().items() <= summary.model_dump().items()


async def test_a_viewer_is_told_nothing_of_what_is_out_of_scope(rig: Rig) -> None:
    south = Viewer("south", "vendor", Scope(clinics=frozenset({CLINICS[1]})))
    async with aclosing(rig.services.reader.changes(south)) as changes:
        await soon(changes)
        await rig.take(message(CLINICS[0], "d-one", "telemetry", sample(8, NOW_MS, "n-one", 0.04)))
        await rig.take(message(CLINICS[1], "d-three", "telemetry", sample(8, NOW_MS, "n-three", 0.5)))
        change = await soon(changes)
        assert [device.id for device in change.devices] == ["d-three"]
        assert CLINICS[1] not in change.model_dump_json()


async def test_an_alert_that_changes_without_a_commit_is_told(rig: Rig) -> None:
    async with aclosing(rig.services.reader.changes(ADMIN)) as changes:
        await soon(changes)
        async with await rig.client_of("manager") as client:
            await client.post("/api/v1/alerts/1/acknowledge")
        change = await soon(changes)
        assert change.alerts[0].acknowledged_by == "token:manager-0"


async def test_a_device_that_falls_silent_is_told(rig: Rig) -> None:
    async with aclosing(rig.services.reader.changes(ADMIN)) as changes:
        await soon(changes)
        rig.clock.advance(36 * MINUTE_MS)
        stale = await soon(changes)
        assert [alert.stale for alert in stale.alerts] == [True]
        change = stale if stale.devices else await soon(changes)
        assert {device.id: device.online for device in change.devices} == {
            "d-one": False, "d-two": False, "d-three": False,
        }  # fmt: skip


async def test_changes_end_when_the_gateway_stops_and_leave_no_follower(rig: Rig) -> None:
    followers = set(rig.services.parts.feed._followers)
    changes = rig.services.reader.changes(ADMIN)
    await soon(changes)
    ending = asyncio.ensure_future(anext(changes, None))
    await asyncio.sleep(0)
    rig.stop.set()
    assert await asyncio.wait_for(ending, 60) is None
    assert rig.services.parts.feed._followers == followers
