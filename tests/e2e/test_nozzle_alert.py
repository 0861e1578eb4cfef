"""The main job from end to end: a nozzle wears, the alert fires, the device is advised, the swap resolves it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.broker import Mosquitto, running_mosquitto
from tests.support.gateway_process import GatewayProcess

HOUR_MS = 3_600_000
DEADLINE_S = 90.0


class _Device:
    """Publishes what a device would, by mosquitto_pub."""

    def __init__(self, broker: Mosquitto) -> None:
        self._broker = broker
        self._seq = 0

    def publish(self, kind: str, record: dict[str, Any], ts_ms: int) -> None:
        payload = {"boot_id": "boot-1", "seq": self._seq, "ts_ms": ts_ms, **record}
        self._seq += 1
        command = ["mosquitto_pub", "-V", "5", "-p", str(self._broker.port), "-q", "1"]
        topic = f"fleet/v1/c-1/d-1/{kind}"
        subprocess.run([*command, "-t", topic, "-m", json.dumps(payload)], check=True, timeout=60)

    def sample(self, ts_ms: int, serial: str, strikes: int, coating: float) -> None:
        power = {"source": "battery", "charge": 0.8, "voltage_v": 25.0}
        nozzle = {"serial": serial, "strikes": strikes, "coating": coating}
        sessions = {"total": 4, "active": False}
        self.publish("telemetry", {"power": power, "nozzle": nozzle, "sessions": sessions}, ts_ms)


def _token(gateway: GatewayProcess) -> str:
    made = subprocess.run(
        [sys.executable, "-m", "gateway.cli", "token", "create", "e2e", "--role", "manager"],
        env=gateway.environment, cwd=gateway.store_path.parent, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return made.stdout.strip()


def _get(gateway: GatewayProcess, token: str, path: str) -> Any:
    request = urllib.request.Request(gateway.url + path, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def _eventually(condition: Callable[[], bool], gateway: GatewayProcess) -> None:
    until = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < until, gateway.log_tail()
        time.sleep(0.1)


def _advice(broker: Mosquitto) -> dict[str, Any]:
    command = [
        "mosquitto_sub",
        "-V",
        "5",
        "-p",
        str(broker.port),
        "-t",
        "fleet/v1/c-1/d-1/advice",
        "-C",
        "1",
        "-W",
        "10",
    ]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stdout
    return json.loads(said) if said.strip() else {}


@pytest.mark.mosquitto
def test_a_worn_nozzle_raises_its_alert_advises_its_device_and_is_resolved_by_the_swap(tmp_path: Path) -> None:
    with running_mosquitto(tmp_path / "broker") as broker, GatewayProcess(tmp_path, broker.url) as gateway:
        gateway.wait_ready()
        token = _token(gateway)
        device, start_ms = _Device(broker), time.time_ns() // 1_000_000 - 20 * HOUR_MS
        device.publish(
            "nozzle", {"event": "fitted", "serial": "N-1", "strikes": 0, "model": "SN-12", "lot": "L1"}, start_ms
        )
        for hour in range(1, 10):
            device.sample(start_ms + hour * HOUR_MS, "N-1", hour * 100_000, 1 - hour * 0.1)

        def states() -> dict[str, str]:
            alerts = _get(gateway, token, "/api/v1/alerts")["items"]
            return {alert["rule"]: alert["state"] for alert in alerts if alert["subject"] == "N-1"}

        _eventually(lambda: states().get("nozzle_worn_out") == "firing", gateway)
        shown = _get(gateway, token, "/api/v1/devices/d-1")
        assert shown["nozzle"]["serial"] == "N-1"
        assert shown["nozzle"]["wear"] == pytest.approx(0.9 / 0.8)
        assert 'silverpoint_alerts{rule="nozzle_worn_out",severity="critical",state="firing"} 1' in gateway.metrics()
        _eventually(lambda: _advice(broker).get("nozzle") == "replace", gateway)

        swap_ms = start_ms + 10 * HOUR_MS
        device.publish("nozzle", {"event": "removed", "serial": "N-1", "strikes": 900_000}, swap_ms)
        device.publish("nozzle", {"event": "fitted", "serial": "N-2", "strikes": 0, "model": "SN-12"}, swap_ms + 1000)
        for hour in range(11, 14):
            device.sample(start_ms + hour * HOUR_MS, "N-2", 1000 * hour, 0.99)
        _eventually(lambda: states().get("nozzle_worn_out") == "resolved", gateway)
        _eventually(lambda: _advice(broker).get("serial") == "N-2", gateway)
        assert _advice(broker)["nozzle"] == "ok"
        assert gateway.terminate() == 0
