"""Exit codes and what is told: 0 done, 1 failed, 2 wrong usage or configuration, one clear line for each mistake."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.cli import execute
from tests.cli.conftest import Command

SAMPLE = {
    "boot_id": "b-1",
    "seq": 0,
    "ts_ms": 1_760_000_000_000,
    "power": {"source": "mains", "charge": None, "voltage_v": 230.0},
    "nozzle": {"serial": "N1", "strikes": 5, "coating": 0.9},
    "sessions": {"total": 1, "active": False},
}
COMMANDS = [
    "demo",
    "run",
    "simulate",
    "validate",
    "replay",
    "rehearse",
    "schema",
    "doctor",
    "notify test",
    "registry import",
    "registry export",
    "quarantine list",
    "quarantine release",
    "user add",
    "user password",
    "user remove",
    "token create",
    "token list",
    "token revoke",
    "store backup",
    "store restore",
    "store check",
    "store migrate",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert execute([*command.split(), "--help"]) == 0
    assert f"Example: {'' if command == 'validate' else f'silverpoint {command}'}" in capsys.readouterr().out


def test_every_mistake_in_usage_is_told_on_a_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["simulate", "--bogus", "--devices", "x", "--rate", "y"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    lines = told.err.splitlines()
    assert len(lines) == 4
    for line, named in zip(lines, ("--bogus", "--broker", "--devices", "--rate"), strict=True):
        assert line.startswith("silverpoint simulate: ")
        assert named in line


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ("validate --bogus --worse", ["--bogus", "--worse", "TOPIC", "FILE"]),
        (
            "simulate --broker x --devices 0 --rate y --speed -1 --seed q --clinics 0",
            ["--broker", "--devices", "--rate", "--speed", "--seed", "--clinics"],
        ),
        ("token create a/b --role king --clinics c,d/e,f/g", ["NAME", "--role", "'d/e'", "'f/g'"]),
        ("user add a/b --role king --password-file none", ["NAME", "--role", "can't read none"]),
        ("demo --devices 0 --listen x", ["--devices", "--listen"]),
        ("rehearse --rule x --set a --set b --since y", ["--rule", "'a'", "'b'", "--since"]),
        ("device enrol a/b c/d", ["clinic 'a/b'", "device 'c/d'"]),
        ("run --config", ["--config"]),
        ("run one two", ["one two"]),
    ],
)
def test_mistakes_of_all_kinds_are_told_together(
    arguments: str, named: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(arguments.split()) == 2
    for line, word in zip(capsys.readouterr().err.splitlines(), named, strict=True):
        assert word in line


@pytest.mark.parametrize(
    "arguments",
    [
        ["bogus"],
        ["--bogus"],
        ["run", "extra"],
        ["schema", "xml"],
        ["demo", "--listen", "8080"],
        ["demo", "--devices", "0"],
        ["token", "create", "x", "--role", "king"],
        ["token", "create", "x"],
        ["quarantine", "release", "1", "--all"],
        ["simulate", "--broker", "http://x"],
        ["simulate", "--broker", "mqtt://127.0.0.1:1", "--devices", "0"],
        ["replay", "/nowhere/x"],
        ["run", "--config", "/nowhere/x.toml"],
    ],
)
def test_wrong_usage_ends_with_two_and_one_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(arguments) == 2
    told = capsys.readouterr()
    assert len(told.err.splitlines()) == 1, told.err


def test_a_bad_configuration_ends_every_command_with_two_and_all_its_mistakes(
    silverpoint: Command, tmp_path: Path
) -> None:
    (tmp_path / "silverpoint.toml").write_text('[http]\nlisten = "x"\n[brokr]\nurl = "y"\n')
    for command in (["run"], ["quarantine", "list"], ["token", "create", "t", "--role", "admin"]):
        done = silverpoint(*command, SILVERPOINT_ALERTS__DUE_WEAR="2")
        assert done.returncode == 2
        assert sorted(line.split(": ")[1] for line in done.stderr.splitlines()) == [
            "alerts.due_wear",
            "brokr",
            "http.listen",
        ]
        assert done.stdout == ""


def test_the_version_is_told(silverpoint: Command) -> None:
    assert silverpoint("--version").stdout.startswith("silverpoint ")


def test_a_good_message_is_taken(silverpoint: Command) -> None:
    done = silverpoint("validate", "fleet/v1/c-1/d-1/telemetry", "-", stdin=json.dumps(SAMPLE))
    assert (done.returncode, done.stdout) == (0, "taken: 1 telemetry record\n")


def test_a_bad_message_is_told_with_reason_and_path(silverpoint: Command, tmp_path: Path) -> None:
    batch = {"samples": [SAMPLE, SAMPLE | {"seq": 1, "power": {**SAMPLE["power"], "charge": 3}}]}  # type: ignore[dict-item]
    (tmp_path / "message.json").write_text(json.dumps(batch))
    done = silverpoint("validate", "fleet/v1/c-1/d-1/telemetry", "message.json")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "rejected: out_of_range at samples[1].power.charge",
        "taken: 1 telemetry record",
    ]
    assert silverpoint("validate", "fleet/v1/c-1/telemetry", "message.json").stdout.startswith("rejected: bad_topic")


def test_the_topics_root_is_the_configured_one(silverpoint: Command) -> None:
    done = silverpoint(
        "validate", "clinics/v1/c-1/d-1/telemetry", "-", stdin=json.dumps(SAMPLE), SILVERPOINT_BROKER__ROOT="clinics"
    )
    assert done.returncode == 0


@pytest.mark.parametrize(("form", "key"), [("asyncapi", "asyncapi"), ("json", "$schema"), ("", "asyncapi")])
def test_the_schema_is_printed_as_json(form: str, key: str, silverpoint: Command) -> None:
    done = silverpoint("schema", *([form] if form else []))
    assert done.returncode == 0
    assert key in json.loads(done.stdout)
