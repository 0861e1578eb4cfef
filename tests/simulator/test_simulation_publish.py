"""The simulated fleet through a real mosquitto."""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from collectors.mqtt_publish import Publisher
from collectors.simulator.fleet import SimulatedFleet
from collectors.simulator.publish import live_settings, publish_fleet, run_simulation
from collectors.simulator.settings import DAY_MS, HOUR_MS, SimulatorSettings
from schemas.delivery import Delivery
from tests.collectors.harness import running, settings_for, until
from tests.support.broker import BrokerOptions, Mosquitto, free_port, running_mosquitto
from tests.support.recorded_week import MANY_ODDITIES, WEEK_START_MS

FIVE_HOURS_MS = WEEK_START_MS + 5 * HOUR_MS
SETTINGS = SimulatorSettings(
    start_ms=WEEK_START_MS, live_from_ms=WEEK_START_MS, devices=5, clinics=2, seed=4, oddities=MANY_ODDITIES
)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with running_mosquitto(tmp_path / "broker", BrokerOptions(max_queued_messages=0)) as mosquitto:
        yield mosquitto


def wall_ms() -> int:
    return time.time_ns() // 1_000_000


def five_hours_later() -> int:
    return FIVE_HOURS_MS


def by_topic(deliveries: Iterable[Delivery]) -> dict[str, list[bytes]]:
    payloads: defaultdict[str, list[bytes]] = defaultdict(list)
    for delivery in deliveries:
        payloads[delivery.topic].append(delivery.payload)
    return dict(payloads)


@pytest.mark.mosquitto
@pytest.mark.parametrize("per_device", [False, True])
async def test_what_the_fleet_says_arrives_whole_and_in_each_devices_order(
    broker: Mosquitto, tmp_path: Path, per_device: bool
) -> None:
    said = list(SimulatedFleet(SETTINGS).advance(FIVE_HOURS_MS))
    truth_file = tmp_path / "truth.jsonl"
    fleet = SimulatedFleet(SETTINGS)
    async with running(settings_for(broker.port)) as run:
        totals = await run_simulation(
            SETTINGS,
            broker.url,
            now_ms=five_hours_later,
            speed=float("inf"),
            duration_s=1.5,
            truth_path=truth_file,
            connection_per_device=per_device,
        )
        heard = await run.take_count(len(said))
    assert by_topic(heard) == by_topic(said)
    assert (totals.published, totals.unsent, totals.simulated_until_ms) == (len(said), 0, FIVE_HOURS_MS)
    list(fleet.advance(FIVE_HOURS_MS))
    told = [json.loads(line) for line in truth_file.read_text().splitlines()]
    assert [line["serial"] for line in told] == [nozzle.serial for nozzle in fleet.truth()]


@pytest.mark.mosquitto
async def test_statuses_are_retained(broker: Mosquitto) -> None:
    await run_simulation(SETTINGS, broker.url, now_ms=five_hours_later, speed=float("inf"), duration_s=1.0)
    async with running(settings_for(broker.port)) as run:
        stored = await run.take_count(SETTINGS.devices)
    assert all(delivery.retained and delivery.topic.endswith("/status") for delivery in stored)


@pytest.mark.mosquitto
async def test_a_device_that_is_cut_off_leaves_its_will_with_its_boot(broker: Mosquitto) -> None:
    quiet = SimulatorSettings(start_ms=wall_ms() - HOUR_MS, live_from_ms=wall_ms() - HOUR_MS, devices=1, clinics=1)
    async with running(settings_for(broker.port)) as run:
        task = asyncio.create_task(
            run_simulation(quiet, broker.url, now_ms=wall_ms, speed=1e6, connection_per_device=True)
        )
        online = next(d for d in await run.take_count(1) if d.topic.endswith("/status"))
        # Another client with the same id throws the device out, as the broker does with one that fell silent.
        taken = asyncio.create_task(_take_over(broker, f"simulator-{quiet.seed}-{online.topic.split('/')[3]}"))
        heard: list[Delivery] = []
        while not any(json.loads(d.payload).get("state") == "offline" for d in heard):
            heard += await run.take_count(1)
        for one in (task, taken):
            one.cancel()
        await asyncio.gather(task, taken, return_exceptions=True)
    will = next(json.loads(d.payload) for d in heard if d.topic.endswith("/status"))
    assert will == {"state": "offline", "boot_id": json.loads(online.payload)["boot_id"]}


async def _take_over(broker: Mosquitto, client_id: str) -> None:
    async with Publisher(settings_for(broker.port), client_id=client_id):
        await asyncio.Event().wait()


@pytest.mark.mosquitto
async def test_a_broker_that_comes_later_gets_everything(tmp_path: Path) -> None:
    said = list(SimulatedFleet(SETTINGS).advance(FIVE_HOURS_MS))
    broker = Mosquitto(tmp_path / "broker", BrokerOptions(max_queued_messages=0), port=free_port())
    problems: list[str] = []
    task = asyncio.create_task(
        run_simulation(SETTINGS, broker.url, now_ms=five_hours_later, speed=float("inf"), tell=problems.append)
    )
    await until(lambda: len(problems) >= 2, "two attempts")
    broker.start()
    try:
        async with running(settings_for(broker.port)) as run:
            heard = {delivery.topic for delivery in await run.take_count(SETTINGS.devices)}
        assert heard <= {delivery.topic for delivery in said}
        assert all(broker.url in problem for problem in problems)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        broker.stop()


@pytest.mark.mosquitto
async def test_no_more_messages_go_out_than_the_rate_allows(broker: Mosquitto) -> None:
    fleet = SimulatedFleet(SETTINGS)
    totals = await publish_fleet(
        fleet, settings_for(broker.port), now_ms=_clock_from(FIVE_HOURS_MS), speed=float("inf"), rate=50, duration_s=1.0
    )
    assert 30 <= totals.published <= 65


def _clock_from(start_ms: int) -> Callable[[], int]:
    begun_ms = wall_ms()
    return lambda: start_ms + wall_ms() - begun_ms


async def test_without_a_broker_a_run_still_ends_in_time_and_writes_the_truth(tmp_path: Path) -> None:
    truth_file = tmp_path / "truth.jsonl"
    async with asyncio.timeout(60):
        totals = await run_simulation(
            SETTINGS,
            f"mqtt://127.0.0.1:{free_port()}",
            now_ms=five_hours_later,
            speed=float("inf"),
            duration_s=0.3,
            truth_path=truth_file,
            drain_s=0.2,
        )
    assert totals.published == 0
    assert totals.unsent > 0
    assert len(truth_file.read_text().splitlines()) >= SETTINGS.devices


async def test_a_truth_that_cannot_be_written_ends_the_run_at_once(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        await run_simulation(
            SETTINGS, "mqtt://127.0.0.1:1", now_ms=five_hours_later, truth_path=tmp_path / "nowhere" / "truth"
        )


@pytest.mark.parametrize(("rate", "speed"), [(0.0, 1.0), (-1.0, 1.0), (None, 0.0), (None, float("nan"))])
async def test_rates_and_speeds_that_are_not_above_zero_are_refused(rate: float | None, speed: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        await run_simulation(SETTINGS, "mqtt://127.0.0.1:1", now_ms=five_hours_later, rate=rate, speed=speed)


async def test_a_large_fleet_gets_no_connection_per_device() -> None:
    large = SimulatorSettings(start_ms=WEEK_START_MS, devices=501)
    with pytest.raises(ValueError, match="500"):
        await run_simulation(large, "mqtt://127.0.0.1:1", now_ms=five_hours_later, connection_per_device=True)


def test_a_fast_run_starts_so_far_back_that_it_ends_at_the_present() -> None:
    assert live_settings(FIVE_HOURS_MS).start_ms == FIVE_HOURS_MS
    assert live_settings(FIVE_HOURS_MS, speed=61, duration_s=60).start_ms == FIVE_HOURS_MS - HOUR_MS
    assert live_settings(FIVE_HOURS_MS, speed=60).start_ms == FIVE_HOURS_MS - 7 * DAY_MS
