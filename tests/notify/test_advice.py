"""Advice: what a device is told, and that the real broker keeps it."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from collectors.errors import PublishError
from collectors.mqtt_publish import Publisher
from collectors.mqtt_settings import MqttSettings
from gateway.ingest.fleet import NozzleState
from gateway.notify.advice import Advice, AdvicePublisher, Connect, advice_for
from gateway.store.rows import DeviceState
from schemas.alert import Alert, AlertState, Rule
from schemas.delivery import Delivery
from tests.alerts.site import Device, Site, open_site
from tests.support.broker import Mosquitto, free_port, running_mosquitto

DEVICE = DeviceState("d-1", "c-1", 1, 2)
NOZZLE = NozzleState("N1", "d-1", "c-1", True, 10, 0.5, 1, 2, None, None, None, None)
HOUR_MS = 3_600_000


def alerts(**states: AlertState) -> dict[Rule, Alert]:
    made: dict[Rule, Alert] = {}
    for rule in ("nozzle_due", "nozzle_worn_out"):
        if rule in states:
            made[rule] = Alert(  # type: ignore[index]
                1, rule, "N1", "c-1", "d-1", "warning", states[rule], 1.0, "", 1, 1, None, None, 1
            )  # type: ignore[arg-type]
    return made


@pytest.mark.parametrize(
    ("wear", "open_alerts", "word"),
    [
        (0.1, {}, "ok"),
        (None, {}, "unknown"),
        (0.9, {"nozzle_due": "pending"}, "ok"),
        (0.9, {"nozzle_due": "firing"}, "due"),
        (1.1, {"nozzle_due": "firing", "nozzle_worn_out": "pending"}, "due"),
        (1.1, {"nozzle_worn_out": "firing"}, "replace"),
        (0.93, {"nozzle_worn_out": "firing"}, "replace"),
    ],
)
def test_the_firing_alerts_decide_what_is_said(
    wear: float | None, open_alerts: dict[str, AlertState], word: str
) -> None:
    assert advice_for(DEVICE, NOZZLE, wear, alerts(**open_alerts)) == Advice("c-1", "N1", word)  # type: ignore[arg-type]


def test_without_a_nozzle_nothing_is_known() -> None:
    assert advice_for(DEVICE, None, None, {}) == Advice("c-1", None, "unknown")


def test_a_device_that_moved_is_told_at_its_new_clinic() -> None:
    assert advice_for(replace(DEVICE, clinic_id="c-2"), NOZZLE, 0.1, {}).clinic_id == "c-2"


class LateOutlet:
    """An outlet that can't be reached until it is opened; keeps what was said."""

    def __init__(self) -> None:
        self.open = False
        self.said: list[str] = []

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False, expiry_s: int | None = None) -> None:
        if not self.open:
            raise PublishError("not there yet")
        assert (retain, expiry_s) == (True, 24 * 3_600)
        self.said.append(json.loads(payload)["nozzle"])

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[LateOutlet]:
        yield self


async def test_of_what_waited_only_the_newest_is_said(tmp_path: Path) -> None:
    device, outlet = Device(), LateOutlet()
    async with open_site(tmp_path / "s.db") as site, publishing(site, outlet.connect):
        for readings in ([device.sample(1, "N1", 0.1)], [device.sample(2, "N1", 0.9), device.sample(3, "N1", 0.9)]):
            await site.say(*readings)
            await asyncio.sleep(0.3)
        outlet.open = True
        async with asyncio.timeout(60):
            while not outlet.said:
                await asyncio.sleep(0.02)
    assert set(outlet.said) == {"due"}


async def test_a_device_that_only_a_retained_status_told_of_is_told_that_nothing_is_known(tmp_path: Path) -> None:
    outlet = LateOutlet()
    outlet.open = True
    async with open_site(tmp_path / "s.db") as site, publishing(site, outlet.connect):
        await site.say(Delivery("fleet/v1/c-1/d-9/status", b'{"state":"online"}', site.clock.now_ms(), retained=True))
        async with asyncio.timeout(60):
            while not outlet.said:
                await asyncio.sleep(0.02)
    assert outlet.said == ["unknown"]


def broker_at(url: str) -> Connect:
    settings = MqttSettings.from_url(url)
    return lambda: Publisher(settings, client_id="silverpoint-advice")


@asynccontextmanager
async def publishing(site: Site, connect: Connect) -> AsyncIterator[AdvicePublisher]:
    publisher = AdvicePublisher(
        fleet=site.fleet,
        registry=site.registry,
        alerts=site.engine,
        feed=site.feed,
        connect=connect,
        root="fleet",
        valid_h=24,
        clock=site.clock,
        events=site.events,
    )
    running = asyncio.create_task(publisher.run())
    try:
        yield publisher
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


def _retained(broker: Mosquitto, device: str = "c-1/d-1") -> dict[str, Any] | None:
    command = ["mosquitto_sub", "-V", "5", "-p", str(broker.port), "-t", f"fleet/v1/{device}/advice", "-C", "1"]
    said = subprocess.run([*command, "-W", "1"], capture_output=True, text=True, check=False).stdout
    return dict(json.loads(said)) if said.strip() else None


async def until_told(broker: Mosquitto, word: str, serial: str | None) -> dict[str, Any]:
    """Waits until the broker keeps this advice for the device."""
    async with asyncio.timeout(60):
        while True:
            told = await asyncio.to_thread(_retained, broker)
            if told is not None and (told["nozzle"], told["serial"]) == (word, serial):
                return told


@pytest.mark.mosquitto
async def test_a_device_is_told_of_its_nozzle_and_of_the_next_one(tmp_path: Path) -> None:
    device = Device()
    with running_mosquitto(tmp_path / "broker") as broker:
        async with open_site(tmp_path / "s.db") as site, publishing(site, broker_at(broker.url)):
            await site.say(device.fitted(0, "N1"), device.sample(1, "N1", 0.1))
            told = await until_told(broker, "ok", "N1")
            assert told == {
                "serial": "N1",
                "nozzle": "ok",
                "remaining_sessions": None,
                "as_of_ms": site.clock.now_ms() - 23 * HOUR_MS,
                "valid_until_ms": site.clock.now_ms() + 24 * HOUR_MS,
            }
            await site.say(device.sample(2, "N1", 1.2), device.sample(3, "N1", 1.2))
            await until_told(broker, "replace", "N1")
            await site.say(device.removed(4, "N1"))
            await until_told(broker, "unknown", None)
            await site.say(device.fitted(5, "N2"), device.sample(6, "N2", 0.0))
            await until_told(broker, "ok", "N2")


@pytest.mark.mosquitto
async def test_advice_waits_for_a_broker_that_comes_later(tmp_path: Path) -> None:
    device = Device()
    port = free_port()
    async with open_site(tmp_path / "s.db") as site, publishing(site, broker_at(f"mqtt://127.0.0.1:{port}")):
        await site.say(device.fitted(0, "N1"), device.sample(1, "N1", 0.1))
        await asyncio.sleep(0.6)
        await site.say(device.sample(2, "N1", 0.9), device.sample(3, "N1", 0.9))
        with running_mosquitto(tmp_path / "broker", port=port) as broker:
            await until_told(broker, "due", "N1")


@pytest.mark.mosquitto
async def test_all_is_said_again_when_the_broker_has_forgotten_and_when_half_its_time_is_over(tmp_path: Path) -> None:
    device, other = Device(), Device("d-2", "c-2")
    async with open_site(tmp_path / "s.db") as site:
        await site.say(device.sample(1, "N1", 0.1), other.sample(1, "N2", 0.1))
        with running_mosquitto(tmp_path / "broker") as broker:
            async with publishing(site, broker_at(broker.url)) as publisher:
                await until_said(site, 2)
                await asyncio.sleep(0.6)  # what the commits woke has been looked at
                publisher.refresh()
                site.clock.advance(11 * HOUR_MS)
                publisher.refresh()
                await asyncio.sleep(0.3)
                said = _published(site)
                site.clock.advance(HOUR_MS)
                publisher.refresh()
                await until_said(site, said + 2)
                publisher.republish()
                await until_said(site, said + 4)


def _published(site: Site) -> float:
    return site.events.registry.get_sample_value("silverpoint_advice_published_total") or 0


async def until_said(site: Site, messages: int) -> None:
    async with asyncio.timeout(60):
        while _published(site) < messages:
            await asyncio.sleep(0.02)
