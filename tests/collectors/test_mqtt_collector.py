"""The collector on a real mosquitto: what is in flight, what is acknowledged, what comes again."""

from __future__ import annotations

import asyncio
import subprocess

import pytest

from collectors.mqtt import MqttSettings
from collectors.mqtt_publish import Publisher
from tests.collectors.harness import DEADLINE_S, TOPIC, numbered, publish, running, settings_for, until
from tests.support.broker import Mosquitto

pytestmark = pytest.mark.mosquitto


async def test_more_than_20_are_in_flight_with_mosquittos_default_config(default_mosquitto: Mosquitto) -> None:
    async with running(settings_for(default_mosquitto.port)) as run:
        await publish(default_mosquitto.port, numbered(300))
        deliveries = await run.take_count(300)
        assert [delivery.payload for delivery in deliveries] == numbered(300)
        assert run.collector.in_flight == 300


async def test_the_receive_maximum_bounds_what_the_broker_sends_unacknowledged(mosquitto: Mosquitto) -> None:
    async with running(settings_for(mosquitto.port, receive_maximum=50)) as run:
        await publish(mosquitto.port, numbered(200))
        first = await run.take_count(50)
        assert len(first) == 50
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await run.collector.take(1, 0)
        run.collector.acknowledge(first)
        second: list[bytes] = []
        while len(second) < 150:
            batch = await run.take_count(1)
            second += [delivery.payload for delivery in batch]
            run.collector.acknowledge(batch)
        assert [delivery.payload for delivery in first] + second == numbered(200)


async def test_what_was_not_acknowledged_comes_again_and_what_was_does_not(mosquitto: Mosquitto) -> None:
    settings = settings_for(mosquitto.port)
    async with running(settings) as run:
        await publish(mosquitto.port, numbered(10))
        deliveries = await run.take_count(10)
        run.collector.acknowledge(deliveries[:4])
    async with running(settings, had_session=True) as run:
        again = await run.take_count(6)
        assert [delivery.payload for delivery in again] == numbered(10)[4:]
        assert run.witness.sessions_lost == 0
        assert run.witness.connected == [True]


async def test_after_a_broken_connection_old_acknowledgements_are_dropped(mosquitto: Mosquitto) -> None:
    async with running(settings_for(mosquitto.port)) as run:
        await publish(mosquitto.port, numbered(5))
        before = await run.take_count(5)
        mosquitto.restart()
        again = await run.take_count(5)
        assert [delivery.payload for delivery in again] == numbered(5)
        assert {delivery.connection for delivery in before} == {1}
        assert all(delivery.connection > 1 for delivery in again)
        run.collector.acknowledge(before)
        assert run.collector.in_flight == 5
        run.collector.acknowledge(again)
        assert run.collector.in_flight == 0
        assert run.witness.sessions_lost == 0


async def test_acknowledging_twice_does_no_harm(mosquitto: Mosquitto) -> None:
    async with running(settings_for(mosquitto.port)) as run:
        for payload in numbered(5):
            await publish(mosquitto.port, [payload])
            deliveries = await run.take_count(1)
            run.collector.acknowledge(deliveries)
            run.collector.acknowledge(deliveries)
        assert run.collector.in_flight == 0
        assert run.collector.connected


async def test_all_that_is_said_below_the_root_is_read_also_what_no_device_should_say(mosquitto: Mosquitto) -> None:
    topics = [
        f"fleet/v1/clinic-{number}/device-{number}/{kind}"
        for number in (1, 2)
        for kind in ("telemetry", "session", "nozzle", "status", "surprise")
    ]
    async with running(settings_for(mosquitto.port)) as run, Publisher(MqttSettings(port=mosquitto.port)) as publisher:
        await publisher.publish("other/v1/clinic-1/device-1/telemetry", b"{}")
        for topic in topics:
            await publisher.publish(topic, b"{}")
        assert [delivery.topic for delivery in await run.take_count(10)] == topics


async def test_a_stored_status_is_flagged_at_a_new_subscription_and_never_again(mosquitto: Mosquitto) -> None:
    status = "fleet/v1/clinic-1/device-1/status"
    await publish(mosquitto.port, [b'{"state":"online"}'], topic=status, retain=True)
    async with running(settings_for(mosquitto.port)) as run:
        (stored,) = await run.take_count(1)
        assert (stored.topic, stored.retained) == (status, True)
        run.collector.acknowledge([stored])
        await publish(mosquitto.port, [b'{"state":"offline"}'], topic=status, retain=True)
        (live,) = await run.take_count(1)
        assert (live.payload, live.retained) == (b'{"state":"offline"}', False)
        run.collector.acknowledge([live])
    async with running(settings_for(mosquitto.port), had_session=True) as run:
        await publish(mosquitto.port, [b"{}"])
        (only,) = await run.take_count(1)
        assert only.topic == TOPIC


async def test_a_batch_is_full_or_its_first_is_old_enough(mosquitto: Mosquitto) -> None:
    async with running(settings_for(mosquitto.port)) as run:
        await publish(mosquitto.port, numbered(10))
        await until(lambda: run.collector.in_flight == 10)
        assert len(await run.collector.take(4, 60_000)) == 4
        assert len(await run.collector.take(6, 60_000)) == 6
        await publish(mosquitto.port, numbered(3))
        await until(lambda: run.collector.in_flight == 13)
        assert len(await run.collector.take(100, 20)) == 3


async def test_a_message_above_512_kib_arrives_so_that_it_can_be_rejected(mosquitto: Mosquitto) -> None:
    async with running(settings_for(mosquitto.port)) as run:
        await publish(mosquitto.port, [b" " * (600 * 1024), b"after"])
        large, after = await run.take_count(2)
        assert (len(large.payload), after.payload) == (600 * 1024, b"after")


async def test_a_flood_of_qos_0_stops_the_reading_instead_of_filling_memory(mosquitto: Mosquitto) -> None:
    async with running(settings_for(mosquitto.port, receive_maximum=10)) as run:
        payloads = [b"x" * 2000] * 3000
        await publish(mosquitto.port, payloads, qos=0)
        await publish(mosquitto.port, [b"last"])
        taken = 0
        async with asyncio.timeout(DEADLINE_S):
            while True:
                batch = await run.collector.take(10_000, 5)
                # One read of the socket can bring a quarter of a MiB beyond the bound of 20.
                assert len(batch) < 20 + 2 * 262_144 // 2000
                taken += len(batch)
                run.collector.acknowledge(batch)
                if batch[-1].payload == b"last":
                    break
        assert taken > 1000


async def test_stopping_drains_what_was_read_and_still_acknowledges_it(mosquitto: Mosquitto) -> None:
    settings = settings_for(mosquitto.port)
    async with running(settings) as run:
        await publish(mosquitto.port, numbered(30))
        await until(lambda: run.collector.in_flight == 30)
        run.collector.stop_reading()
        drained = [*await run.collector.take(20, 1000), *await run.collector.take(20, 1000)]
        assert [delivery.payload for delivery in drained] == numbered(30)
        assert await run.collector.take(20, 1000) == ()
        run.collector.acknowledge(drained)
    await publish(mosquitto.port, [b"later"])
    async with running(settings, had_session=True) as run:
        (later,) = await run.take_count(1)
        assert later.payload == b"later"


async def test_closing_amid_a_stream_loses_nothing_and_repeats_only_what_was_not_acknowledged(
    mosquitto: Mosquitto,
) -> None:
    settings = settings_for(mosquitto.port, receive_maximum=500)
    async with running(settings):
        pass
    await publish(mosquitto.port, numbered(2000))
    seen: list[bytes] = []
    while len(seen) < 2000:
        async with running(settings, had_session=True) as run:
            for _ in range(3):
                batch = await run.take_count(1, max_messages=200)
                run.collector.acknowledge(batch)
                seen += [delivery.payload for delivery in batch]
                if len(seen) >= 2000:
                    break
    assert seen == numbered(2000)


async def test_it_knows_when_it_has_caught_up(mosquitto: Mosquitto) -> None:
    settings = settings_for(mosquitto.port, receive_maximum=50, keep_alive_s=1)
    async with running(settings) as run:
        await until(lambda: run.collector.caught_up)
    await publish(mosquitto.port, numbered(120))
    async with running(settings, had_session=True) as run:
        await until(lambda: run.collector.in_flight >= 50)
        assert not run.collector.caught_up
        taken = 0
        while taken < 120:
            batch = await run.take_count(1)
            run.collector.acknowledge(batch)
            taken += len(batch)
        await until(lambda: run.collector.caught_up)


async def test_messages_of_older_clients_arrive_too(mosquitto: Mosquitto) -> None:
    async with running(settings_for(mosquitto.port)) as run:
        command = ["mosquitto_pub", "-p", str(mosquitto.port), "-V", "311", "-q", "2", "-t", TOPIC, "-m", "old"]
        process = await asyncio.to_thread(subprocess.run, command, check=False, timeout=60)
        assert process.returncode == 0
        (delivery,) = await run.take_count(1)
        assert delivery.payload == b"old"
        assert delivery.packet_id > 0
