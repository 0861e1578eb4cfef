"""Configuration: defaults, precedence, secrets in files, and every mistake at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from gateway.config import BrokerConfig, Config, load_config, parse_listen
from gateway.errors import ConfigError

BROKEN = """\
[brokr]
url = "x"
[broker]
url = "amqp://user:hunter2@h"
clientid = "x"
[http]
listen = "8080"
trusted_proxies = ["10.0.0.0/8", "zz"]
metrics_token_file = "/nowhere/token"
[alerts]
due_wear = 1.5
due_hold_s = 1.5
[retention]
samples_days = 0
[store]
url = "postgresql://db/x"
"""


def write(directory: Path, text: str) -> Path:
    path = directory / "silverpoint.toml"
    path.write_text(text)
    return path


def mistakes(path: Path | None, environ: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_config(path, environ)
    return caught.value.mistakes


def test_without_any_configuration_the_contracts_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = load_config(None, {})
    assert config.broker.url.get_secret_value() == "mqtt://127.0.0.1:1883"
    assert config.store.url == "sqlite:///silverpoint.db"
    assert config.store.path == Path("silverpoint.db")
    assert config.http.listen == "127.0.0.1:8080"
    assert config.broker.root == "fleet"


def test_the_file_beside_us_is_read_when_none_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, '[broker]\nroot = "clinics"\n')
    monkeypatch.chdir(tmp_path)
    assert load_config(None, {}).broker.root == "clinics"


def test_a_variable_wins_over_the_file_key_by_key(tmp_path: Path) -> None:
    path = write(tmp_path, '[alerts]\ndue_wear = 0.7\ndue_hold_s = 60\n[broker]\nclient_id = "a"\n')
    config = load_config(path, {"SILVERPOINT_ALERTS__DUE_WEAR": "0.8", "SILVERPOINT_HTTP__LISTEN": "[::1]:9000"})
    assert (config.alerts.due_wear, config.alerts.due_hold_s, config.broker.client_id) == (0.8, 60, "a")
    assert config.http.address == parse_listen("[::1]:9000")


def test_a_list_in_a_variable_is_written_with_commas() -> None:
    config = load_config(None, {"SILVERPOINT_HTTP__TRUSTED_PROXIES": "10.0.0.1, 192.168.0.0/16"})
    assert config.http.trusted_proxies == ("10.0.0.1/32", "192.168.0.0/16")


def test_secrets_are_read_from_files_and_never_shown(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("0123456789abcdef\n")
    url = tmp_path / "url"
    url.write_text("mqtts://gateway:pa%2Fss@broker.example.org:8884\n")
    path = write(tmp_path, f'[broker]\nurl_file = "{url}"\n')
    config = load_config(path, {"SILVERPOINT_HTTP__METRICS_TOKEN_FILE": str(secret)})
    assert config.http.metrics_token is not None
    assert config.http.metrics_token.get_secret_value() == "0123456789abcdef"
    settings = config.broker.mqtt_settings()
    assert (settings.host, settings.port, settings.username, settings.password) == (
        "broker.example.org",
        8884,
        "gateway",
        "pa/ss",
    )
    assert "0123456789" not in repr(config)
    assert "pa%2Fss" not in repr(config)


def test_the_configuration_is_frozen() -> None:
    config = load_config(None, {})
    with pytest.raises(ValidationError):
        config.broker = BrokerConfig()
    with pytest.raises(ValidationError):
        config.http.listen = "127.0.0.1:1"


def test_made_directly_it_does_not_read_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROKER", '{"root": "elsewhere"}')
    monkeypatch.setenv("SILVERPOINT_BROKER__ROOT", "elsewhere")
    assert Config().broker.root == "fleet"


def test_all_mistakes_are_told_at_once_with_their_places(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        BROKEN,
    )
    environ = {
        "SILVERPOINT_HTPP__LISTEN": "x",
        "SILVERPOINT_ALERTS__KEEP_FIRING_S": "soon",
        "SILVERPOINT_HTTP__PUBLIC_URL": "ftp://x",
        "SILVERPOINT_LOG": "loud",
        "SILVERPOINT_PORT": "tcp://10.0.0.7:80",
    }
    told = mistakes(path, environ)
    assert sorted(told) == sorted(
        [
            f"{path} line 1: brokr: unknown section; did you mean broker?",
            f"{path} line 4: broker.url: the broker's URL must begin with mqtt:// or mqtts://",
            f"{path} line 5: broker.clientid: unknown key; did you mean client_id?",
            f"{path} line 7: http.listen: write HOST:PORT, as 127.0.0.1:8080 or [::1]:8080",
            f"{path} line 8: http.trusted_proxies: 'zz' is no address or network; write 10.0.0.1 or 10.0.0.0/8",
            f"{path} line 9: http.metrics_token_file: can't read /nowhere/token: No such file or directory",
            f"{path} line 11: alerts.due_wear: must be below 1 (found '1.5')",
            f"{path} line 12: alerts.due_hold_s: write a whole number (found '1.5')",
            f"{path} line 14: retention.samples_days: must be at least 1 (found '0')",
            f"{path} line 16: store.url: PostgreSQL is not supported by this version; write sqlite:///PATH",
            "SILVERPOINT_HTPP__LISTEN: htpp: unknown section; did you mean http?",
            "SILVERPOINT_ALERTS__KEEP_FIRING_S: alerts.keep_firing_s: write a whole number (found 'soon')",
            (
                "SILVERPOINT_HTTP__PUBLIC_URL: http.public_url: "
                "write the address that people open, as https://silverpoint.example.org (found 'ftp://x')"
            ),
            "SILVERPOINT_LOG: log.level: write one of 'debug', 'info', 'warning' or 'error' (found 'loud')",
        ]
    )
    assert "hunter2" not in "\n".join(told)
    assert all("\n" not in line for line in told)


def test_a_check_between_keys_is_told_beside_a_mistake_in_another_key(tmp_path: Path) -> None:
    path = write(tmp_path, "[alerts]\ndue_wear = 0.2\nwear_hysteresis = 0.3\ndue_hold_s = -1\n")
    assert mistakes(path, {}) == [
        f"{path} line 4: alerts.due_hold_s: must be at least 0 (found '-1')",
        f"{path} line 3: alerts.wear_hysteresis: must be below due_wear, or an alert could never clear",
    ]


def test_tls_files_need_each_other_and_mqtts(tmp_path: Path) -> None:
    pem = tmp_path / "a.pem"
    pem.write_text("x")
    told = mistakes(None, {"SILVERPOINT_HTTP__CERT_FILE": str(pem), "SILVERPOINT_BROKER__CA_FILE": str(pem)})
    assert [line.split(": ", 1)[0] for line in told] == ["SILVERPOINT_BROKER__CA_FILE", "SILVERPOINT_HTTP__CERT_FILE"]
    assert "write mqtts://" in told[0]
    assert "belong together" in told[1]


def test_a_secret_given_twice_in_one_place_is_a_mistake(tmp_path: Path) -> None:
    path = write(tmp_path, '[store]\nurl = "sqlite:///a.db"\nurl_file = "x"\n')
    assert mistakes(path, {}) == [f"{path} line 3: store.url_file: store.url is given too; keep one of the two"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[broker\n", "not valid TOML"),
        ('broker = "mqtt://x"\n', "broker: must be a section: write [broker]"),
        ("url = 1\n", "url: unknown section"),
    ],
)
def test_a_file_that_is_no_configuration_is_told_in_one_line(tmp_path: Path, text: str, told: str) -> None:
    (line,) = mistakes(write(tmp_path, text), {})
    assert told in line


def test_a_named_file_that_is_missing_is_a_mistake(tmp_path: Path) -> None:
    assert mistakes(tmp_path / "no.toml", {}) == [
        f"{tmp_path / 'no.toml'}: can't read the configuration: No such file or directory"
    ]


@pytest.mark.parametrize("text", ["8080", ":8080", "h:", "h:0", "h:70000", "::1:80", "[::1]", "h:８０"])
def test_what_is_no_listen_address(text: str) -> None:
    with pytest.raises(ValueError, match=r"write HOST:PORT|the port must"):
        parse_listen(text)


def test_loopback_is_known_from_the_rest() -> None:
    assert [parse_listen(text).is_loopback for text in ("127.0.0.1:1", "[::1]:1", "localhost:1", "0.0.0.0:1")] == [
        True,
        True,
        True,
        False,
    ]


def test_a_name_that_is_none_is_told_and_so_is_what_two_sections_say_together(tmp_path: Path) -> None:
    path = tmp_path / "silverpoint.toml"
    path.write_text(
        '[alerts]\nnonsense = 1\n[work]\nclaim_escalate_receivers = ["ops"]\n'
        '[[notify.receivers]]\nname = "mail"\nchannel = "webhook"\nurl = "https://a.example"\n'
        'secret = "0123456789abcdef"\n'
    )
    with pytest.raises(ConfigError) as caught:
        load_config(path, {})
    assert [mistake.partition(": ")[2].partition(":")[0] for mistake in caught.value.mistakes] == [
        "alerts.nonsense",
        "no mail, Apprise or webhook receiver of [notify]",
    ]
    path.write_text('[[notify.receivers]]\nname = "a b"\nchannel = "webhook"\nurl = "https://a.example"\n')
    with pytest.raises(ConfigError, match=r"receivers 1: name: letters, digits"):
        load_config(path, {})
