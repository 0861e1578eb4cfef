"""The broker configuration that we ship, in a real mosquitto: who may write and read what, and what it keeps."""

from __future__ import annotations

import asyncio
import getpass
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import aiomqtt
import pytest

from collectors.errors import PublishError
from collectors.mqtt import MqttSettings, TlsFiles
from collectors.mqtt_publish import Publisher
from tests.collectors.harness import numbered, running
from tests.support.broker import Mosquitto, free_port, running_mosquitto
from tests.support.certificates import Authority

pytestmark = pytest.mark.mosquitto
SHIPPED = Path(__file__).parents[2] / "deploy" / "mosquitto"
OURS = "fleet/v1/clinic-a/device-1"
THEIRS = "fleet/v1/clinic-b/device-2"
KINDS = ("telemetry", "session", "nozzle", "status")


@dataclass(frozen=True)
class Shipped:
    broker: Mosquitto
    tls_port: int
    ca_file: Path

    def settings(self, user: str) -> MqttSettings:
        return MqttSettings(port=self.broker.port, username=user, password=f"{user}-secret", client_id=user)


@pytest.fixture
def shipped(tmp_path: Path) -> Iterator[Shipped]:
    program = shutil.which("mosquitto_passwd")
    if program is None:
        pytest.skip("mosquitto_passwd is not installed; it comes with Debian's mosquitto")
    files, port, tls_port = tmp_path / "etc", free_port(), free_port()
    authority = Authority(files)
    server = authority.issue("127.0.0.1")
    shutil.copy(server.cert_file, files / "server.crt")
    shutil.copy(server.key_file, files / "server.key")
    shutil.copy(SHIPPED / "acl.example", files / "acl")
    for user in ("gateway", "device-1", "device-2"):
        create = [] if (files / "passwords").exists() else ["-c"]
        command = [program, *create, "-b", str(files / "passwords"), user, f"{user}-secret"]
        subprocess.run(command, check=True, timeout=60)
    config = (SHIPPED / "silverpoint.conf").read_text()
    for shipped_text, here in (
        ("/etc/mosquitto/silverpoint/", f"{files}/"),
        ("/var/lib/mosquitto/", f"{tmp_path}/"),
        ("listener 8883\n", f"listener {tls_port} 127.0.0.1\n"),
        ("listener 1883 127.0.0.1", f"listener {port} 127.0.0.1"),
    ):
        assert shipped_text in config
        config = config.replace(shipped_text, here)
    with running_mosquitto(tmp_path, port=port, config=f"user {getpass.getuser()}\n{config}") as broker:
        yield Shipped(broker, tls_port, authority.ca_file)


async def heard(shipped: Shipped, reader: str, topic: str, writer: str) -> bool:
    """Whether what `writer` publishes to `topic` reaches `reader` within a time that is long for a loopback."""
    settings = shipped.settings(reader)
    async with aiomqtt.Client(
        "127.0.0.1",
        settings.port,
        identifier=f"{reader}-reads",
        username=reader,
        password=settings.password,
        protocol=aiomqtt.ProtocolVersion.V5,
    ) as client:
        await client.subscribe(topic, qos=1)
        async with Publisher(shipped.settings(writer)) as publisher:
            with suppress(PublishError):
                await publisher.publish(topic, b"{}")
        with suppress(TimeoutError):
            async with asyncio.timeout(0.4):
                async for _ in client.messages:
                    return True
    return False


async def test_a_device_writes_its_four_kinds_and_the_gateway_reads_them(shipped: Shipped) -> None:
    topics = [f"{device}/{kind}" for device in (OURS, THEIRS) for kind in KINDS]
    async with running(shipped.settings("gateway")) as run:
        for device, user in ((OURS, "device-1"), (THEIRS, "device-2")):
            async with Publisher(shipped.settings(user)) as publisher:
                for kind in KINDS:
                    await publisher.publish(f"{device}/{kind}", b"{}")
        assert [delivery.topic for delivery in await run.take_count(8)] == topics


async def test_a_device_cannot_speak_for_another_nor_from_another_clinic(shipped: Shipped) -> None:
    async with running(shipped.settings("gateway")) as run:
        # This mosquitto may end the connection of a client that writes where it must not: one for each attempt.
        for topic in (f"{THEIRS}/telemetry", "fleet/v1/clinic-b/device-1/telemetry", f"{OURS}/advice"):
            with suppress(PublishError):
                async with Publisher(shipped.settings("device-1")) as publisher:
                    await publisher.publish(topic, b"forged")
        async with Publisher(shipped.settings("device-1")) as publisher:
            await publisher.publish(f"{OURS}/telemetry", b"true")
        (only,) = await run.take_count(1)
        assert (only.topic, only.payload) == (f"{OURS}/telemetry", b"true")


async def test_a_device_reads_its_own_advice_and_writes_none(shipped: Shipped) -> None:
    assert await heard(shipped, "device-1", f"{OURS}/advice", "gateway")
    assert not await heard(shipped, "device-1", f"{OURS}/advice", "device-1")
    assert not await heard(shipped, "device-1", f"{OURS}/advice", "device-2")


async def test_a_device_reads_nothing_else(shipped: Shipped) -> None:
    assert not await heard(shipped, "device-1", f"{THEIRS}/advice", "gateway")
    assert not await heard(shipped, "device-1", f"{THEIRS}/telemetry", "device-2")
    assert not await heard(shipped, "device-1", f"{OURS}/telemetry", "device-1")


async def test_without_a_name_nobody_connects(shipped: Shipped) -> None:
    with pytest.raises(PublishError):
        async with Publisher(MqttSettings(port=shipped.broker.port)):
            pass


async def test_devices_come_over_tls(shipped: Shipped) -> None:
    settings = MqttSettings(
        port=shipped.tls_port, username="device-1", password="device-1-secret", tls=TlsFiles(shipped.ca_file)
    )
    async with running(shipped.settings("gateway")) as run:
        async with Publisher(settings) as publisher:
            await publisher.publish(f"{OURS}/telemetry", b"{}")
        assert len(await run.take_count(1)) == 1


async def test_more_than_1000_messages_wait_for_the_gateway_also_over_a_restart_of_the_broker(shipped: Shipped) -> None:
    gateway = shipped.settings("gateway")
    async with running(gateway):
        pass
    async with Publisher(shipped.settings("device-1")) as publisher:
        await publisher.publish(f"{OURS}/nozzle", b"first")
        async with asyncio.TaskGroup() as tasks:
            for payload in numbered(2500):
                tasks.create_task(publisher.publish(f"{OURS}/telemetry", payload))
    shipped.broker.restart()
    async with running(gateway, had_session=True) as run:
        deliveries = await run.take_count(2501)
        assert deliveries[0].payload == b"first"
        assert len({delivery.payload for delivery in deliveries}) == 2501
        assert run.witness.sessions_lost == 0


def test_no_shipped_acl_entry_of_a_device_has_a_wildcard() -> None:
    user = ""
    for line in (SHIPPED / "acl.example").read_text().splitlines():
        user = line.removeprefix("user ") if line.startswith("user ") else user
        assert not re.search(r"^(pattern|topic \S+ [#$])", line)
        if line.startswith("topic ") and user != "gateway":
            assert re.fullmatch(
                r"topic (write|read) fleet/v1/[\w-]+/[\w-]+/(telemetry|session|nozzle|status|advice)", line
            )


def test_the_shipped_config_does_not_rewrite_the_database_at_every_change() -> None:
    settings = [
        line.split(" ") for line in (SHIPPED / "silverpoint.conf").read_text().splitlines() if line and line[0] != "#"
    ]
    assert ["autosave_interval", "1"] in settings
    assert "autosave_on_changes" not in {words[0] for words in settings}
