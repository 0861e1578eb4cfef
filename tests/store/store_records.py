"""Records to store, made with few words, and what is done to a store again and again."""

from __future__ import annotations

from dataclasses import replace

from gateway.store.base import Store
from gateway.store.rows import (
    Batch,
    DeviceState,
    LedgerRow,
    Marks,
    QuarantineRow,
    Sighting,
    TimedNozzleEvent,
    TimedSample,
    TimedSession,
)
from gateway.store.service_rows import AuditRow
from schemas.alert import Alert
from schemas.records import NozzleEvent, Sample, Session
from schemas.rejection import Rejection

DAY_MS = 86_400_000
NOW_MS = 1_772_323_200_000
"""2026-03-01 00:00 UTC."""

AUDIT = AuditRow(0, NOW_MS, NOW_MS + 5, "ada", "test", "nothing", "{}")


def sample(
    seq: int,
    *,
    event_ms: int = NOW_MS,
    received_ms: int | None = None,
    estimated: bool = False,
    device: str = "dev-1",
    boot: str = "boot-1",
    clinic: str = "clinic-1",
    serial: str | None = "noz-1",
    coating: float | None = 0.75,
) -> TimedSample:
    given_ms = None if estimated else event_ms
    received = event_ms + 100 if received_ms is None else received_ms
    said = Sample(
        clinic_id=clinic,
        device_id=device,
        boot_id=boot,
        seq=seq,
        ts_ms=given_ms,
        up_ms=seq * 10 if estimated else None,
        power_source="mains" if seq % 2 else "battery",
        charge_ratio=(seq % 11) / 10,
        voltage_v=None if seq % 5 == 0 else 229.7 + seq / 7,
        health_ratio=0.93 if seq % 3 == 0 else None,
        nozzle_fitted=serial is not None,
        nozzle_serial=serial,
        strikes=None if serial is None else 1_000 * seq,
        coating_ratio=coating,
        depth_mm=1.25 if seq % 2 else None,
        sessions_total=seq // 3,
        session_active=seq % 4 == 1,
    )
    return TimedSample(event_ms, received, estimated, said)


def session(seq: int, *, event_ms: int = NOW_MS, received_ms: int | None = None, **names: str) -> TimedSession:
    said = Session(
        clinic_id=names.get("clinic", "clinic-1"),
        device_id=names.get("device", "dev-1"),
        boot_id=names.get("boot", "boot-1"),
        seq=seq,
        ts_ms=event_ms,
        up_ms=None,
        session_id=f"{seq:04x}",
        started_ms=event_ms - 1_200_000,
        ended_ms=event_ms - 1_000,
        strikes=90_000,
        depth_mm=1.5,
        nozzle_serial="noz-1",
        power_source="mains",
        end="normal",
    )
    return TimedSession(event_ms, event_ms + 100 if received_ms is None else received_ms, False, said)


def swap(seq: int, *, event_ms: int = NOW_MS, received_ms: int | None = None) -> TimedNozzleEvent:
    said = NozzleEvent(
        "clinic-1", "dev-1", "boot-1", seq, event_ms, None, "fitted", "noz-1", 12, "SN-9", "L-1", 900_000, "2027-01-31"
    )
    return TimedNozzleEvent(event_ms, event_ms + 100 if received_ms is None else received_ms, False, said)


def marks(*spans: tuple[int, int], boot: str = "boot-1", device: str = "dev-1", received_ms: int = NOW_MS) -> Marks:
    return Marks(device, boot, spans, (), (), received_ms)


def state(latest: TimedSample | None = None, device: str = "dev-1") -> DeviceState:
    return DeviceState(
        device_id=device,
        clinic_id="clinic-1",
        first_seen_ms=NOW_MS - 5,
        last_seen_ms=NOW_MS,
        latest=latest,
        latest_key=latest.key if latest else None,
        status_state="online",
        status_received_ms=NOW_MS - 1,
        status_boot_id="boot-0",
        model="SP-2",
        firmware="1.2.3+a",
        form="mobile",
        interval_s=900,
    )


def sighting(serial: str = "noz-1", device: str = "dev-1") -> Sighting:
    return Sighting(
        serial=serial,
        device_id=device,
        clinic_id="clinic-1",
        first_event_ms=NOW_MS - 9,
        last_key=(NOW_MS, "boot-1", 7),
        strikes=7_000,
        coating_ratio=0.7,
        coating_key=(NOW_MS - 3, "boot-1", 6),
        model="SN-9",
        lot="L-1",
        rated_strikes=900_000,
        expires_on="2027-01-31",
        info_key=(NOW_MS - 9, "boot-1", 0),
    )


def ledger_row(seq: int, made_by: str = "device", device: str = "dev-1") -> LedgerRow:
    return LedgerRow(device, "clinic-1", NOW_MS + seq, "boot-1", seq, "fitted", "noz-1", 12, made_by, None)  # type: ignore[arg-type]


def rejected(path: str = "power.charge", received_ms: int = NOW_MS, payload_hash: str = "ab" * 32) -> QuarantineRow:
    rejection = Rejection("out_of_range", path, "telemetry", "clinic-1", "dev-1", "boot-1", 3, 210, '{"seq":3}')
    return QuarantineRow(rejection, "fleet/v1/clinic-1/dev-1/telemetry", payload_hash, received_ms)


def alert(**changes: object) -> Alert:
    made = Alert(
        alert_id=0,
        rule="nozzle_due",
        subject="noz-1",
        clinic_id="clinic-1",
        device_id="dev-1",
        severity="warning",
        state="pending",
        value=0.81,
        summary="nozzle noz-1 is due",
        pending_since_ms=NOW_MS,
        firing_since_ms=None,
        clearing_since_ms=None,
        resolved_ms=None,
        last_evidence_ms=NOW_MS,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


async def settle(store: Store, now_ms: int = NOW_MS) -> int:
    """Maintains until nothing is due; gives the number of samples sealed."""
    sealed = 0
    for _ in range(10_000):
        report = await store.maintain(now_ms)
        sealed += report.sealed_rows
        if not report.more:
            return sealed
    raise AssertionError("maintenance does not end")


async def commit_samples(store: Store, *samples: TimedSample) -> None:
    await store.commit(Batch(samples=samples))
