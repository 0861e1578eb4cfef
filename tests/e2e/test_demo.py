"""The demo as a newcomer runs it: history, page, live messages, and nothing left behind."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from collectors.mqtt import MqttCollector, MqttSettings
from collectors.mqtt_publish import Publisher
from gateway import demo_broker
from tests.collectors.harness import running
from tests.support.broker import free_port

_READY_WITHIN_S = 90
_ENDS_WITHIN_S = 60


def test_the_demo_shows_its_fleet_live_and_leaves_nothing_behind(tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "demo.log"
    with log.open("wb") as out:
        demo = subprocess.Popen(
            [sys.executable, "-m", "gateway.cli", "demo", "--devices", "12", "--listen", f"127.0.0.1:{port}"],
            stdout=out, stderr=out, cwd=tmp_path, env=os.environ | {"TMPDIR": str(tmp_path)},
        )  # fmt: skip
    try:
        _wait_for(lambda: "open http" in log.read_text(), log)
        said = log.read_text()
        for name in ("admin", "manager", "technician", "vendor"):
            assert re.search(rf"^\s+{name}\s+\S{{10,}}$", said, re.MULTILINE), said
        page = _get(f"http://127.0.0.1:{port}/")
        assert "Sign out" in page
        for number in range(1, 13):
            assert f"-{number:04d}" in page
        told = _signed_in(port, "vendor", said)
        assert 'data-chart="/product/lives/charts/survival-0.json' in told("/product/lives")
        assert 'data-chart="/product/use/charts/months.json' in told("/product/use")
        assert 'data-chart="/product/demand/charts/need-0.json' in told("/product/demand")
        before = _received(port)
        _wait_for(lambda: _received(port) > before, log)
        children = _children(demo.pid)
        assert children
        demo.send_signal(signal.SIGINT)
        assert demo.wait(_ENDS_WITHIN_S) == 0
    finally:
        if demo.poll() is None:
            demo.kill()
            demo.wait()
    assert not [path for path in tmp_path.iterdir() if path != log]
    _wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children), log)


def test_what_the_demo_kept_is_not_overwritten_by_the_next(tmp_path: Path) -> None:
    (tmp_path / "silverpoint.db").write_bytes(b"")
    again = subprocess.run(
        [sys.executable, "-m", "gateway.cli", "demo", "--dir", str(tmp_path)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert again.returncode == 1
    assert "empty directory" in again.stderr


async def test_without_mosquitto_the_demo_brings_a_broker_that_its_parts_can_work_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    async with demo_broker.demo_broker(tmp_path) as broker:
        assert broker.name == "moat-lib-mqtt"
        settings = MqttSettings.from_url(broker.url)
        async with running(settings) as run, Publisher(settings, client_id="device") as device:
            assert isinstance(run.collector, MqttCollector)
            for number in range(100):
                await device.publish("fleet/v1/c-1/d-1/telemetry", b"%d" % number)
            received = await run.take_count(100)
            run.collector.acknowledge(received)
        assert [int(delivery.payload) for delivery in received] == list(range(100))


def _signed_in(port: int, name: str, said: str) -> Callable[[str], str]:
    """What pages the login of that name sees, as the demo prints it."""
    login = re.search(rf"^\s+{name}\s+(\S+)$", said, re.MULTILINE)
    assert login is not None
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as first:
        form = {"username": name, "password": login.group(1)}
        answer = first.post("/login", data=form, headers={"Origin": str(first.base_url).rstrip("/")})
        assert "error" not in answer.headers["location"]
        cookies = first.cookies

    def page(path: str) -> str:
        answer = httpx.get(f"http://127.0.0.1:{port}{path}", cookies=cookies, timeout=60)
        assert answer.status_code == 200
        return answer.text

    return page


def _wait_for(condition: object, log: Path) -> None:
    assert callable(condition)
    until = time.monotonic() + _READY_WITHIN_S
    while not condition():
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.1)


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=60) as answer:
        body: bytes = answer.read()
        return body.decode()


def _received(port: int) -> float:
    metrics = _get(f"http://127.0.0.1:{port}/metrics")
    return sum(float(n) for n in re.findall(r"^silverpoint_messages_received_total\{.*\} (\S+)", metrics, re.MULTILINE))


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
