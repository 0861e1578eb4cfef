"""What the API answers beyond the views that pages share."""

from __future__ import annotations

import json
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from gateway.serve.fittings import Fitting
from gateway.serve.forecast_views import BandView, NozzleForecastView, PastForecastView, WearPointView
from gateway.store.rows import LedgerAction, LedgerRow, MadeBy, SamplePoint, TimedSession
from gateway.store.service_rows import AuditRow
from schemas.access import Role
from schemas.records import PowerSource, SessionEnd
from schemas.views import AlertView, WearBand

T = TypeVar("T")


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class Items(_Answer, Generic[T]):
    """One page of a list; `next_cursor` null: there is no further one."""

    items: tuple[T, ...]
    next_cursor: str | None


class SampleView(_Answer):
    """One point of a device's series. `estimated`: the device's clock was not set, or not believed."""

    ts_ms: int
    clinic_id: str
    power_source: PowerSource
    charge: float | None
    voltage_v: float | None
    health: float | None
    nozzle_serial: str | None
    strikes: int | None
    coating: float | None
    depth_mm: float | None
    sessions_total: int
    session_active: bool
    estimated: bool

    @classmethod
    def of(cls, point: SamplePoint, clinic_id: str) -> SampleView:
        """`clinic_id` as the viewer may see it."""
        return cls.model_validate(
            {
                **point._asdict(),
                "clinic_id": clinic_id,
                "charge": point.charge_ratio,
                "health": point.health_ratio,
                "coating": point.coating_ratio,
            }
        )


class SessionView(_Answer):
    """One treatment session. `ts_ms` is when the record was made, at the session's end."""

    session_id: str
    device_id: str
    clinic_id: str
    ts_ms: int
    started_ms: int | None
    ended_ms: int | None
    strikes: int
    depth_mm: float | None
    nozzle_serial: str | None
    power_source: PowerSource
    end: SessionEnd | None
    estimated: bool

    @classmethod
    def of(cls, row: TimedSession, clinic_id: str) -> SessionView:
        """`clinic_id` as the viewer may see it."""
        fields = row.session._asdict()
        return cls.model_validate({**fields, "clinic_id": clinic_id, "ts_ms": row.event_ms, "estimated": row.estimated})


class NozzleSummary(_Answer):
    """One nozzle as it stands, on the device that showed it last. `fitted`: it is on that device now.

    `first_seen_ms`: in the clinics that the asker sees; null where it came there on a device that moved."""

    serial: str
    model: str | None
    lot: str | None
    recalled: bool
    device_id: str
    clinic_id: str
    fitted: bool
    strikes: int | None
    rated_strikes: int | None
    coating: float | None
    wear: float | None
    wear_band: WearBand
    expires_on: str | None
    first_seen_ms: int | None
    last_seen_ms: int


class FittingView(_Answer):
    """A stretch of the nozzle's life on one device. Not `confirmed`: its use before is unknown."""

    device_id: str
    clinic_id: str
    fitted_ms: int
    removed_ms: int | None
    strikes_at_start: int | None
    strikes_at_end: int | None
    confirmed: bool
    fitted_by: MadeBy
    removed_by: MadeBy | None

    @classmethod
    def of(cls, fitting: Fitting, clinic_id: str) -> FittingView:
        return cls(
            device_id=fitting.device_id,
            clinic_id=clinic_id,
            fitted_ms=fitting.fitted_ms,
            removed_ms=fitting.removed_ms,
            strikes_at_start=fitting.strikes_at_start,
            strikes_at_end=fitting.strikes_at_end,
            confirmed=fitting.confirmed,
            fitted_by=fitting.fitted_by,
            removed_by=fitting.removed_by,
        )


class LedgerView(_Answer):
    """One entry of the ledger, by a device, a person or an inference."""

    ts_ms: int
    device_id: str
    clinic_id: str
    action: LedgerAction
    strikes: int | None
    made_by: MadeBy
    reason: str | None

    @classmethod
    def of(cls, row: LedgerRow, clinic_id: str, reason: str | None) -> LedgerView:
        return cls(
            ts_ms=row.event_ms,
            device_id=row.device_id,
            clinic_id=clinic_id,
            action=row.action,
            strikes=row.strikes,
            made_by=row.made_by,
            reason=reason,
        )


class NozzleLife(NozzleSummary):
    """A nozzle's whole life: every fitting on any device, the ledger behind them, its open alerts, its wear so far
    (`history`), how it may go on (`bands`), and past forecasts against what came."""

    fittings: tuple[FittingView, ...]
    events: tuple[LedgerView, ...]
    alerts: tuple[AlertView, ...]
    forecast: NozzleForecastView | None
    history: tuple[WearPointView, ...]
    bands: tuple[BandView, ...]
    past_forecasts: tuple[PastForecastView, ...]


class AuditView(_Answer):
    """Who did what to what; `at_ms` is when it was done, `recorded_ms` when it reached us."""

    id: int
    at_ms: int
    recorded_ms: int
    actor: str
    action: str
    subject: str
    detail: dict[str, Any]

    @classmethod
    def of(cls, row: AuditRow) -> AuditView:
        return cls(
            id=row.audit_id,
            at_ms=row.at_ms,
            recorded_ms=row.recorded_ms,
            actor=row.actor,
            action=row.action,
            subject=row.subject,
            detail=json.loads(row.detail_json),
        )


class Me(_Answer):
    """Who asks. `csrf` goes with every change that a browser session makes; null for a token."""

    name: str
    role: Role
    clinics: tuple[str, ...] | None
    models: tuple[str, ...] | None
    csrf: str | None
