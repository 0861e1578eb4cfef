"""`silverpoint run` as a process: its log, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.support.broker import free_port


def started(directory: Path, **variables: str) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SILVERPOINT_")}
    environment |= {
        "SILVERPOINT_BROKER__URL": f"mqtt://127.0.0.1:{free_port()}",
        "SILVERPOINT_HTTP__LISTEN": f"127.0.0.1:{free_port()}",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "gateway.cli", "run"],
        cwd=directory,
        env=environment | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, list[str]]:
    _, told = process.communicate(timeout=60)
    return process.returncode, told.splitlines()


def until_socket(directory: Path) -> None:
    until = time.monotonic() + 60
    while not (directory / "silverpoint.db.sock").exists():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_without_a_broker_it_waits_logs_json_and_ends_cleanly(tmp_path: Path) -> None:
    process = started(tmp_path)
    assert process.stderr is not None
    waits = (line for line in process.stderr if json.loads(line)["event"] == "broker not connected")
    assert json.loads(next(waits))["level"] == "warning"
    process.send_signal(signal.SIGTERM)
    code, lines = ended(process)
    assert code == 0, lines
    events = [json.loads(line) for line in lines]
    assert all("timestamp" in event for event in events)
    assert not any(event["level"] == "debug" for event in events)


def test_a_second_gateway_on_a_store_is_refused_in_one_line(tmp_path: Path) -> None:
    first = started(tmp_path, SILVERPOINT_LOG="error")
    try:
        until_socket(tmp_path)
        code, lines = ended(started(tmp_path))
        assert (code, len(lines)) == (1, 1)
        assert str(first.pid) in lines[0]
    finally:
        first.send_signal(signal.SIGTERM)
    assert ended(first) == (0, [])


def test_a_port_that_is_taken_ends_it_in_one_line(tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, lines = ended(started(tmp_path, SILVERPOINT_HTTP__LISTEN=f"127.0.0.1:{taken.getsockname()[1]}"))
    assert (code, len(lines)) == (1, 1), lines
