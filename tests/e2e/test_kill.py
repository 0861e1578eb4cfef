"""kill -9 of the gateway under load: what it acknowledged is stored exactly once, and nothing published is missing."""

from __future__ import annotations

import asyncio
import random
import re
import time
from pathlib import Path

import pytest

from gateway.store.open import open_store
from tests.support.broker import BrokerOptions, running_mosquitto
from tests.support.gateway_process import GatewayProcess
from tests.support.mosquitto_clients import Publisher, Sent

DEVICES = 8
RATE_PER_S = 2_000
DRAIN_DEADLINE_S = 60.0


@pytest.mark.mosquitto
async def test_ten_kills_under_load_lose_and_double_nothing(tmp_path: Path) -> None:
    await _kills_under_load(tmp_path, kills=10)


@pytest.mark.mosquitto
@pytest.mark.long
async def test_fifty_kills_under_load_lose_and_double_nothing(tmp_path: Path) -> None:
    await _kills_under_load(tmp_path, kills=50)


async def _kills_under_load(directory: Path, kills: int) -> None:
    options = BrokerOptions(max_queued_messages=0)
    with running_mosquitto(directory / "broker", options) as broker, GatewayProcess(directory, broker.url) as gateway:
        gateway.wait_ready()  # the broker now keeps a session for it
        start_ms = time.time_ns() // 1_000_000 - 86_400_000
        publishers = [
            Publisher(broker.port, number, rate_per_s=RATE_PER_S / DEVICES, start_ms=start_ms)
            for number in range(DEVICES)
        ]
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(publisher.run(), name="publisher") for publisher in publishers]
            await _kill_again_and_again(gateway, kills)
            for publisher in publishers:
                publisher.end()
        sent = [task.result() for task in running]
        await asyncio.to_thread(_wait_until_drained, gateway, sent)
        assert gateway.terminate() == 0
    await _hold_against_store(gateway.store_path, sent)


async def _kill_again_and_again(gateway: GatewayProcess, kills: int) -> None:
    rng = random.Random(7)
    for _ in range(kills):
        await asyncio.to_thread(gateway.wait_ready)
        await asyncio.sleep(rng.uniform(0.0, 0.6))  # anywhere in its work: decoding, committing, acknowledging
        gateway.kill()
        gateway.start()
    await asyncio.to_thread(gateway.wait_ready)


def _wait_until_drained(gateway: GatewayProcess, sent: list[Sent]) -> None:
    until = time.monotonic() + DRAIN_DEADLINE_S
    missing = {device.device_id: device.last_strikes for device in sent}
    while missing:
        assert time.monotonic() < until, f"never arrived: {missing}\n{gateway.log_tail()}"
        for device_id, strikes in re.findall(
            r'silverpoint_nozzle_strikes_total\{[^}]*device="([^"]+)"[^}]*\} (\d+)', gateway.metrics()
        ):
            if missing.get(device_id) == int(strikes):
                del missing[device_id]
        time.sleep(0.1)


async def _hold_against_store(path: Path, sent: list[Sent]) -> None:
    store = await open_store(f"sqlite:///{path}")
    try:
        rejected = await store.quarantine(limit=1_000_000, before=None)
        for device in sent:
            history = await store.device_history(device.device_id)
            stored = [sample.sample.seq for sample in history.samples]
            assert len(stored) == len(set(stored)), f"{device.device_id} has records twice"
            assert set(stored) == device.good_seqs
            bad = [entry.rejection.seq for entry in rejected if entry.rejection.device_id == device.device_id]
            assert sorted(seq for seq in bad if seq is not None) == sorted(device.bad_seqs)
        assert await store.check() == ()
    finally:
        await store.close()
