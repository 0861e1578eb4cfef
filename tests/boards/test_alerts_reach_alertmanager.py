"""The shipped rules in a real Prometheus, and what a real Alertmanager with the example configuration makes of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.support.alertmanager import running_alertmanager
from tests.support.programs import require_program
from tests.support.prometheus import running_prometheus
from tests.support.said_metrics import gateway_that_says

DEADLINE_S: Final = 90.0
DEVICE: Final = 'clinic="c-1",device="d-1"'


def eventually(holds: Callable[[], bool], told: Callable[[], object]) -> None:
    until_s = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < until_s, told()
        time.sleep(0.2)


def fleet_metrics(wear: float, charge: float) -> str:
    return (
        "silverpoint_broker_connected 1\n"
        f"silverpoint_device_online{{{DEVICE}}} 1\n"
        f"silverpoint_device_last_seen_timestamp_seconds{{{DEVICE}}} {time.time()}\n"
        f"silverpoint_device_on_mains{{{DEVICE}}} 0\n"
        f"silverpoint_battery_charge_ratio{{{DEVICE}}} {charge}\n"
        f'silverpoint_nozzle_wear_ratio{{{DEVICE},nozzle="n-1"}} {wear}\n'
    )


def test_alerts_arrive_are_routed_inhibited_silenced_and_resolve(tmp_path: Path) -> None:
    require_program("prometheus", "prometheus")
    with (
        gateway_that_says(fleet_metrics(wear=0.9, charge=0.05)) as gateway,
        running_alertmanager(tmp_path / "alertmanager") as manager,
        running_prometheus(tmp_path / "prometheus", f"127.0.0.1:{gateway.server_port}", manager.address),
    ):
        wanted = {"SilverpointNozzleDue", "SilverpointBatteryLow"}
        eventually(lambda: manager.alerts().keys() >= wanted, manager.alerts)
        due = manager.alerts()["SilverpointNozzleDue"]
        assert due["receivers"] == [{"name": "technicians"}]
        assert due["status"]["state"] == "active"
        assert due["annotations"]["summary"] == "Nozzle n-1 on d-1 in c-1 is due"

        gateway.metrics = fleet_metrics(wear=1.1, charge=0.9)
        eventually(lambda: "SilverpointNozzleWornOut" in manager.alerts(), manager.alerts)
        # Resolved ones leave the list: the due nozzle is worn out now, and the battery was charged.
        eventually(lambda: "SilverpointNozzleDue" not in manager.alerts(), manager.alerts)

        manager.tool("silence", "add", "--author=test", "--comment=ordered", "--duration=5m", "clinic=c-1")
        eventually(
            lambda: manager.alerts()["SilverpointNozzleWornOut"]["status"]["state"] == "suppressed", manager.alerts
        )

        gateway.metrics = gateway.metrics.replace("silverpoint_broker_connected 1", "silverpoint_broker_connected 0")
        eventually(lambda: "SilverpointBrokerDisconnected" in manager.alerts(), manager.alerts)
        eventually(lambda: bool(manager.alerts()["SilverpointNozzleWornOut"]["status"]["inhibitedBy"]), manager.alerts)
        assert manager.alerts()["SilverpointBrokerDisconnected"]["receivers"] == [{"name": "operators"}]
