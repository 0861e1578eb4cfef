"""What devices say is on open pages within two seconds, on all of them, and nothing of it is lost."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from playwright.async_api import async_playwright, expect

from bench.gateway_under_load import stored
from bench.load import publish_load
from bench.viewers import signed_in, watching
from tests.support.broker import running_mosquitto
from tests.support.gateway_process import GatewayProcess

CHROMIUM = Path("/usr/bin/chromium")
VIEWERS, DEVICES, MESSAGES, PER_S = 20, 40, 800, 200
MIB = 1024 * 1024


@pytest.mark.chromium
@pytest.mark.skipif(not CHROMIUM.exists(), reason="apt-get install chromium")
async def test_a_message_to_the_broker_is_on_the_page_within_two_seconds(tmp_path: Path) -> None:
    with running_mosquitto(tmp_path / "broker") as broker, GatewayProcess(tmp_path, broker.url) as gateway:
        gateway.wait_ready()
        publish(broker.port, 0)
        cookie = await signed_in(tmp_path, gateway)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            context = await browser.new_context()
            await context.add_cookies([{"name": "silverpoint_session", "value": cookie, "url": gateway.url}])
            page = await context.new_page()
            for path, seen in (("/", "#rows .sessions .total"), ("/devices/d-1", "#device-now")):
                await page.goto(gateway.url + path)
                await expect(page.locator('[data-link="live"]')).to_be_visible(timeout=60_000)
                took_s = []
                for seq in (1, 2, 3):
                    total = 100 * seq + len(path)
                    await asyncio.to_thread(publish, broker.port, seq * 10 + len(path), total)
                    begin_s = time.monotonic()
                    await expect(page.locator(seen)).to_contain_text(str(total), timeout=30_000)
                    took_s.append(time.monotonic() - begin_s)
                assert min(took_s) < 2.0
            await browser.close()
        gateway.terminate()


def publish(port: int, seq: int, total: int = 1) -> None:
    """One sample of one device, by mosquitto_pub."""
    sample = {
        "boot_id": "boot-1", "seq": seq, "ts_ms": time.time_ns() // 1_000_000,
        "power": {"source": "mains", "charge": None, "voltage_v": 230.0},
        "nozzle": {"serial": "n-1", "strikes": 1_000 + seq, "coating": 0.9},
        "sessions": {"total": total, "active": False},
    }  # fmt: skip
    command = ["mosquitto_pub", "-V", "5", "-p", str(port), "-q", "1", "-t", "fleet/v1/c-1/d-1/telemetry"]
    subprocess.run([*command, "-m", json.dumps(sample)], check=True, timeout=60)


async def until(holds: Callable[[], bool]) -> None:
    """Returns once it holds; a timeout fails the test."""
    async with asyncio.timeout(60):
        while not await asyncio.to_thread(holds):
            await asyncio.sleep(0.1)


async def test_every_viewer_ends_with_the_rows_that_a_new_one_is_given(tmp_path: Path) -> None:
    with running_mosquitto(tmp_path / "broker") as broker, GatewayProcess(tmp_path, broker.url) as gateway:
        gateway.wait_ready()
        cookie = await signed_in(tmp_path, gateway)
        await publish_load(broker.port, messages=DEVICES, rate_per_s=PER_S, devices=DEVICES)
        await until(lambda: stored(gateway) == DEVICES)
        process = psutil.Process(gateway.pid)
        async with watching(gateway.url, cookie, VIEWERS, ("",)) as heard:
            await publish_load(broker.port, messages=MESSAGES // 4, rate_per_s=PER_S, devices=DEVICES)
            before_mib = process.memory_info().rss / MIB
            await publish_load(broker.port, messages=MESSAGES, rate_per_s=PER_S, devices=DEVICES)
            await until(lambda: stored(gateway) == DEVICES + MESSAGES // 4 + MESSAGES)
            grown_mib = process.memory_info().rss / MIB - before_mib
            async with watching(gateway.url, cookie, 1, ("",)) as fresh:
                await until(lambda: len(fresh[0].last) == DEVICES)
                await until(lambda: all(each.last == fresh[0].last for each in heard))
        gateway.terminate()
    assert all(each.table == 1 for each in heard)
    assert all(each.changes < MESSAGES / 4 for each in heard)
    assert grown_mib < 40
