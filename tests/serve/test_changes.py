"""Changes as they are followed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from schemas.access import Scope, Viewer
from schemas.views import FleetChange
from tests.serve.rig import CLINICS, MINUTE_MS, NOW_MS, Rig, message, sample

ADMIN = Viewer("admin", "admin")


async def soon(changes: AsyncGenerator[FleetChange, None]) -> FleetChange:
    async with asyncio.timeout(8):
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
        change = await soon(changes)
        assert change.devices[0].sessions is not None
        assert change.devices[0].sessions.total == 79


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
    assert await asyncio.wait_for(ending, 2) is None
    assert rig.services.parts.feed._followers == followers
