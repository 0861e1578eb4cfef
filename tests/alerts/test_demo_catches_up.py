"""The demo's page is opened when its alerts are of today: not before the engine has gone through the history."""

from __future__ import annotations

import asyncio
from pathlib import Path

from gateway.demo import alerts_catch_up
from tests.serve.rig import fill, opened_rig


async def test_the_demo_waits_as_long_as_its_alerts_go_through_the_history(tmp_path: Path) -> None:
    rig = await opened_rig(tmp_path)
    await fill(rig)
    devices = [state.device_id for state in rig.services.parts.fleet.devices()]
    commit_no = rig.pipeline.commit_no
    assert not await alerts_catch_up(rig.engine, commit_no, looks=3)
    waiting = asyncio.create_task(alerts_catch_up(rig.engine, commit_no))
    await asyncio.sleep(0)
    assert not waiting.done()
    await rig.engine.evaluate(devices, commit_no)
    assert await waiting
    await rig.store.close()
