"""Deliveries as devices would cause them, written tersely."""

from __future__ import annotations

import json
from typing import Any

from schemas.delivery import Delivery

T0 = 1_760_000_000_000
MINUTE = 60_000


def delivery(
    kind: str,
    message: dict[str, Any] | bytes,
    received_ms: int,
    *,
    device: str = "d1",
    clinic: str = "c1",
    retained: bool = False,
    packet_id: int = 0,
) -> Delivery:
    payload = message if isinstance(message, bytes) else json.dumps(message, separators=(",", ":")).encode()
    topic = f"fleet/v1/{clinic}/{device}/{kind}"
    return Delivery(topic, payload, received_ms, retained, 1 if packet_id else 0, packet_id)


def sample(
    seq: int,
    ts_ms: int | None = None,
    *,
    boot: str = "b1",
    up_ms: int | None = None,
    serial: str | None = "n1",
    fitted: bool = True,
    strikes: int = 0,
    coating: float | None = None,
    charge: float | None = None,
) -> dict[str, Any]:
    message: dict[str, Any] = {
        "boot_id": boot,
        "seq": seq,
        "ts_ms": ts_ms,
        "power": {"source": "mains", "charge": charge, "voltage_v": 230.0},
        "nozzle": {"serial": serial, "strikes": strikes, "coating": coating} if fitted else None,
        "sessions": {"total": seq, "active": False},
    }
    if up_ms is not None:
        message["up_ms"] = up_ms
    return message


def backlog(*samples: dict[str, Any]) -> dict[str, Any]:
    return {"samples": list(samples)}


def swap(
    seq: int, ts_ms: int | None, event: str, serial: str, *, boot: str = "b1", strikes: int = 0, **more: Any
) -> dict[str, Any]:
    return {
        "boot_id": boot, "seq": seq, "ts_ms": ts_ms, "event": event, "serial": serial, "strikes": strikes, **more,
    }  # fmt: skip


def session(seq: int, ts_ms: int | None, *, boot: str = "b1", serial: str | None = "n1") -> dict[str, Any]:
    return {
        "boot_id": boot, "seq": seq, "ts_ms": ts_ms, "session_id": f"{seq:08x}", "started_ms": ts_ms,
        "ended_ms": ts_ms, "strikes": 1000, "depth_mm": 1.0, "nozzle_serial": serial, "power_source": "mains",
    }  # fmt: skip


def status(state: str, *, boot: str | None = None, ts_ms: int | None = None, **more: Any) -> dict[str, Any]:
    message: dict[str, Any] = {"state": state, **more}
    if boot is not None:
        message["boot_id"] = boot
    if ts_ms is not None:
        message["ts_ms"] = ts_ms
    return message
