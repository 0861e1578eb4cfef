"""Records: what a device said, validated. Named tuples because one is made for every message on the hot path
(a frozen dataclass of the same fields takes six times as long to make).

Ratios are 0..1, times are integer milliseconds since the epoch, UTC.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

PowerSource: TypeAlias = Literal["mains", "battery"]
SessionEnd: TypeAlias = Literal["normal", "stopped", "power_lost"]
NozzleAction: TypeAlias = Literal["fitted", "removed"]
OnlineState: TypeAlias = Literal["online", "offline"]
Form: TypeAlias = Literal["stationary", "mobile"]


class Sample(NamedTuple):
    """One validated reading of a device. `nozzle_fitted` without `nozzle_serial`: fitted, but its tag can't be read."""

    clinic_id: str
    device_id: str
    boot_id: str
    seq: int
    ts_ms: int | None
    up_ms: int | None
    power_source: PowerSource
    charge_ratio: float | None
    voltage_v: float | None
    health_ratio: float | None
    nozzle_fitted: bool
    nozzle_serial: str | None
    strikes: int | None
    coating_ratio: float | None
    depth_mm: float | None
    sessions_total: int
    session_active: bool


class Session(NamedTuple):
    """One treatment session at its end. Nothing in it says anything about a patient."""

    clinic_id: str
    device_id: str
    boot_id: str
    seq: int
    ts_ms: int | None
    up_ms: int | None
    session_id: str
    started_ms: int | None
    ended_ms: int | None
    strikes: int
    depth_mm: float | None
    nozzle_serial: str | None
    power_source: PowerSource
    end: SessionEnd | None


class NozzleEvent(NamedTuple):
    """A nozzle fitted to, or removed from, a device."""

    clinic_id: str
    device_id: str
    boot_id: str
    seq: int
    ts_ms: int | None
    up_ms: int | None
    action: NozzleAction
    serial: str
    strikes: int
    model: str | None
    lot: str | None
    rated_strikes: int | None
    expires_on: str | None


class Status(NamedTuple):
    """A device's own word that it is online or offline; a will carries `boot_id` and no `ts_ms`."""

    clinic_id: str
    device_id: str
    boot_id: str | None
    ts_ms: int | None
    state: OnlineState
    model: str | None
    firmware: str | None
    form: Form | None
    interval_s: int | None


Sequenced: TypeAlias = Sample | Session | NozzleEvent
Record: TypeAlias = Sample | Session | NozzleEvent | Status
