"""A gateway on which every rule fires, with orders that were claimed and confirmed, and silences."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from every_alert import every_alert
from work_server import work_rig

from gateway.serve.work_shapes import ClaimBody, NoteBody
from gateway.store.service_rows import AlertChange
from schemas.access import Scope, Viewer
from tests.serve.rig import CLINICS, NOW_MS, Rig, message, sample

MANAGER: Final = Viewer("mara", "admin", Scope())


@asynccontextmanager
async def busy(directory: Path) -> AsyncIterator[Rig]:
    """The gateway, without a server."""
    async with work_rig(directory) as rig:
        await make_busy(rig)
        yield rig


async def make_busy(rig: Rig) -> None:
    """Lets every rule fire on a gateway as `work_rig` makes it."""
    work = rig.services.parts.work
    assert work is not None
    await work.desk.evaluate([state.device_id for state in rig.services.parts.fleet.devices()])
    alerts = [
        alert
        for alert in every_alert(CLINICS[0], "d-one", NOW_MS)
        if rig.engine.of(alert.subject).get(alert.rule) is None
    ]
    await rig.store.apply_alerts([AlertChange(alert, None, NOW_MS, "opened") for alert in alerts], 1)
    await rig.engine.restore()
    await work.desk.restore()
    for fields in (
        {"clinic": CLINICS[1], "comment": "part is ordered"},
        {"device": "d-two", "kind": "maintenance"},
    ):
        assert await rig.services.work_pages.add_silence(MANAGER, fields) == ()
    await acted(rig)


async def acted(rig: Rig) -> None:
    """One order claimed and noted; one confirmed by the device, and opened again by the old nozzle."""
    work = rig.services.parts.work
    assert work is not None
    of = {order.subject: order.order_id for order in work.desk.live()}
    await rig.services.work_acts.claim(MANAGER, of["n-one"], ClaimBody(reason="worn"))
    await rig.services.work_acts.note(MANAGER, of["n-one"], NoteBody(text="part is ordered"))
    for number, (serial, coating) in enumerate((("n-five", 0.97), ("n-four", 0.02))):
        at_ms = NOW_MS - 50_000 + 20_000 * number
        swap = {
            "boot_id": "b1",
            "seq": 10 + 2 * number,
            "ts_ms": at_ms,
            "event": "fitted",
            "serial": serial,
            "strikes": 9,
        }
        await rig.take(
            message(CLINICS[1], "d-four", "nozzle", swap),
            message(
                CLINICS[1], "d-four", "telemetry", sample(11 + 2 * number, at_ms + 5_000, serial, coating, "battery")
            ),
        )
        await work.desk.evaluate(["d-four"])
    history = await rig.store.order_history(of["n-four"])
    assert {row.act for row in history} >= {"opened", "confirmed"}, history
