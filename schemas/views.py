"""Views: what is seen. The shapes of the API's answers (contract, section 6), and the protocol by which pages read.

Pages and the API see the fleet through `FleetReader` only, always on behalf of a viewer whose scope filters it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from schemas.access import Viewer
from schemas.alert import Alert, AlertState, Rule, Severity, Silence, SilenceKind
from schemas.alert_facts import AlertFacts
from schemas.records import Form, PowerSource
from schemas.registry import DeviceLifecycle

WearBand = Literal["ok", "due", "worn_out", "unknown"]


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class PowerView(_View):
    source: PowerSource | None
    charge: float | None
    voltage_v: float | None
    health: float | None


class SessionsView(_View):
    total: int | None
    active: bool


class NozzleView(_View):
    """The nozzle on a device. `serial` null: fitted, but its tag can't be read."""

    serial: str | None
    model: str | None
    lot: str | None
    strikes: int | None
    coating: float | None
    wear: float | None
    wear_low: float | None
    wear_high: float | None


class Quantiles(_View):
    p10: float
    p50: float
    p90: float


class ForecastView(_View):
    remaining_sessions: Quantiles | None
    remaining_days: Quantiles | None
    replace_by: str | None


class DeviceView(_View):
    """One device as it stands. `online` is false for a device that said so, or has been silent for too long."""

    id: str
    clinic_id: str
    label: str
    model: str | None
    firmware: str | None
    form: Form | None
    state: DeviceLifecycle
    online: bool
    last_seen_ms: int | None
    power: PowerView | None
    sessions: SessionsView | None
    nozzle: NozzleView | None
    wear_band: WearBand
    forecast: ForecastView | None


class AlertView(_View):
    """One alert, with the names that a person reads."""

    id: int
    rule: Rule
    subject: str
    clinic_id: str
    device_id: str | None
    severity: Severity
    state: AlertState
    value: float | None
    summary: str
    pending_since_ms: int
    firing_since_ms: int | None
    resolved_ms: int | None
    last_evidence_ms: int
    acknowledged_by: str | None
    acknowledged_ms: int | None
    stale: bool = False
    """Whether it rests on the word of a device that is silent now."""
    muted: str | None = None
    """Why nothing is sent about it now; null: it is."""
    facts: AlertFacts | None = Field(default=None, exclude=True)
    """What `summary` says, as data: pages word it in their reader's language. The API tells the summary."""
    silence: Silence | None = Field(default=None, exclude=True)
    """What `muted` says, as data."""

    @classmethod
    def of(
        cls, alert: Alert, *, stale: bool = False, muted: str | None = None, silence: Silence | None = None
    ) -> AlertView:
        return cls(
            id=alert.alert_id,
            rule=alert.rule,
            subject=alert.subject,
            clinic_id=alert.clinic_id,
            device_id=alert.device_id,
            severity=alert.severity,
            state=alert.state,
            value=alert.value,
            summary=alert.summary,
            pending_since_ms=alert.pending_since_ms,
            firing_since_ms=alert.firing_since_ms,
            resolved_ms=alert.resolved_ms,
            last_evidence_ms=alert.last_evidence_ms,
            acknowledged_by=alert.acknowledged_by,
            acknowledged_ms=alert.acknowledged_ms,
            stale=stale,
            muted=muted,
            facts=alert.facts,
            silence=silence,
        )


class SilenceView(_View):
    """One silence. `ended_ms`: when it was ended before its time; `ended_by` null then: by its alert."""

    id: int
    kind: SilenceKind
    rule: Rule | None
    clinic: str | None
    device: str | None
    subject: str | None
    severity: Severity | None
    starts_ms: int
    ends_ms: int
    ends_with_alert: bool
    comment: str
    created_by: str
    created_ms: int
    ended_ms: int | None
    ended_by: str | None

    @classmethod
    def of(cls, silence: Silence) -> SilenceView:
        meant = silence.matchers
        return cls(
            id=silence.silence_id,
            kind=silence.kind,
            rule=meant.rule,
            clinic=meant.clinic_id,
            device=meant.device_id,
            subject=meant.subject,
            severity=meant.severity,
            starts_ms=silence.starts_ms,
            ends_ms=silence.ends_ms,
            ends_with_alert=silence.ends_with_alert,
            comment=silence.comment,
            created_by=silence.created_by,
            created_ms=silence.created_ms,
            ended_ms=silence.ended_ms,
            ended_by=silence.ended_by,
        )


class ClinicView(_View):
    id: str
    name: str
    region: str
    timezone: str
    opening_hours: str
    contact: str
    discovered: bool
    devices: int
    online: int


class FleetSummary(_View):
    """The fleet within a glance. Nozzles are counted once each, on the device that has them fitted."""

    as_of_ms: int
    clinics: int
    devices: int
    online: int
    offline: int
    on_mains: int
    on_battery: int
    in_session: int
    nozzles_ok: int
    nozzles_due: int
    nozzles_worn_out: int
    nozzles_unknown: int
    alerts_firing: int
    alerts_pending: int
    sessions_today: int
    """Sessions that ended since midnight UTC."""
    records_missing: int | None
    """Of the whole fleet; None for whoever sees a part of it."""
    broker_connected: bool


class FleetChange(_View):
    """What changed: devices to draw again, and whether the summary or any alert did."""

    devices: tuple[DeviceView, ...]
    summary: FleetSummary
    alerts: tuple[AlertView, ...]
    """All firing alerts in scope, as they stand."""


class FleetReader(Protocol):
    """What pages read; carried out by gateway/serve/reader.py."""

    def devices(self, viewer: Viewer) -> Sequence[DeviceView]:
        """Every device in scope, in order of (clinic, id)."""
        ...

    async def standing(self, viewer: Viewer) -> Sequence[DeviceView]:
        """Every device in scope, in no order; asked so, a large fleet holds nobody up."""
        ...

    def device(self, viewer: Viewer, device_id: str) -> DeviceView | None:
        """None where there is none of that id in the viewer's scope."""
        ...

    def clinics(self, viewer: Viewer) -> Sequence[ClinicView]: ...

    async def summary(self, viewer: Viewer) -> FleetSummary: ...

    def firing_alerts(self, viewer: Viewer) -> Sequence[AlertView]:
        """Most severe first, then the longest firing."""
        ...

    def changes(self, viewer: Viewer) -> AsyncIterator[FleetChange]:
        """Coalesced changes, at most a few a second, until the gateway stops."""
        ...
