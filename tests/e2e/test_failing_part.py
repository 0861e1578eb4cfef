"""A part that breaks ends the gateway, so that its service manager starts it again; it never lives on half dead."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import cast

import httpx
import pytest

from gateway.app import open_gateway
from gateway.clock import SystemClock
from gateway.config import Config
from gateway.work.desk import WorkDesk
from schemas.access import Viewer
from tests.support.broker import free_port


class _Breaking:
    def __init__(self) -> None:
        self.now = asyncio.Event()

    async def run(self) -> None:
        await self.now.wait()
        raise ZeroDivisionError("a mistake of ours")


async def test_a_mistake_in_one_part_ends_the_gateway_though_a_page_is_open(tmp_path: Path) -> None:
    config = Config.model_validate(
        {
            "broker": {"url": f"mqtt://127.0.0.1:{free_port()}"},
            "store": {"url": f"sqlite:///{tmp_path}/s.db"},
            "http": {"listen": f"127.0.0.1:{free_port()}"},
        }
    )
    someone = Viewer(name="someone", role="manager")
    async with open_gateway(config, SystemClock(), open_as=someone) as gateway:
        breaking = _Breaking()
        broken = replace(gateway, desk=cast("WorkDesk", breaking))
        running = asyncio.create_task(broken.run(asyncio.Event()))
        async with (
            httpx.AsyncClient(base_url=gateway.http.url, timeout=60) as page,
            page.stream("GET", "/api/v1/events") as events,
        ):
            assert events.status_code == 200
            breaking.now.set()
            with pytest.raises(ExceptionGroup) as ended:
                await asyncio.wait_for(running, 60)
    assert ended.group_contains(ZeroDivisionError)
