"""The demo's fleet, in a process of its own: first its history over a pipe, then live over MQTT.

Making months of messages takes one core; the gateway works on the other meanwhile. The same simulated devices go on
from where their history ends, so nothing jumps.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Final, cast

from collectors.mqtt_settings import MqttSettings
from collectors.simulator.fleet import SimulatedFleet
from collectors.simulator.publish import publish_fleet
from collectors.simulator.settings import SimulatorSettings
from gateway.errors import SilverpointError
from schemas.delivery import Delivery
from schemas.registry import RegistryEntry

_CHUNK: Final = 2_000
_END_WITHIN_S: Final = 3.0


@dataclass(frozen=True, slots=True)
class HistoryPart:
    """Some deliveries, and up to when the history is complete with them."""

    deliveries: Sequence[Delivery]
    until_ms: int


class DemoFleet:
    """The parent's end: the registry, then the history; after it the fleet publishes until it is closed."""

    def __init__(self, settings: SimulatorSettings, until_ms: int, broker_url: str) -> None:
        ours, theirs = multiprocessing.Pipe(duplex=False)
        self._pipe = ours
        self._process = multiprocessing.get_context("spawn").Process(
            target=_main, args=(settings, until_ms, broker_url, theirs), name="simulated fleet", daemon=True
        )
        self._process.start()
        theirs.close()

    async def registry(self) -> Sequence[RegistryEntry]:
        """What people would have written down of this fleet. Comes before `history`."""
        return cast("Sequence[RegistryEntry]", await self._receive())

    async def history(self) -> AsyncIterator[HistoryPart]:
        """Its history, in order of receipt."""
        while (part := cast("HistoryPart | None", await self._receive())) is not None:
            yield part

    async def close(self) -> None:
        """Ends the fleet's process."""
        await asyncio.to_thread(self._end)

    async def _receive(self) -> object:
        try:
            return await asyncio.to_thread(self._pipe.recv)
        except (EOFError, OSError):
            raise SilverpointError("the simulated fleet ended before its history was complete") from None

    def _end(self) -> None:
        self._process.terminate()
        self._process.join(_END_WITHIN_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._pipe.close()


def _main(settings: SimulatorSettings, until_ms: int, broker_url: str, pipe: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent ends us in order
    fleet = SimulatedFleet(settings)
    try:
        pipe.send(fleet.registry())
        _send_history(fleet, until_ms, pipe)
        _send_history(fleet, _now_ms(), pipe)  # what passed while the first part was made
        pipe.send(None)
    except (BrokenPipeError, ConnectionResetError):
        return
    mqtt = MqttSettings.from_url(broker_url, client_id="demo-fleet", root=settings.root)
    asyncio.run(publish_fleet(fleet, mqtt, now_ms=_now_ms))


def _send_history(fleet: SimulatedFleet, until_ms: int, pipe: Connection) -> None:
    chunk: list[Delivery] = []
    for delivery in fleet.advance(until_ms):
        chunk.append(delivery)
        if len(chunk) >= _CHUNK:
            pipe.send(HistoryPart(chunk, fleet.now_ms))
            chunk = []
    pipe.send(HistoryPart(chunk, fleet.now_ms))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
