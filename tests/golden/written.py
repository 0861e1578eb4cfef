"""What golden cases are made of: good messages, JSON written exactly as told, and what is expected of it."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from typing import Any

CLINIC_ID = "c-golden"
DEVICE_ID = "d-golden"
BOOT_ID = "9f2c66d0-golden"
CANARY = "Canary"
"""Stands in every unknown key and value: nothing of it may be kept."""


@dataclass(frozen=True)
class Raw:
    """A token that is written as it stands."""

    text: str


@dataclass(frozen=True)
class Pairs:
    """An object written key by key, so that a key may come twice; a Raw key is written as it stands."""

    items: tuple[tuple[str | Raw, Any], ...]


@dataclass(frozen=True)
class Expected:
    """The one rejection that a case must end in."""

    reason: str
    path: str
    known: Any
    boot_id: str | None = None
    seq: int | None = None


@dataclass(frozen=True)
class Case:
    """One golden case. `payload` is text, bytes, or parts that are repeated."""

    group: str
    name: str
    topic: str
    payload: str | bytes | list[tuple[str, int]]
    rejections: tuple[Expected, ...] = ()
    records: tuple[dict[str, Any], ...] = ()
    publishable: bool = True

    def as_json(self) -> dict[str, Any]:
        entry: dict[str, Any] = {"name": self.name, "topic": self.topic}
        match self.payload:
            case str():
                entry["text"] = self.payload
            case bytes():
                entry["hex"] = self.payload.hex()
            case _:
                entry["parts"] = self.payload
        if self.records:
            entry["records"] = self.records
        if self.rejections:
            entry["rejections"] = [vars(expected) for expected in self.rejections]
        if not self.publishable:
            entry["publishable"] = False
        return entry


def written(value: Any) -> str:
    """Compact JSON of a value that may hold Raw tokens and Pairs."""
    match value:
        case Raw():
            return value.text
        case Pairs():
            return "{" + ",".join(f"{written(key)}:{written(item)}" for key, item in value.items) + "}"
        case dict():
            return "{" + ",".join(f"{json.dumps(key)}:{written(item)}" for key, item in value.items()) + "}"
        case list():
            return "[" + ",".join(map(written, value)) + "]"
        case _:
            return json.dumps(value, ensure_ascii=False)


def topic(kind: str) -> str:
    return f"fleet/v1/{CLINIC_ID}/{DEVICE_ID}/{kind}"


def good(kind: str, seq: int) -> dict[str, Any]:
    """A message of one kind with every field that there is."""
    envelope = {"boot_id": BOOT_ID, "seq": seq, "ts_ms": 1_760_000_000_000, "up_ms": 86_400_000}
    match kind:
        case "telemetry":
            return envelope | {
                "power": {"source": "battery", "charge": 0.83, "voltage_v": 24.1, "health": 0.96},
                "nozzle": {"serial": "NZ-0042", "strikes": 1_204_000, "coating": 0.71, "depth_mm": 1.5},
                "sessions": {"total": 318, "active": True},
            }
        case "session":
            return envelope | {
                "session_id": "5e0a-17",
                "started_ms": 1_759_998_200_000,
                "ended_ms": 1_760_000_000_000,
                "strikes": 162_000,
                "depth_mm": 1.5,
                "nozzle_serial": "NZ-0042",
                "power_source": "battery",
                "end": "normal",
            }
        case "nozzle":
            return envelope | {
                "event": "fitted",
                "serial": "NZ-0042",
                "strikes": 12,
                "model": "N-20",
                "lot": "L2026.07",
                "rated_strikes": 2_000_000,
                "expires_on": "2028-02-29",
            }
        case _:
            return {
                "state": "online",
                "boot_id": BOOT_ID,
                "ts_ms": 1_760_000_000_000 + seq,
                "model": "DM-2",
                "firmware": "2.4.1+b7",
                "form": "mobile",
                "interval_s": 900,
            }


def replaced(message: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """A copy with another value at a path."""
    result = copy.deepcopy(message)
    inner = result
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return result


def without(message: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """A copy without what is at a path."""
    result = copy.deepcopy(message)
    inner = result
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    return result


def rejected(reason: str, path: str, known: Any) -> Expected:
    """What is expected where `known` is kept: boot_id and seq are those that it holds."""
    kept = known or {}
    return Expected(reason, path, known, kept.get("boot_id"), kept.get("seq"))


def nested(depth: int) -> Raw:
    """Arrays around arrays, `depth` of them."""
    return Raw("[" * depth + "]" * depth)
