"""Alerts, silences, orders, visits, spares, swaps and recalls by command: on a store, and on a running gateway."""

from __future__ import annotations

import json
import time
import urllib.request
from pathlib import Path
from typing import Protocol

import pytest

from gateway.cli import execute
from tests.alerts.site import Device
from tests.support.broker import free_port
from tests.support.gateway_process import GatewayProcess


class Told(Protocol):
    """What a command prints."""

    def __call__(self, *arguments: str, code: int = 0) -> str: ...


CONFIG = "[retention]\nsamples_days = 3650\n"


def record(told: Told, directory: Path) -> None:
    """A device whose battery is low, in a store."""
    device = Device()
    said = [device.online(0, form="mobile"), *(device.reading(m / 60, "battery", charge=0.15) for m in range(6))]
    rows = ({"topic": d.topic, "payload": d.payload.decode(), "received_ms": d.received_ms} for d in said)
    (directory / "r.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    (directory / "silverpoint.toml").write_text(CONFIG)
    told("replay", "r.jsonl")


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Told:
    """Runs commands in this process, in a directory of their own; what they print, and if wanted how they fail."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, code: int = 0) -> str:
        capsys.readouterr()
        ended = execute(arguments)
        printed = capsys.readouterr()
        assert ended == code, printed.err
        return (printed.err if code else printed.out).strip()

    return run


def test_a_running_gateway_does_it_itself_and_the_store_goes_on_from_there(told: Told, tmp_path: Path) -> None:
    record(told, tmp_path)
    with GatewayProcess(tmp_path, f"mqtt://127.0.0.1:{free_port()}") as gateway:
        until = time.monotonic() + 60
        while gateway.status_of("/healthz") != 200 or not told("alert", "list"):
            assert time.monotonic() < until, gateway.log_tail()
            time.sleep(0.1)
        token = told("token", "create", "reader", "--role", "admin")
        line = told("alert", "list")
        number, severity, state, *_ = line.split()
        assert (severity, state) == ("warning", "firing")
        assert "battery_low  d-1" in line
        assert "is acknowledged by local" in told("alert", "acknowledge", number, "--key", "k")
        request = urllib.request.Request(f"{gateway.url}/api/v1/audit", headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            newest = json.load(answer)["items"][0]
        assert (newest["action"], newest["subject"]) == ("acknowledge_alert", number)
        assert newest["actor"].startswith("local:")
        assert gateway.terminate() == 0
    assert told("alert", "silence", number, "--for", "8h", "--comment", "known").startswith("silence 1")
    row = json.loads(told("alert", "list", "--json"))
    assert row["acknowledged_by"].startswith("local:")
    assert row["muted"]
    assert "known" in told("silence", "list")
    assert told("silence", "end", "1") == "silence 1 is over"
    assert told("silence", "list") == ""
    window = told("silence", "add", "--maintenance", "--device", "d-1", "--for", "2h")
    assert "maintenance" in window
    assert "device=d-1" in window


def test_work_is_ordered_done_and_counted_by_command(told: Told, tmp_path: Path) -> None:
    record(told, tmp_path)
    opened = told("order", "open", "device", "d-1", "--note", "the switch sticks", "--key", "k")
    assert told("order", "open", "device", "d-1", "--note", "the switch sticks", "--key", "k") == opened
    number = opened.split()[0]
    (tmp_path / "password").write_text("correct horse battery\n")
    told("user", "add", "kim", "--role", "technician", "--password-file", "password")
    assert "kim" in told("order", "assign", number, "kim")
    assert "nobody's" in told("order", "assign", number)
    assert "d-1: the switch sticks" in told("visits")
    told("order", "note", number, "the key is at the reception")
    assert "claimed" in told("order", "claim", number, "--reason", "preventive", "--at", "1h")
    assert "closed" in told("order", "close", number, "--reason", "mended")
    story = told("order", "show", number)
    assert "the key is at the reception" in story
    assert "closed by local" in story
    assert told("spare", "count", "clinic", "c-1", "fine-24", "4") == "4 x fine-24 at clinic c-1"
    assert "4 there" in told("spare", "list")
    assert "n-9 is fitted to d-1" in told("swap", "d-1", "n-9", "--lot", "L-9", "--reason", "worn")
    assert told("lot", "recall", "L-9", "--note", "flakes").startswith("lot L-9 is recalled: ")


def test_what_can_not_be_done_is_told_in_a_line(told: Told, tmp_path: Path) -> None:
    record(told, tmp_path)
    for code, said, arguments in (
        (1, "there is no alert 99", ("alert", "acknowledge", "99")),
        (1, "there is no work order 99", ("order", "show", "99")),
        (2, "reason: ", ("order", "claim", "1", "--reason", "tired")),
        (2, "--for: '1x' is no length of time", ("silence", "add", "--device", "d-1", "--for", "1x")),
        (2, "say which alerts are meant", ("silence", "add", "--for", "1h")),
        (2, "--at: ", ("alert", "acknowledge", "1", "--at", "soon")),
    ):
        (line,) = told(*arguments, code=code).splitlines()
        assert line.startswith(said)
