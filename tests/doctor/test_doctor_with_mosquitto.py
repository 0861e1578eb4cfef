"""`silverpoint doctor` as a person runs it, against a real mosquitto."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from collectors.mqtt_probe import TRIED_MESSAGES, probe_broker
from collectors.mqtt_settings import MqttSettings
from tests.support.broker import BrokerOptions, Mosquitto, free_port, running_mosquitto
from tests.support.gateway_process import GatewayProcess

pytestmark = pytest.mark.mosquitto

SHIPPED = BrokerOptions(max_queued_messages=100_000_000, extra=("message_size_limit 1048576",))


def doctor(directory: Path, broker_url: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SILVERPOINT_")}
    return subprocess.run(
        [sys.executable, "-m", "gateway.cli", "doctor"],
        cwd=directory, env=environment | {"SILVERPOINT_BROKER__URL": broker_url} | settings,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def wrong_about(area: str, done: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in done.stdout.splitlines() if line.startswith(f"wrong: {area}:")]


def sessions_at(broker: Mosquitto) -> str:
    """All that the broker has written down once it ended in order."""
    broker.stop()
    return (broker.directory / "mosquitto.db").read_bytes().decode("latin-1")


async def test_mosquittos_own_settings_are_found_to_lose_messages(tmp_path: Path) -> None:
    with running_mosquitto(tmp_path / "broker", BrokerOptions(default=True)) as broker:
        done = doctor(tmp_path, broker.url)
    assert done.returncode == 1
    (line,) = wrong_about("broker", done)
    assert f"of {TRIED_MESSAGES} messages for a client that was away it kept 1000" in line
    assert "max_queued_messages" in line


async def test_a_broker_with_the_shipped_settings_is_in_order_and_keeps_nothing_of_the_doctor(tmp_path: Path) -> None:
    with running_mosquitto(tmp_path / "broker", SHIPPED) as broker:
        done = doctor(tmp_path, broker.url)
        assert wrong_about("broker", done) == [], done.stdout
        assert "note: broker: mosquitto version" in done.stdout
        told_wrong = any(
            line.startswith("wrong: ") for line in done.stdout.splitlines()
        )  # of this machine's disk, perhaps
        assert (done.returncode == 0) == ("nothing is wrong" in done.stdout) == (not told_wrong)
        assert "doctor" not in sessions_at(broker)


async def test_a_broker_that_refuses_large_messages_is_found(tmp_path: Path) -> None:
    for limit in ("message_size_limit 100000", "max_packet_size 2000"):
        options = BrokerOptions(max_queued_messages=100_000_000, extra=(limit,))
        with running_mosquitto(tmp_path / limit.split()[0], options) as broker:
            facts = await probe_broker(MqttSettings.from_url(broker.url))
        assert facts.takes_largest is False, limit
        assert facts.kept_messages == TRIED_MESSAGES


async def test_where_the_acl_keeps_the_doctor_out_it_says_so_and_judges_the_rest(tmp_path: Path) -> None:
    passwords, acl = tmp_path / "passwords", tmp_path / "acl"
    passwords.touch(mode=0o600)
    subprocess.run(["mosquitto_passwd", "-b", str(passwords), "gateway", "secret"], check=True, timeout=60)
    acl.write_text("user gateway\ntopic read fleet/#\ntopic write fleet/v1/+/+/advice\n")
    acl.chmod(0o600)
    for queued in (0, 100_000_000):
        extra = ("allow_anonymous false", f"password_file {passwords}", f"acl_file {acl}")
        options = BrokerOptions(max_queued_messages=queued, extra=extra)
        with running_mosquitto(tmp_path / f"broker-{queued}", options) as broker:
            settings = MqttSettings.from_url(broker.url.replace("//", "//gateway:secret@"))
            facts = await probe_broker(settings)
        assert (facts.kept_messages, facts.takes_largest) == (None, None)
        assert facts.session_kept
        assert not facts.takes_anonymous


def test_a_broker_that_is_not_there_or_refuses_us_is_told_in_one_line(tmp_path: Path) -> None:
    done = doctor(tmp_path, f"mqtt://127.0.0.1:{free_port()}")
    assert done.returncode == 1
    (line,) = wrong_about("broker", done)
    assert "check broker.url" in line
    with running_mosquitto(tmp_path / "broker", BrokerOptions(extra=("allow_anonymous false",))) as broker:
        (line,) = wrong_about("broker", doctor(tmp_path, broker.url))
    assert "refused the connection" in line


def test_the_gateway_keeps_its_session_while_the_doctor_looks(tmp_path: Path) -> None:
    with running_mosquitto(tmp_path / "broker", SHIPPED) as broker, GatewayProcess(tmp_path, broker.url) as gateway:
        gateway.wait_ready()
        done = doctor(tmp_path, broker.url, SILVERPOINT_STORE__URL=f"sqlite:///{gateway.store_path}")
        assert wrong_about("store", done) == [], done.stdout
        assert wrong_about("broker", done) == [], done.stdout
        assert gateway.status_of("/readyz") == 200
        assert "silverpoint_broker_disconnects_total 0.0" in gateway.metrics()
        assert 'silverpoint_messages_received_total{kind="' not in gateway.metrics()


def test_a_wrong_configuration_is_wrong_usage(tmp_path: Path) -> None:
    done = doctor(tmp_path, "http://nowhere")
    assert (done.returncode, done.stdout) == (2, "")
