"""Who may connect, over TLS and with passwords: on a real mosquitto."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from collectors.errors import BrokerRefusedError, PublishError
from collectors.mqtt import MqttSettings, TlsFiles
from collectors.mqtt_publish import Publisher
from tests.collectors.harness import TOPIC, running, settings_for, until
from tests.support.broker import BrokerOptions, free_port, running_mosquitto
from tests.support.certificates import Authority

pytestmark = pytest.mark.mosquitto


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "pki")


def tls_lines(authority: Authority, port: int, *, client_certificates: bool = False) -> list[str]:
    server = authority.issue("127.0.0.1")
    return [
        f"listener {port} 127.0.0.1",
        f"cafile {authority.ca_file}",
        f"certfile {server.cert_file}",
        f"keyfile {server.key_file}",
        f"require_certificate {'true' if client_certificates else 'false'}",
    ]


async def test_it_speaks_tls_with_a_broker_of_its_own_authority(tmp_path: Path, authority: Authority) -> None:
    port = free_port()
    with running_mosquitto(tmp_path / "b", BrokerOptions(extra=tls_lines(authority, port)), port=port):
        settings = settings_for(port, tls=TlsFiles(authority.ca_file))
        assert settings.display_url == f"mqtts://127.0.0.1:{port}"
        async with running(settings) as run:
            async with Publisher(settings) as publisher:
                await publisher.publish(TOPIC, b"x" * 300_000)
            (delivery,) = await run.take_count(1)
            assert len(delivery.payload) == 300_000
            run.collector.acknowledge([delivery])
        assert run.task.done()


async def test_a_client_certificate_opens_a_broker_that_asks_for_one(tmp_path: Path, authority: Authority) -> None:
    port = free_port()
    options = BrokerOptions(extra=tls_lines(authority, port, client_certificates=True))
    ours = authority.issue("gateway")
    with running_mosquitto(tmp_path / "b", options, port=port):
        async with running(settings_for(port, tls=TlsFiles(authority.ca_file, ours.cert_file, ours.key_file))):
            pass
        async with running(settings_for(port, tls=TlsFiles(authority.ca_file)), wait=False) as run:
            await until(lambda: bool(run.witness.reasons))
            assert not run.collector.connected


async def test_an_unknown_authority_is_refused_with_a_word_on_what_to_change(
    tmp_path: Path, authority: Authority
) -> None:
    port = free_port()
    with running_mosquitto(tmp_path / "b", BrokerOptions(extra=tls_lines(authority, port)), port=port):
        async with running(settings_for(port, tls=TlsFiles()), wait=False) as run:
            await until(lambda: bool(run.witness.reasons))
            assert "set broker.ca_file" in run.witness.reasons[0]


async def test_tls_and_plain_mixed_up_is_said(tmp_path: Path, authority: Authority) -> None:
    port = free_port()
    with running_mosquitto(tmp_path / "tls", BrokerOptions(extra=tls_lines(authority, port)), port=port):
        async with running(settings_for(port), wait=False) as run:
            await until(lambda: bool(run.witness.reasons))
            assert "mqtts://" in run.witness.reasons[0]
    with running_mosquitto(tmp_path / "plain") as broker:
        async with running(settings_for(broker.port, tls=TlsFiles(authority.ca_file)), wait=False) as run:
            await until(lambda: bool(run.witness.reasons))
            assert "TLS" in run.witness.reasons[0]


def test_tls_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    missing = tmp_path / "missing.crt"
    with pytest.raises(BrokerRefusedError, match=r"missing\.crt"):
        TlsFiles(missing).context()


async def test_a_context_made_elsewhere_is_taken_as_it_is(tmp_path: Path, authority: Authority) -> None:
    port = free_port()
    context = ssl.create_default_context(cafile=authority.ca_file)
    with running_mosquitto(tmp_path / "b", BrokerOptions(extra=tls_lines(authority, port)), port=port):
        async with running(settings_for(port, tls=context)):
            pass


async def test_a_wrong_password_says_what_to_change_and_the_right_one_connects(tmp_path: Path) -> None:
    program = shutil.which("mosquitto_passwd")
    if program is None:
        pytest.skip("mosquitto_passwd is not installed; it comes with Debian's mosquitto")
    passwords = tmp_path / "passwords"
    subprocess.run([program, "-c", "-b", passwords, "gateway", "s3cret/ü"], check=True, timeout=60)
    options = BrokerOptions(extra=["allow_anonymous false", f"password_file {passwords}"])
    with running_mosquitto(tmp_path / "b", options) as broker:
        wrong = settings_for(broker.port, username="gateway", password="wrong")
        async with running(wrong, wait=False) as run:
            await until(lambda: len(run.witness.reasons) >= 2, "a second attempt")
            assert "set the right user and password in broker.url" in run.witness.reasons[0]
            assert "wrong" not in run.witness.reasons[0]
        right = MqttSettings.from_url(f"mqtt://gateway:s3cret%2F%C3%BC@127.0.0.1:{broker.port}")
        async with running(right) as run:
            assert run.witness.reasons == []
        with pytest.raises(PublishError, match="can't publish"):
            async with Publisher(wrong):
                pass
