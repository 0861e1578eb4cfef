"""Publishing through a real mosquitto."""

from __future__ import annotations

import asyncio
import time

import pytest

from collectors.errors import PublishError
from collectors.mqtt import MqttSettings
from collectors.mqtt_publish import Publisher, Will
from schemas.delivery import Delivery
from tests.collectors.harness import TOPIC, numbered, running, settings_for
from tests.support.broker import Mosquitto, free_port

pytestmark = pytest.mark.mosquitto
STATUS = "fleet/v1/clinic-1/device-1/status"


async def test_many_messages_in_flight_all_arrive_once(default_mosquitto: Mosquitto) -> None:
    settings = settings_for(default_mosquitto.port)
    async with running(settings) as run, Publisher(settings, client_id="p", max_in_flight=200) as publisher:
        async with asyncio.TaskGroup() as tasks:
            for payload in numbered(800):
                tasks.create_task(publisher.publish(TOPIC, payload))
        deliveries: list[Delivery] = []
        while len(deliveries) < 800:
            batch = await run.take_count(1)
            run.collector.acknowledge(batch)
            deliveries += batch
        assert sorted(delivery.payload for delivery in deliveries) == sorted(numbered(800))


async def test_a_will_is_published_when_the_connection_breaks_and_not_when_it_is_closed(mosquitto: Mosquitto) -> None:
    settings = settings_for(mosquitto.port)
    async with running(settings) as run:
        will = Will(STATUS, b'{"state":"offline"}')
        async with Publisher(settings, client_id="device-1", will=will) as publisher:
            await publisher.publish(STATUS, b'{"state":"online"}', retain=True)
        (online,) = await run.take_count(1)
        async with Publisher(settings, client_id="device-1", will=will), Publisher(settings, client_id="device-1"):
            offline = await run.take_count(1)
        assert [online.payload, *(one.payload for one in offline)] == [b'{"state":"online"}', b'{"state":"offline"}']


async def test_a_retained_message_expires(mosquitto: Mosquitto) -> None:
    async with Publisher(MqttSettings(port=mosquitto.port)) as publisher:
        await publisher.publish(STATUS, b"short", retain=True, expiry_s=1)
        await publisher.publish(f"{STATUS[:-8]}2/status", b"long", retain=True, expiry_s=600)
    await asyncio.sleep(2.1)
    async with running(settings_for(mosquitto.port)) as run:
        (stored,) = await run.take_count(1)
        assert (stored.payload, stored.retained) == (b"long", True)


async def test_a_lost_connection_ends_all_waiting_at_once(mosquitto: Mosquitto) -> None:
    async with Publisher(MqttSettings(port=mosquitto.port)) as publisher:
        mosquitto.suspend()
        waiting = [asyncio.create_task(publisher.publish(TOPIC, payload)) for payload in numbered(3)]
        await asyncio.sleep(0)
        begin_s = time.monotonic()
        mosquitto.kill()
        results = await asyncio.gather(*waiting, return_exceptions=True)
        assert all(isinstance(result, PublishError) for result in results)
        assert time.monotonic() - begin_s < 30
        assert not publisher.connected
        with pytest.raises(PublishError, match="not connected"):
            await publisher.publish(TOPIC, b"{}")


async def test_a_broker_that_is_not_there_is_an_error_of_ours() -> None:
    with pytest.raises(PublishError, match="can't publish at mqtt://127"):
        async with Publisher(MqttSettings(port=free_port())):
            pass


async def test_a_topic_with_wildcards_is_an_error_of_ours(mosquitto: Mosquitto) -> None:
    async with Publisher(MqttSettings(port=mosquitto.port)) as publisher:
        with pytest.raises(PublishError, match="fleet/#"):
            await publisher.publish("fleet/#", b"{}")
        assert publisher.connected
