"""A collector that runs beside the test, and waiting on conditions instead of on luck."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from collectors.errors import TakenOverError
from collectors.mqtt import MqttCollector, MqttSettings
from collectors.mqtt_publish import Publisher
from schemas.delivery import Delivery

DEADLINE_S = 60.0
TOPIC = "fleet/v1/clinic-1/device-1/telemetry"


@dataclass
class Witness:
    """A `ConnectionListener` that writes down what it was told."""

    connected: list[bool] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    sessions_lost: int = 0
    takeovers: int = 0

    def broker_connected(self, url: str, session_present: bool) -> None:
        self.connected.append(session_present)

    def broker_disconnected(self, url: str, why: str, retry_in_ms: int) -> None:
        self.reasons.append(why)

    def broker_session_lost(self, url: str) -> None:
        self.sessions_lost += 1

    def broker_taken_over(self, url: str) -> None:
        self.takeovers += 1


@dataclass
class Running:
    """A collector, what its listener heard, and the task that keeps it connected."""

    collector: MqttCollector
    witness: Witness
    task: asyncio.Task[None]

    async def take_count(self, count: int, max_messages: int = 1000) -> list[Delivery]:
        """Takes batches, acknowledging none, until `count` deliveries are there."""
        deliveries: list[Delivery] = []
        async with asyncio.timeout(DEADLINE_S):
            while len(deliveries) < count:
                deliveries += await self.collector.take(max_messages, 20)
        return deliveries


async def until(condition: Callable[[], bool], what: object = "the condition") -> None:
    """Waits for a condition; fails after a deadline, showing `what`."""
    deadline_s = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline_s, f"waited in vain for {what}"
        await asyncio.sleep(0.005)


def settings_for(port: int, **changes: object) -> MqttSettings:
    """Settings that reconnect at a test's pace."""
    values: dict[str, object] = {"port": port, "reconnect_min_ms": 20, "reconnect_max_ms": 100, **changes}
    return MqttSettings(**values)  # type: ignore[arg-type]


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@asynccontextmanager
async def running(settings: MqttSettings, *, had_session: bool = False, wait: bool = True) -> AsyncIterator[Running]:
    """A collector that keeps connected for the length of the block; waits for the first connection."""
    witness = Witness()
    collector = MqttCollector(settings, now_ms=now_ms, listener=witness, had_session=had_session)
    task = asyncio.create_task(collector.run())
    try:
        if wait:
            await until(lambda: collector.connected, witness)
        yield Running(collector, witness, task)
    finally:
        await collector.close()
        await asyncio.wait({task})
        if not isinstance(task.exception(), TakenOverError):
            task.result()


async def publish(port: int, payloads: list[bytes], *, topic: str = TOPIC, qos: int = 1, retain: bool = False) -> None:
    """Publishes in order over one connection of its own."""
    async with Publisher(MqttSettings(port=port)) as publisher:
        for payload in payloads:
            await publisher.publish(topic, payload, qos=qos, retain=retain)


def numbered(count: int) -> list[bytes]:
    return [f'{{"n":{number}}}'.encode() for number in range(count)]
