"""Lets a simulated fleet talk to a broker, at the pace of time or a multiple of it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from collectors.mqtt_settings import MqttSettings
from collectors.simulator.connections import DRAIN_S, MAX_DEVICE_CONNECTIONS, Connections
from collectors.simulator.fleet import SimulatedFleet
from collectors.simulator.settings import DAY_MS, SECOND_MS, SimulatorSettings
from collectors.simulator.truth import write_truth

TICK_S: Final = 0.2
_TRUTH_EVERY_MS: Final = 30 * SECOND_MS
_CATCH_UP_MS: Final = 7 * DAY_MS

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class SimulationTotals:
    """What a run has done. `unsent`: messages that no broker had taken when it ended."""

    published: int
    unsent: int
    simulated_until_ms: int


def live_settings(
    now_ms: int,
    *,
    devices: int = 60,
    clinics: int = 12,
    seed: int = 1,
    speed: float = 1.0,
    duration_s: float | None = None,
) -> SimulatorSettings:
    """The settings of a live run. Simulated time never passes the present, so at a speed above 1 the fleet starts in
    the past: so far back that it reaches the present at the end of `duration_s`, or a week.

    Raises:
        ValueError: a number is out of its range.
    """
    _check_speed(speed)
    back_ms = 0
    if speed > 1.0:
        back_ms = _CATCH_UP_MS
        if duration_s is not None and math.isfinite(speed):
            back_ms = int(duration_s * (speed - 1.0) * SECOND_MS)
    start_ms = now_ms - back_ms
    return SimulatorSettings(start_ms=start_ms, live_from_ms=start_ms, devices=devices, clinics=clinics, seed=seed)


async def run_simulation(
    settings: SimulatorSettings,
    broker_url: str,
    *,
    now_ms: Callable[[], int],
    rate: float | None = None,
    speed: float = 1.0,
    duration_s: float | None = None,
    truth_path: Path | None = None,
    connection_per_device: bool = False,
    sleep: Sleep = asyncio.sleep,
    tell: Callable[[str], None] | None = None,
    drain_s: float = DRAIN_S,
) -> SimulationTotals:
    """Makes a fleet and lets it publish; see `publish_fleet`.

    Raises:
        ValueError: the broker's URL or a number can't be used.
        OSError: the truth can't be written.
    """
    mqtt = MqttSettings.from_url(broker_url, client_id=f"simulator-{settings.seed}", root=settings.root)
    return await publish_fleet(
        SimulatedFleet(settings),
        mqtt,
        now_ms=now_ms,
        rate=rate,
        speed=speed,
        duration_s=duration_s,
        truth_path=truth_path,
        connection_per_device=connection_per_device,
        sleep=sleep,
        tell=tell,
        drain_s=drain_s,
    )


async def publish_fleet(
    fleet: SimulatedFleet,
    mqtt: MqttSettings,
    *,
    now_ms: Callable[[], int],
    rate: float | None = None,
    speed: float = 1.0,
    duration_s: float | None = None,
    truth_path: Path | None = None,
    connection_per_device: bool = False,
    sleep: Sleep = asyncio.sleep,
    tell: Callable[[str], None] | None = None,
    drain_s: float = DRAIN_S,
) -> SimulationTotals:
    """Advances the fleet from where it stands and publishes what it sends, until cancelled or for `duration_s`.

    There is one connection for each clinic; `connection_per_device` makes one for each device, with its will, and is
    for small fleets. At most `rate` messages a second are published: a fleet that says more falls behind in simulated
    time. Simulated time runs `speed` times as fast as real time and stops at the present. A broker that is not there
    is waited for. The truth is written at the start, every half a minute and at the end. `tell` hears of what goes
    wrong on the way. At the end, what is queued gets `drain_s` to go out.

    Raises:
        ValueError: `rate` or `speed` is not above 0, or the fleet is too large for a connection per device.
        OSError: the truth can't be written.
    """
    if connection_per_device and fleet.size > MAX_DEVICE_CONNECTIONS:
        raise ValueError(f"a connection per device is for at most {MAX_DEVICE_CONNECTIONS} devices, not {fleet.size}")
    pace = _Pace(fleet.now_ms, speed, now_ms)
    limit = _RateLimit(rate, now_ms, sleep)
    truth = _TruthFile(truth_path, now_ms, tell)
    truth.write(fleet)
    connections = Connections(mqtt, per_device=connection_per_device, sleep=sleep, tell=tell, drain_s=drain_s)
    try:
        async with connections:
            with suppress(TimeoutError):
                async with asyncio.timeout(duration_s):
                    await _publish_on(fleet, pace, limit, connections, truth, sleep)
    finally:
        truth.write(fleet)
    return SimulationTotals(connections.published, connections.unsent, fleet.now_ms)


async def _publish_on(
    fleet: SimulatedFleet,
    pace: _Pace,
    limit: _RateLimit,
    connections: Connections,
    truth: _TruthFile,
    sleep: Sleep,
) -> None:
    while True:
        for delivery in fleet.advance(pace.simulated_ms()):
            await limit.wait()
            await connections.publish(delivery)
            truth.write_if_due(fleet)
        await sleep(TICK_S)


class _Pace:
    """How far simulated time may have come."""

    def __init__(self, start_ms: int, speed: float, now_ms: Callable[[], int]) -> None:
        _check_speed(speed)
        self._start_ms = start_ms
        self._speed = speed
        self._now_ms = now_ms
        self._begun_ms = now_ms()

    def simulated_ms(self) -> int:
        now_ms = self._now_ms()
        elapsed_ms = max(1, now_ms - self._begun_ms)
        return int(min(now_ms, self._start_ms + elapsed_ms * self._speed))


class _RateLimit:
    """Spaces messages evenly; time that was not used is not made up for."""

    def __init__(self, rate: float | None, now_ms: Callable[[], int], sleep: Sleep) -> None:
        if rate is not None and rate <= 0:
            raise ValueError(f"the rate must be above 0 messages a second, not {rate:g}")
        self._gap_ms = 0.0 if rate is None else SECOND_MS / rate
        self._now_ms = now_ms
        self._sleep = sleep
        self._next_ms = 0.0

    async def wait(self) -> None:
        now_ms = self._now_ms()
        self._next_ms = max(self._next_ms, now_ms - TICK_S * SECOND_MS) + self._gap_ms
        early_ms = self._next_ms - now_ms
        if early_ms > 0:
            await self._sleep(early_ms / SECOND_MS)


class _TruthFile:
    """Kept up to date while the fleet runs. Only the first and the last writing may fail."""

    def __init__(self, path: Path | None, now_ms: Callable[[], int], tell: Callable[[str], None] | None) -> None:
        self._path = path
        self._now_ms = now_ms
        self._tell = tell
        self._due_ms = now_ms() + _TRUTH_EVERY_MS

    def write(self, fleet: SimulatedFleet) -> None:
        """Raises OSError where the file can't be written."""
        if self._path is not None:
            write_truth(self._path, fleet.truth())

    def write_if_due(self, fleet: SimulatedFleet) -> None:
        if self._path is None or self._now_ms() < self._due_ms:
            return
        self._due_ms = self._now_ms() + _TRUTH_EVERY_MS
        try:
            self.write(fleet)
        except OSError as error:
            if self._tell is not None:
                self._tell(f"the truth was not written to {self._path}: {error}")


def _check_speed(speed: float) -> None:
    if not speed > 0:
        raise ValueError(f"the speed must be above 0, not {speed:g}")
