"""`silverpoint notify test`, and the heartbeat."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from pydantic import SecretStr

from gateway.events import Events
from gateway.notify.channels.web import Web
from gateway.notify.heartbeat import Heartbeat
from tests.notify.house import Well, listener


async def test_the_heartbeat_beats_while_the_gateway_is_ready_and_no_longer() -> None:
    async with listener() as watcher:
        web, well, events = Web(None), Well(), Events()
        heart = Heartbeat(url=SecretStr(watcher.url), every_s=60, readiness=well, web=web, events=events)
        assert await heart.beat()
        well.connected = False
        assert not await heart.beat()
        well.connected = True
        watcher.status = 500
        assert not await heart.beat()
        await web.close()
        assert len(watcher.requests) == 1
        assert events.registry.get_sample_value("silverpoint_heartbeats_missed_total") == 1


async def silverpoint(folder: Path, *arguments: str) -> tuple[int, str, str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SILVERPOINT_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway.cli", *arguments,
        cwd=folder, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    return process.returncode or 0, out.decode().strip(), err.decode().strip()


async def test_a_test_message_says_whether_it_arrived(tmp_path: Path) -> None:
    async with listener() as hook:
        (tmp_path / "silverpoint.toml").write_text(
            '[notify]\nallow_private_networks = ["127.0.0.0/8"]\n[[notify.receivers]]\nname = "ops"\n'
            f'channel = "webhook"\nurl = "{hook.url}"\nsecret = "0123456789abcdef"\n'
        )
        assert await silverpoint(tmp_path, "notify", "test", "ops") == (0, "ops has taken the message", "")
        assert hook.taken[0]["reason"] == "test"
        hook.status = 404
        assert await silverpoint(tmp_path, "notify", "test", "ops") == (1, "", "answered 404")
        code, _, told = await silverpoint(tmp_path, "notify", "test", "pos")
        assert (code, told) == (2, "silverpoint notify test: there is no receiver 'pos': use one of ops")
