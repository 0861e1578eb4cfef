"""Starting and ending the real gateway: one clear line for what is wrong, the right exit code, a clean end."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.broker import Mosquitto, free_port, running_mosquitto
from tests.support.gateway_process import GatewayProcess
from tests.support.mosquitto_clients import sample_json

_START_DEADLINE_S = 60


def run_gateway(directory: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Runs `silverpoint run` where it is expected to end by itself."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("SILVERPOINT_")}
    return subprocess.run(
        [sys.executable, "-m", "gateway.cli", "run"],
        cwd=directory, env=env | settings, capture_output=True, text=True, timeout=_START_DEADLINE_S, check=False,
    )  # fmt: skip


def test_a_bad_configuration_ends_with_2_and_a_line_for_each_mistake(tmp_path: Path) -> None:
    (tmp_path / "silverpoint.toml").write_text('[broker]\nurl = "http://x"\n[http]\nlisten = "nowhere"\ncolour = 1\n')
    ended = run_gateway(tmp_path)
    assert ended.returncode == 2
    lines = ended.stderr.strip().splitlines()
    assert len(lines) == 3, ended.stderr
    for key in ("broker.url", "http.listen", "http.colour"):
        assert any(key in line for line in lines), ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_store_that_cannot_be_written_ends_with_1_and_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ended = run_gateway(tmp_path, SILVERPOINT_STORE__URL=f"sqlite:///{tmp_path}/file/below.db")
    assert ended.returncode == 1
    assert str(tmp_path / "file") in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1, ended.stderr


def test_a_port_that_is_taken_ends_with_1_and_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = run_gateway(tmp_path, SILVERPOINT_HTTP__LISTEN=f"127.0.0.1:{port}")
    assert ended.returncode == 1
    complaints = [line for line in ended.stderr.strip().splitlines() if f"127.0.0.1:{port}" in line]
    assert len(complaints) == 1, ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.mosquitto
def test_a_second_gateway_on_the_same_store_ends_with_1_and_names_the_first(tmp_path: Path) -> None:
    with running_mosquitto(tmp_path / "broker") as broker, GatewayProcess(tmp_path, broker.url) as gateway:
        gateway.wait_ready()
        ended = run_gateway(
            tmp_path,
            SILVERPOINT_BROKER__URL=broker.url,
            SILVERPOINT_STORE__URL=f"sqlite:///{gateway.store_path}",
            SILVERPOINT_HTTP__LISTEN=f"127.0.0.1:{free_port()}",
        )
        assert ended.returncode == 1
        assert str(gateway.pid) in ended.stderr
        assert gateway.status_of("/readyz") == 200


@pytest.mark.mosquitto
def test_without_a_broker_it_is_alive_but_not_ready_and_connects_when_one_comes(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path / "broker")
    with GatewayProcess(tmp_path, broker.url) as gateway:
        until = time.monotonic() + _START_DEADLINE_S
        while gateway.status_of("/readyz") != 503:
            assert time.monotonic() < until, gateway.log_tail()
            time.sleep(0.05)
        assert gateway.status_of("/healthz") == 200
        assert re.search(r"^silverpoint_broker_connected 0", gateway.metrics(), re.MULTILINE)
        broker.start()
        try:
            gateway.wait_ready()
        finally:
            broker.kill()


@pytest.mark.mosquitto
def test_sigterm_commits_and_acknowledges_what_was_read_and_ends_with_0(tmp_path: Path) -> None:
    with running_mosquitto(tmp_path / "broker") as broker, GatewayProcess(tmp_path, broker.url) as gateway:
        gateway.wait_ready()
        now_ms = time.time_ns() // 1_000_000
        lines = "\n".join(sample_json("b1", seq, now_ms + seq, "N-1") for seq in range(500))
        topic = "fleet/v1/c-1/d-1/telemetry"
        publish = ["mosquitto_pub", "-V", "5", "-p", str(broker.port), "-q", "1", "-t", topic, "-l"]
        subprocess.run(publish, input=lines, text=True, check=True, timeout=60)
        started_s = time.monotonic()
        assert gateway.terminate() == 0, gateway.log_tail()
        assert time.monotonic() - started_s < 10
        assert not list(tmp_path.glob("*.sock"))
        gateway.start()
        gateway.wait_ready()
        until = time.monotonic() + _START_DEADLINE_S
        while 'silverpoint_nozzle_strikes_total{clinic="c-1",device="d-1",nozzle="N-1"} 4990' not in gateway.metrics():
            assert time.monotonic() < until, gateway.metrics()
            time.sleep(0.05)
