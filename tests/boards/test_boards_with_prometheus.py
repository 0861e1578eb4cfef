"""Every panel asks a real Prometheus, which reads a real gateway that hears a simulated fleet."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from tests.boards.boards import Query, label_queries, queries, shipped_boards, substituted
from tests.support.broker import Mosquitto, running_mosquitto
from tests.support.gateway_process import GatewayProcess
from tests.support.programs import require_program
from tests.support.prometheus import Prometheus, running_prometheus
from tests.support.said_metrics import gateway_that_says

HOUR_MS: Final = 3_600_000
DEADLINE_S: Final = 90.0
CLINIC: Final = "c-boards"
ON_BATTERY: Final = "d-battery"

VALUES: Final = {"clinic": CLINIC, "device": ON_BATTERY, "nozzle": ".*", "instance": ".*", "__rate_interval": "10s"}
ALL: Final = {**VALUES, "clinic": ".*", "device": ".*"}
ONE_CLINIC: Final = {"silverpoint-clinic", "silverpoint-device"}

NEEDS_MORE: Final = {
    "silverpoint_nozzle_remaining_sessions": "a forecast needs whole lives of nozzles to learn from",
    "silverpoint_notifications_total": "nothing is sent where no channel is configured",
}
"""Metrics that this fleet of minutes can't have, and why. Only panels that ask for them may be without data; the second
test shows them with such metrics."""

pytestmark = pytest.mark.mosquitto


def publish(broker: Mosquitto, topic: str, *messages: str) -> None:
    command = ["mosquitto_pub", "-V", "5", "-p", str(broker.port), "-q", "1", "-t", topic, "-l"]
    subprocess.run(command, input="\n".join(messages), text=True, check=True, timeout=60)


def sample(seq: int, ts_ms: int, serial: str, coating: float, sessions: int) -> str:
    """A device on battery that is nearly empty and was better once."""
    return json.dumps(
        {
            "boot_id": "boot-1", "seq": seq, "ts_ms": ts_ms,
            "power": {"source": "battery", "charge": 0.11, "voltage_v": 22.0, "health": 0.52},
            "nozzle": {"serial": serial, "strikes": 1_000_000 + seq * 500, "coating": coating},
            "sessions": {"total": sessions, "active": False},
        }
    )  # fmt: skip


def fill(broker: Mosquitto, now_ms: int) -> None:
    """A worn nozzle with a day's history, a due one on a low battery, a session, a device that has gone."""
    root = f"fleet/v1/{CLINIC}"
    fitted = {"event": "fitted", "strikes": 0, "model": "SN-12"}
    start_ms = now_ms - 20 * HOUR_MS
    for device, serial in (("d-worn", "N-worn"), (ON_BATTERY, "N-due")):
        message = {"boot_id": "boot-1", "seq": 0, "ts_ms": start_ms, "serial": serial, **fitted}
        publish(broker, f"{root}/{device}/nozzle", json.dumps(message))
    worn = [sample(hour, start_ms + hour * HOUR_MS, "N-worn", 0.1, hour) for hour in range(1, 20)]
    publish(broker, f"{root}/d-worn/telemetry", *worn)
    publish(broker, f"{root}/{ON_BATTERY}/telemetry", sample(1, now_ms - 60_000, "N-due", 0.3, 10))
    session = {
        "boot_id": "boot-1", "seq": 2, "ts_ms": now_ms, "session_id": "5e55", "started_ms": now_ms - HOUR_MS,
        "ended_ms": now_ms - HOUR_MS // 2, "strikes": 90_000, "depth_mm": 1.2, "nozzle_serial": "N-due",
        "power_source": "battery",
    }  # fmt: skip
    publish(broker, f"{root}/{ON_BATTERY}/session", json.dumps(session))
    gone = json.dumps({"state": "offline", "boot_id": "boot-1", "ts_ms": now_ms})
    publish(broker, f"{root}/d-gone/status", gone)


@contextmanager
def simulated_fleet(broker: Mosquitto) -> Iterator[None]:
    arguments = ["--broker", broker.url, "--devices", "9", "--clinics", "3", "--speed", "600", "--duration", "8"]
    with subprocess.Popen([sys.executable, "-m", "gateway.cli", "simulate", *arguments]) as fleet:
        try:
            yield
        finally:
            fleet.kill()


def every_query() -> list[Query]:
    return [
        Query(query.board, query.panel, substituted(query.expr, VALUES if query.board in ONE_CLINIC else ALL))
        for board in shipped_boards()
        for query in (*queries(board), *label_queries(board))
    ]


def without_data(prometheus: Prometheus, asked: Sequence[Query]) -> list[Query]:
    return [query for query in asked if not prometheus.query(query.expr)]


def excused(query: Query) -> bool:
    return any(metric in query.expr for metric in NEEDS_MORE)


def rules(prometheus: Prometheus) -> list[dict[str, Any]]:
    return [rule for group in prometheus.get("/api/v1/rules")["data"]["groups"] for rule in group["rules"]]


def test_every_panel_of_every_board_shows_data_of_a_real_gateway(tmp_path: Path) -> None:
    require_program("prometheus", "prometheus")
    with (
        running_mosquitto(tmp_path / "broker") as broker,
        GatewayProcess(tmp_path, broker.url) as gateway,
    ):
        gateway.wait_ready()
        with running_prometheus(tmp_path / "prometheus", f"127.0.0.1:{gateway.port}") as prometheus:
            fill(broker, time.time_ns() // 1_000_000)
            with simulated_fleet(broker):
                until_s, seq = time.monotonic() + DEADLINE_S, 3
                left = asked = every_query()
                while any(not excused(query) for query in left):
                    assert time.monotonic() < until_s, "\n".join(map(str, left)) + gateway.log_tail()
                    now_ms = time.time_ns() // 1_000_000
                    good = sample(seq, now_ms, "N-due", 0.3, 10 + seq)
                    publish(broker, f"fleet/v1/{CLINIC}/{ON_BATTERY}/telemetry", good, f"not json {seq}")
                    seq += 1
                    time.sleep(0.5)
                    left = without_data(prometheus, left)
            again = without_data(prometheus, asked)
            assert [query for query in again if not excused(query)] == []
            unwell = [rule for rule in rules(prometheus) if rule["health"] != "ok" or rule.get("lastError")]
            assert unwell == []
            pending = {rule["name"] for rule in rules(prometheus) if rule.get("alerts")}
            assert {"SilverpointNozzleWornOut", "SilverpointNozzleDue", "SilverpointBatteryLow"} <= pending
            assert "SilverpointGatewayDown" not in pending


def test_the_panels_of_forecasts_and_notifications_show_them_once_they_are_there(tmp_path: Path) -> None:
    labels = f'clinic="{CLINIC}",device="{ON_BATTERY}",nozzle="N-due"'
    said = "".join(
        f'silverpoint_nozzle_remaining_sessions{{{labels},quantile="{quantile}"}} {sessions}\n'
        for quantile, sessions in (("0.1", 4), ("0.5", 9), ("0.9", 21))
    )
    said += f"silverpoint_nozzle_wear_ratio{{{labels}}} 0.9\n"
    said += 'silverpoint_notifications_total{channel="mail",outcome="sent"} 3\n'
    asked = [query for query in every_query() if excused(query)]
    assert len(asked) >= len(NEEDS_MORE)
    with (
        gateway_that_says(said) as gateway,
        running_prometheus(tmp_path / "prometheus", f"127.0.0.1:{gateway.server_port}") as prometheus,
    ):
        until_s = time.monotonic() + DEADLINE_S
        while left := without_data(prometheus, asked):
            assert time.monotonic() < until_s, left
            time.sleep(0.2)
