"""A clinic is forgotten by the gateway that runs: it pauses, and comes back without a trace of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.support.broker import Mosquitto, running_mosquitto
from tests.support.gateway_process import GatewayProcess
from tests.support.mosquitto_clients import sample_json

LEFT, STAYED = "clinic-leaving", "clinic-staying"


def silverpoint(gateway: GatewayProcess, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gateway.cli", *words],
        env=gateway.environment, capture_output=True, text=True, timeout=60, check=False,
        cwd=gateway.store_path.parent,
    )  # fmt: skip


def publish(broker: Mosquitto, clinic_id: str, device_id: str) -> None:
    """One sample, and a status that the broker retains."""
    now_ms = time.time_ns() // 1_000_000
    for kind, text, more in (
        ("telemetry", sample_json(f"b-{device_id}", 1, now_ms, f"N-{device_id}"), ()),
        ("status", '{"state":"online"}', ("-r",)),
    ):
        topic = f"fleet/v1/{clinic_id}/{device_id}/{kind}"
        command = ["mosquitto_pub", "-V", "5", "-p", str(broker.port), "-q", "1", "-t", topic, "-m", text, *more]
        subprocess.run(command, check=True, timeout=60)


class Api:
    """The running gateway's API, with a token of an admin."""

    def __init__(self, gateway: GatewayProcess) -> None:
        self._url = gateway.url
        self._token = silverpoint(gateway, "token", "create", "test", "--role", "admin").stdout.strip()

    def ask(self, path: str, body: object = None) -> Any:
        request = urllib.request.Request(
            f"{self._url}/api/v1{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())

    def status(self, path: str) -> int:
        try:
            self.ask(path)
        except urllib.error.HTTPError as error:
            return error.code
        return 200

    def until(self, path: str, count: int) -> list[Any]:
        """The items, once there are so many."""
        until = time.monotonic() + 20
        while time.monotonic() < until:
            items: list[Any] = self.ask(path)["items"]
            if len(items) == count:
                return items
            time.sleep(0.05)
        raise AssertionError(f"{path}: {self.ask(path)}")


def retained_advice(broker: Mosquitto, clinic_id: str, wait_s: int) -> str:
    """What the broker has for the clinic's devices, as soon as it has any."""
    topic = f"fleet/v1/{clinic_id}/+/advice"
    command = ["mosquitto_sub", "-V", "5", "-p", str(broker.port), "-t", topic, "-C", "1", "-W", str(wait_s), "-v"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stdout


@pytest.mark.mosquitto
def test_the_advice_to_a_forgotten_clinics_devices_is_cleared_at_the_broker(tmp_path: Path) -> None:
    with running_mosquitto(tmp_path / "broker") as broker, GatewayProcess(tmp_path, broker.url) as gateway:
        gateway.wait_ready()
        for clinic_id in (LEFT, STAYED):
            publish(broker, clinic_id, f"d-{clinic_id}")
        for clinic_id in (LEFT, STAYED):
            assert f"N-d-{clinic_id}" in retained_advice(broker, clinic_id, wait_s=30)
        done = silverpoint(gateway, "clinic", "forget", LEFT)
        assert done.returncode == 0, done.stderr
        assert "advice" not in done.stderr
        assert retained_advice(broker, LEFT, wait_s=2) == ""
        assert STAYED in retained_advice(broker, STAYED, wait_s=30)

        assert gateway.terminate() == 0
        stopped = silverpoint(gateway, "clinic", "forget", STAYED)
        assert stopped.returncode == 0, stopped.stderr
        assert retained_advice(broker, STAYED, wait_s=2) == ""


@pytest.mark.mosquitto
def test_the_running_gateway_forgets_a_clinic_and_goes_on(tmp_path: Path) -> None:
    with running_mosquitto(tmp_path / "broker") as broker, GatewayProcess(tmp_path, broker.url) as gateway:
        gateway.wait_ready()
        api, pid = Api(gateway), gateway.pid
        for clinic_id, device_id in ((LEFT, "d-left"), (STAYED, "d-stays")):
            publish(broker, clinic_id, device_id)
        api.until("/devices", 2)
        for device_id in ("d-left", "d-stays"):
            api.ask("/work-orders", {"kind": "device", "subject": device_id, "note": "look at it"})
        api.ask("/silences", {"clinic": LEFT, "comment": "moving out"})

        unknown = silverpoint(gateway, "clinic", "forget", "nobody")
        assert (unknown.returncode, unknown.stderr.strip()) == (1, "nothing is known of a clinic nobody")
        done = silverpoint(gateway, "clinic", "forget", LEFT)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(f"{LEFT} is forgotten: 1 devices, ")
        assert "d-left" in done.stderr
        assert f"mosquitto_pub -r -n -t fleet/v1/{LEFT}/DEVICE/status" in done.stderr

        gateway.wait_ready()
        assert gateway.pid == pid
        assert gateway.status_of("/healthz") == 200
        assert [item["id"] for item in api.ask("/devices")["items"]] == ["d-stays"]
        assert [item["device_id"] for item in api.ask("/work-orders")["items"]] == ["d-stays"]
        assert api.ask("/silences")["items"] == []
        assert api.status("/devices/d-left") == 404
        assert LEFT not in json.dumps([api.ask(path) for path in ("/clinics", "/alerts", "/visits", "/spares")])
        assert LEFT not in gateway.metrics()
        (audit,) = [row for row in api.ask("/audit")["items"] if row["action"] == "forget_clinic"]
        assert audit["actor"] == f"local:{os.getuid()}"

        publish(broker, STAYED, "d-new")
        api.until("/devices", 2)
        assert gateway.terminate() == 0
        assert silverpoint(gateway, "store", "check").returncode == 0
