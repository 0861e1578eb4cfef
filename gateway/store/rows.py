"""What the store keeps, as the rest of the gateway sees it: frozen rows, no SQL.

A *key* orders the records of a device: (event_ms, boot_id, seq). A device's latest record has its largest key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from schemas.records import NozzleAction, NozzleEvent, OnlineState, Sample, Session
from schemas.rejection import Rejection

Key: TypeAlias = tuple[int, str, int]
"""(event_ms, boot_id, seq)"""

Interval: TypeAlias = tuple[int, int]
"""(first, last) of consecutive seqs, both included."""

MadeBy: TypeAlias = Literal["device", "person", "inference"]
LedgerAction: TypeAlias = Literal["fitted", "removed", "sighted"]


class TimedSample(NamedTuple):
    """A sample with its event time; `estimated` where the device's clock was not set or not believed."""

    event_ms: int
    received_ms: int
    estimated: bool
    sample: Sample

    @property
    def key(self) -> Key:
        return (self.event_ms, self.sample.boot_id, self.sample.seq)


class TimedSession(NamedTuple):
    """A session record with its event time."""

    event_ms: int
    received_ms: int
    estimated: bool
    session: Session


class TimedNozzleEvent(NamedTuple):
    """A swap record with its event time."""

    event_ms: int
    received_ms: int
    estimated: bool
    event: NozzleEvent

    @property
    def key(self) -> Key:
        return (self.event_ms, self.event.boot_id, self.event.seq)


class Marks(NamedTuple):
    """Which seqs of one boot of a device are known: sorted, disjoint, not touching intervals.

    `last_received_ms` is the largest earliest-receipt so far: a redelivery received before it may be an earlier
    receipt of a stored record. `lost` are holes that were missing for too long.
    """

    device_id: str
    boot_id: str
    stored: tuple[Interval, ...]
    rejected: tuple[Interval, ...]
    lost: tuple[Interval, ...]
    last_received_ms: int


@dataclass(frozen=True, slots=True)
class DeviceState:
    """What is known of a device now: merged from its records in any order, and from its statuses by receipt."""

    device_id: str
    clinic_id: str
    first_seen_ms: int
    last_seen_ms: int
    """Receipt of the last record or live status; redeliveries and retained copies do not count. 0: only they came."""
    latest: TimedSample | None = None
    latest_key: Key | None = None
    """Key of the latest record of any kind; its clinic is the device's clinic."""
    status_state: OnlineState | None = None
    """The last status that counted, or 'online' where a record came after an 'offline'."""
    status_received_ms: int | None = None
    status_boot_id: str | None = None
    model: str | None = None
    firmware: str | None = None
    form: str | None = None
    interval_s: int | None = None


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one device's samples and swap records say of one nozzle. A nozzle's state merges those of all devices."""

    serial: str
    device_id: str
    clinic_id: str
    first_event_ms: int
    last_key: Key
    strikes: int | None
    """The largest count seen."""
    coating_ratio: float | None
    """Of the latest sample that measured it."""
    coating_key: Key | None
    model: str | None = None
    lot: str | None = None
    rated_strikes: int | None = None
    expires_on: str | None = None
    info_key: Key | None = None
    """Key of the swap record that `model`, `lot`, `rated_strikes` and `expires_on` come from."""


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One entry of a device's nozzle ledger. Fittings (from a swap to a swap) are derived from these rows.

    `sighted` rows are inferences: the first sample that shows a nozzle without a `fitted` record before it.
    """

    device_id: str
    clinic_id: str
    event_ms: int
    boot_id: str
    seq: int
    action: LedgerAction
    serial: str
    strikes: int | None
    made_by: MadeBy
    reason: str | None = None
    lot: str | None = None
    """What a person read off the nozzle's package; devices say it in their swap records."""
    received_ms: int | None = None
    """When what it rests on was received; None where that was not kept."""

    @property
    def key(self) -> Key:
        return (self.event_ms, self.boot_id, self.seq)


@dataclass(frozen=True, slots=True)
class QuarantineRow:
    """One kept rejection: the same bytes again are the same row, counted."""

    rejection: Rejection
    topic: str
    payload_hash: str
    """Keyed hash (HMAC-SHA-256, hex) of the payload's bytes."""
    received_ms: int


@dataclass(frozen=True, slots=True)
class QuarantineEntry:
    """A quarantine row as the store lists it."""

    entry_id: int
    topic: str
    rejection: Rejection
    payload_hash: str
    first_received_ms: int
    last_received_ms: int
    count: int
    released_ms: int | None


@dataclass(frozen=True, slots=True)
class Batch:
    """All that one commit writes, in ONE transaction. States, sightings and marks replace their earlier rows."""

    samples: tuple[TimedSample, ...] = ()
    sessions: tuple[TimedSession, ...] = ()
    nozzle_events: tuple[TimedNozzleEvent, ...] = ()
    earlier_samples: tuple[TimedSample, ...] = ()
    """Redeliveries that may be an earlier receipt of a stored sample: the earliest receipt counts."""
    earlier_sessions: tuple[TimedSession, ...] = ()
    earlier_nozzle_events: tuple[TimedNozzleEvent, ...] = ()
    marks: tuple[Marks, ...] = ()
    devices: tuple[DeviceState, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    ledger: tuple[LedgerRow, ...] = ()
    """Rows to add."""
    quarantine: tuple[QuarantineRow, ...] = ()
    rebuild: tuple[str, ...] = ()
    """Devices whose derived state must be folded again from their records, after this commit."""


@dataclass(frozen=True, slots=True)
class CommitResult:
    """`rebuild`: devices to fold again: the batch's own, and those of which an earlier receipt changed a record."""

    commit_no: int
    rebuild: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeviceHistory:
    """Every kept record of a device, each in order of key, to fold its derived state again."""

    samples: tuple[TimedSample, ...]
    sessions: tuple[TimedSession, ...]
    nozzle_events: tuple[TimedNozzleEvent, ...]


@dataclass(frozen=True, slots=True)
class Derived:
    """The derived state of one device, folded again; replaces what is stored of it (people's ledger rows stay)."""

    device: DeviceState
    sightings: tuple[Sighting, ...]
    ledger: tuple[LedgerRow, ...]


@dataclass(frozen=True, slots=True)
class FleetSnapshot:
    """What the gateway starts from."""

    devices: tuple[DeviceState, ...]
    sightings: tuple[Sighting, ...]
    ledger: tuple[LedgerRow, ...]
    marks: tuple[Marks, ...]
    """The marks of each device's latest boot, and of every boot with open holes."""
    rebuild: tuple[str, ...]
    """Devices whose rebuild a crash cut off."""
    commit_no: int


class SamplePoint(NamedTuple):
    """One point of a device's series: a sample, or a bucket of them where the series was downsampled."""

    ts_ms: int
    clinic_id: str
    power_source: str
    charge_ratio: float | None
    voltage_v: float | None
    health_ratio: float | None
    nozzle_serial: str | None
    strikes: int | None
    coating_ratio: float | None
    depth_mm: float | None
    sessions_total: int
    session_active: bool
    estimated: bool
    received_ms: int = 0
    """Receipt of a sample; 0: a bucket."""
    clock_ms: int | None = None
    """What the device's clock said; None: it was not set."""


class RollupRow(NamedTuple):
    """One device, clinic and nozzle in one 15-minute UTC bucket: mergeable fields only.

    Sums are integer millionths, so that merging is exact and its order does not matter.
    `serial` is '' where no nozzle, or none that can be read, was fitted.
    """

    device_id: str
    clinic_id: str
    bucket_ms: int
    serial: str
    samples: int
    mains: int
    active: int
    charge_min: float | None
    charge_max: float | None
    charge_sum_u: int
    charge_n: int
    voltage_min: float | None
    voltage_max: float | None
    voltage_sum_u: int
    voltage_n: int
    coating_min: float | None
    coating_max: float | None
    coating_sum_u: int
    coating_n: int
    strikes_min: int | None
    strikes_max: int | None
    sessions_min: int
    sessions_max: int


__all__ = [
    "Batch",
    "CommitResult",
    "Derived",
    "DeviceHistory",
    "DeviceState",
    "FleetSnapshot",
    "Interval",
    "Key",
    "LedgerAction",
    "LedgerRow",
    "MadeBy",
    "Marks",
    "NozzleAction",
    "QuarantineEntry",
    "QuarantineRow",
    "RollupRow",
    "SamplePoint",
    "Sighting",
    "TimedNozzleEvent",
    "TimedSample",
    "TimedSession",
]
