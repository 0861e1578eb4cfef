"""What of a rejected message is kept: its reason, its known part, and a keyed hash of its bytes. Pure."""

from __future__ import annotations

import hmac
import json
import re
from typing import Any, Final

from gateway.store.rows import QuarantineRow
from schemas.delivery import Delivery
from schemas.records import Sample
from schemas.rejection import Rejection

HASH_KEY_NAME: Final = "quarantine"
"""Under which the store keeps the key of the hashes."""

_samples_member = re.compile(rb'"samples"\s*:')
_sample_path = re.compile(r"samples\[(\d+)\]")


class Quarantine:
    """Makes quarantine rows; holds the key that keeps their hashes from being guessed."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def row(self, delivery: Delivery, rejection: Rejection) -> QuarantineRow:
        digest = hmac.digest(self._key, delivery.payload, "sha256").hex()
        return QuarantineRow(rejection, delivery.topic, digest, delivery.received_ms)


def too_old(delivery: Delivery, sample: Sample, at: int, refused: tuple[Rejection, ...]) -> Rejection:
    """The rejection of a sample that is older than its retention.

    `at` counts the samples of the delivery that were decoded; `refused` are its samples that were not.
    """
    path = "ts_ms"
    if _samples_member.search(delivery.payload):
        path = f"samples[{_place(at, refused)}].ts_ms"
    return Rejection(
        reason="too_old",
        path=path,
        kind="telemetry",
        clinic_id=sample.clinic_id,
        device_id=sample.device_id,
        boot_id=sample.boot_id,
        seq=sample.seq,
        size_bytes=len(delivery.payload),
        known_json=sample_json(sample),
    )


def _place(at: int, refused: tuple[Rejection, ...]) -> int:
    """Where the sample stood in its message: the refused ones before it count too."""
    found = (_sample_path.match(rejection.path) for rejection in refused)
    for place in sorted(int(match[1]) for match in found if match):
        if place <= at:
            at += 1
    return at


def sample_json(sample: Sample) -> str:
    """A sample as a device would have sent it alone: `decode` reads it to the same sample.

    An optional field that is null and one that was left out are the same sample; it is left out.
    """
    nozzle: dict[str, Any] | None = None
    if sample.nozzle_fitted:
        nozzle = {
            "serial": sample.nozzle_serial,
            "strikes": sample.strikes,
            "coating": sample.coating_ratio,
        }
        if sample.depth_mm is not None:
            nozzle["depth_mm"] = sample.depth_mm
    power: dict[str, Any] = {
        "source": sample.power_source,
        "charge": sample.charge_ratio,
        "voltage_v": sample.voltage_v,
    }
    if sample.health_ratio is not None:
        power["health"] = sample.health_ratio
    message: dict[str, Any] = {
        "boot_id": sample.boot_id,
        "seq": sample.seq,
        "ts_ms": sample.ts_ms,
        "power": power,
        "nozzle": nozzle,
        "sessions": {"total": sample.sessions_total, "active": sample.session_active},
    }
    if sample.up_ms is not None:
        message["up_ms"] = sample.up_ms
    return json.dumps(message, separators=(",", ":"))
