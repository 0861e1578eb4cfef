"""What the doctor makes of what it sees."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from collectors.mqtt_probe import TRIED_MESSAGES, BrokerFacts
from collectors.mqtt_settings import MqttSettings, TlsFiles
from gateway.clock import ManualClock
from gateway.config import Config, HttpConfig, NotifyConfig, StoreConfig
from gateway.doctor.broker import judge_broker, judge_reach
from gateway.doctor.channels import examine_channels, judge_channels, places
from gateway.doctor.exposure import examine_files, judge_exposure
from gateway.doctor.finding import Finding, Weight
from gateway.doctor.machine import examine_clock, examine_store, filesystem_of
from tests.support.broker import free_port

DAY_S = 86_400
GOOD = BrokerFacts(
    session_expiry_s=30 * DAY_S, max_qos=1, retain_available=True, wildcards_available=True, max_packet_bytes=None,
    takes_anonymous=False, version=None, session_kept=True, kept_messages=TRIED_MESSAGES, takes_largest=True,
)  # fmt: skip


def wrongs(findings: Any) -> list[Finding]:
    return [finding for finding in findings if finding.weight is Weight.WRONG]


def test_of_a_good_broker_nothing_is_said() -> None:
    assert list(judge_broker(GOOD)) == []
    assert list(judge_reach(MqttSettings(), GOOD)) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"session_expiry_s": DAY_S // 2}, "after 0.5 days"),
        ({"session_kept": False}, "as soon as the client is away"),
        ({"kept_messages": 1_000}, "it kept 1000"),
        ({"max_qos": 0}, "QoS 0 only"),
        ({"wildcards_available": False}, "no wildcards"),
        ({"retain_available": False}, "no retained messages"),
        ({"takes_largest": False}, "512 KiB"),
    ],
)
def test_each_way_of_losing_messages_is_wrong(changed: dict[str, Any], said: str) -> None:
    facts = {name: getattr(GOOD, name) for name in GOOD.__slots__} | changed
    (finding,) = wrongs(judge_broker(BrokerFacts(**facts)))
    assert said in finding.what
    assert finding.change


@pytest.mark.parametrize(("version", "faults"), [("2.0.11", 2), ("2.0.18", 1), ("2.0.22", 0), ("2.1.0", 0)])
def test_known_faults_are_told_by_version(version: str, faults: int) -> None:
    facts = {name: getattr(GOOD, name) for name in GOOD.__slots__} | {"version": f"mosquitto version {version}"}
    notes = list(judge_broker(BrokerFacts(**facts)))
    assert wrongs(notes) == []
    assert sum(version in finding.what for finding in notes) == faults


def test_a_broker_elsewhere_needs_tls_and_names() -> None:
    anonymous = BrokerFacts(**({name: getattr(GOOD, name) for name in GOOD.__slots__} | {"takes_anonymous": True}))
    assert len(wrongs(judge_reach(MqttSettings(host="broker.example.org"), anonymous))) == 2
    assert wrongs(judge_reach(MqttSettings(host="broker.example.org", tls=TlsFiles()), GOOD)) == []
    assert wrongs(judge_reach(MqttSettings(), anonymous)) == []


@pytest.mark.parametrize(
    ("http", "count"),
    [
        ({}, 0),
        ({"listen": "0.0.0.0:8080"}, 3),
        ({"listen": "0.0.0.0:8080", "metrics_token": SecretStr("long-enough-token")}, 2),
        ({"trusted_proxies": ("127.0.0.1",)}, 1),
        ({"trusted_proxies": ("127.0.0.1",), "public_url": "https://silverpoint.example.org"}, 0),
    ],
)
def test_exposure_is_judged_by_the_listen_address(http: dict[str, Any], count: int) -> None:
    assert len(wrongs(judge_exposure(Config(http=HttpConfig(**http))))) == count


def test_files_that_others_can_read_are_named(tmp_path: Path) -> None:
    store = tmp_path / "silverpoint.db"
    store.touch(mode=0o600)
    config = Config(store=StoreConfig(url=f"sqlite:///{store}"))
    assert list(examine_files(config, None)) == []
    store.chmod(0o644)
    (finding,) = examine_files(config, None)
    assert finding.change == f"chmod 600 {store}"


def test_files_with_secrets_are_to_be_read_by_one_user_and_a_configuration_without_them_is_not(tmp_path: Path) -> None:
    token, settings = tmp_path / "token", tmp_path / "silverpoint.toml"
    token.write_text("0123456789abcdef")
    token.chmod(0o600)
    settings.write_text(
        f'[broker]\nurl = "mqtt://127.0.0.1:1883"\n[http]\nmetrics_token_file = "{token}"\n'
        f'[[notify.receivers]]\nname = "ops"\nchannel = "apprise"\nurl_file = "{token}"\n'
    )
    settings.chmod(0o644)
    config = Config(store=StoreConfig(url=f"sqlite:///{tmp_path}/silverpoint.db"))
    assert list(examine_files(config, settings)) == []

    token.chmod(0o640)
    assert [finding.change for finding in examine_files(config, settings)] == [f"chmod 600 {token}"]

    token.chmod(0o600)
    for secret in ('[broker]\nurl = "mqtt://gateway:word@host"\n', '[http]\nmetrics_token = "0123456789abcdef"\n'):
        settings.write_text(secret)
        assert [finding.change for finding in examine_files(config, settings)] == [f"chmod 600 {settings}"]


async def test_a_clock_that_was_never_set_is_wrong() -> None:
    assert any("never been set" in finding.what for finding in await examine_clock(ManualClock(1_000)))
    assert not any("never been set" in finding.what for finding in await examine_clock(ManualClock(1_800_000_000_000)))


async def test_a_file_that_is_no_store_and_a_folder_that_is_not_there_are_wrong(tmp_path: Path) -> None:
    (tmp_path / "junk.db").write_bytes(b"junk" * 1_000)
    assert len(wrongs(await examine_store(tmp_path / "junk.db"))) == 1
    (finding,) = wrongs(await examine_store(tmp_path / "nowhere" / "x.db"))
    assert "make it or change store.url" in finding.change
    assert wrongs(await examine_store(tmp_path / "new.db")) == []


def test_the_file_system_is_that_of_the_longest_mount_point(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text("/dev/sda / ext4 rw 0 0\nserver:/x /srv/data nfs4 rw 0 0\nproc /proc proc rw 0 0\n")
    assert filesystem_of(Path("/srv/data/silverpoint"), mounts) == "nfs4"
    assert filesystem_of(Path("/srv/other"), mounts) == "ext4"
    assert filesystem_of(Path("/srv"), tmp_path / "none") is None


WEBHOOK = {"name": "hook", "channel": "webhook", "secret": SecretStr("sixteen-characters")}


def notify(url: str, *allowed: str) -> NotifyConfig:
    receivers = (
        {**WEBHOOK, "url": SecretStr(url)},
        {"name": "chat", "channel": "apprise", "url": SecretStr("json://x")},
    )
    return NotifyConfig(receivers=receivers, heartbeat_url=SecretStr(url), allow_private_networks=allowed)  # type: ignore[arg-type]


async def test_channels_are_reached_without_sending_anything() -> None:
    said: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said.append(await reader.read())
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        assert await examine_channels(notify(f"http://127.0.0.1:{port}/hook", "127.0.0.1")) == []
    assert set(said) == {b""}
    found = wrongs(await examine_channels(notify(f"http://127.0.0.1:{free_port()}/hook", "127.0.0.1")))
    assert len(found) == 2
    assert "the receiver hook can't be reached" in found[0].what


async def test_a_webhook_that_the_guard_would_refuse_is_told_before_an_alert_is_lost_by_it() -> None:
    for url in (f"https://localhost:{free_port()}/hook", "https://169.254.169.254/hook"):
        found = [finding for finding in wrongs(await examine_channels(notify(url))) if "hook" in finding.what]
        assert len(found) == 1
        assert "the receiver hook would get nothing" in found[0].what
        assert "allow_private_networks" in found[0].change


def test_one_way_to_people_is_told() -> None:
    one = NotifyConfig.model_validate({"receivers": [{"name": "chat", "channel": "apprise", "url": "json://x"}]})
    assert any("one way to people" in finding.what for finding in judge_channels(one))
    assert not any("one way" in finding.what for finding in judge_channels(notify("https://hooks.example.org")))


def test_channels_in_clear_text_and_none_at_all_are_told() -> None:
    assert len(wrongs(judge_channels(notify("http://hooks.example.org/x")))) == 2
    assert wrongs(judge_channels(notify("https://hooks.example.org/x"))) == []
    assert [finding.weight for finding in judge_channels(NotifyConfig())] == [Weight.NOTE, Weight.NOTE]
    assert {place.port for place in places(notify("https://hooks.example.org/x"))} == {443}
