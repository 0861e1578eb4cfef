"""Poison among good messages: every good one stored, every bad one in quarantine with its exact reason, no stall."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import Counter
from pathlib import Path

import pytest

from collectors.mqtt import MqttSettings
from collectors.mqtt_publish import Publisher
from gateway.store.open import open_store
from tests.golden.cases import poison_cases
from tests.support.broker import BrokerOptions, running_mosquitto
from tests.support.gateway_process import GatewayProcess
from tests.support.mosquitto_clients import sample_json

GOOD = 10_000
DEVICES = 20
DEADLINE_S = 90.0


@pytest.mark.mosquitto
async def test_poison_among_ten_thousand_good_messages_is_quarantined_with_its_exact_reason(tmp_path: Path) -> None:
    poison = [case for case in poison_cases() if case.publishable and case.subscribed]
    assert len(poison) >= 200
    options = BrokerOptions(max_queued_messages=0)
    with running_mosquitto(tmp_path / "broker", options) as broker, GatewayProcess(tmp_path, broker.url) as gateway:
        gateway.wait_ready()
        await _publish_all(broker.url, poison)
        await asyncio.to_thread(_wait_until_received, gateway, GOOD + len(poison))
        assert gateway.terminate() == 0
    store = await open_store(f"sqlite:///{gateway.store_path}")
    try:
        for number in range(DEVICES):
            history = await store.device_history(f"good-{number}")
            assert len(history.samples) == GOOD // DEVICES
        kept = await store.quarantine(limit=100_000, before=None)
    finally:
        await store.close()
    found = Counter((entry.topic, entry.rejection.reason, entry.rejection.path) for entry in kept)
    for case in poison:
        assert found[(case.topic, case.reason, case.path)] > 0, case.name


async def _publish_all(url: str, poison: list) -> None:  # type: ignore[type-arg]
    now_ms = time.time_ns() // 1_000_000
    every = GOOD // len(poison)
    async with (
        Publisher(MqttSettings.from_url(url), client_id="poison-test") as publisher,
        asyncio.TaskGroup() as tasks,
    ):
        limit = asyncio.Semaphore(100)

        async def publish(topic: str, payload: bytes) -> None:
            async with limit:
                await publisher.publish(topic, payload)

        bad = iter(poison)
        for index in range(GOOD):
            device, seq = index % DEVICES, index // DEVICES
            line = sample_json("b", seq, now_ms - 60_000 + seq, f"N-{device}")
            tasks.create_task(publish(f"fleet/v1/c-1/good-{device}/telemetry", line.encode()))
            if index % every == 0 and (case := next(bad, None)) is not None:
                tasks.create_task(publish(case.topic, case.payload))
        for case in bad:
            tasks.create_task(publish(case.topic, case.payload))


def _wait_until_received(gateway: GatewayProcess, count: int) -> None:
    until = time.monotonic() + DEADLINE_S
    while True:
        totals = re.findall(
            r"^silverpoint_messages_received_total\{[^}]*\} ([0-9.e+]+)", gateway.metrics(), re.MULTILINE
        )
        received = sum(int(float(total)) for total in totals)
        if received >= count:
            return
        assert time.monotonic() < until, json.dumps({"received": received, "expected": count})
        time.sleep(0.1)
