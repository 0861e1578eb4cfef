"""Settings: URLs taken apart, and values refused that would lose messages."""

from __future__ import annotations

from pathlib import Path

import pytest

from collectors.mqtt_settings import MqttSettings, TlsFiles


def test_a_url_is_taken_apart_and_its_user_and_password_decoded() -> None:
    settings = MqttSettings.from_url("mqtts://gate%40way:p%3Ass%2F%C3%BC@broker.example:8884", client_id="g1", root="x")
    assert (settings.host, settings.port) == ("broker.example", 8884)
    assert (settings.username, settings.password) == ("gate@way", "p:ss/ü")
    assert settings.tls == TlsFiles()
    assert (settings.client_id, settings.root) == ("g1", "x")


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("mqtt://127.0.0.1", "127.0.0.1", 1883),
        ("mqtts://broker/", "broker", 8883),
        ("mqtt://[::1]:1884", "::1", 1884),
    ],
)
def test_ports_have_their_usual_defaults(url: str, host: str, port: int) -> None:
    settings = MqttSettings.from_url(url)
    assert (settings.host, settings.port) == (host, port)


def test_no_text_of_the_settings_shows_the_password() -> None:
    settings = MqttSettings.from_url("mqtts://gateway:hunter2@[::1]:8883")
    assert settings.display_url == "mqtts://[::1]:8883"
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://gateway:hunter2@broker", "mqtt:// or mqtts://"),
        ("broker:1883", "mqtt:// or mqtts://"),
        ("mqtt://", "host and port"),
        ("mqtt://gateway:hunter2@:1883", "host and port"),
        ("mqtt://gateway:hunter2@broker:99999", "host and port"),
        ("mqtt://gateway:hunter2@broker:0", "host and port"),
        ("mqtt://gateway:hunter2@broker:port", "host and port"),
        ("mqtt://gateway:hunter2@broker/fleet", "end after host and port"),
        ("mqtt://gateway:hunter2?@broker", "host and port"),
        ("mqtt://:hunter2@broker", "user name"),
    ],
)
def test_a_wrong_url_is_refused_in_words_without_the_password(url: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        MqttSettings.from_url(url)
    assert "hunter2" not in str(caught.value)


def test_tls_files_need_a_tls_url_and_a_key_needs_its_certificate() -> None:
    with pytest.raises(ValueError, match="mqtts://"):
        MqttSettings.from_url("mqtt://broker", ca_file=Path("ca.crt"))
    with pytest.raises(ValueError, match="certificate file"):
        MqttSettings.from_url("mqtts://broker", key_file=Path("our.key"))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"receive_maximum": 65_535}, "receive maximum"),
        ({"receive_maximum": 0}, "receive maximum"),
        ({"session_expiry_s": 3600}, "7 days"),
        ({"client_id": ""}, "client id"),
        ({"root": "fleet/#"}, "topic root"),
        ({"keep_alive_s": 0}, "keep-alive"),
        ({"reconnect_min_ms": 500, "reconnect_max_ms": 100}, "reconnect"),
        ({"host": ""}, "host"),
    ],
)
def test_values_that_would_lose_messages_are_refused(changes: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        MqttSettings(**changes)  # type: ignore[arg-type]
