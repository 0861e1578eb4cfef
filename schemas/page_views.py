"""What the pages about one thing show, beyond the fleet: a device's history, alerts of the past, the registry, the
gateway itself. And the protocols by which those pages read and act, always on behalf of a viewer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol, TypeAlias

from pydantic import BaseModel, ConfigDict

from schemas.access import Viewer
from schemas.alert import AlertState, Rule, Severity
from schemas.records import PowerSource, SessionEnd
from schemas.registry import Clinic, DeviceEntry, NozzleModel
from schemas.rejection import Reason
from schemas.views import AlertView

PageAct: TypeAlias = Literal[
    "acknowledge", "registry", "edit_clinic", "edit_device", "edit_nozzle_model", "exchange_registry", "operator"
]
"""What a page may offer to a viewer."""

EntryKind: TypeAlias = Literal["clinic", "device", "nozzle_model"]
"""A kind of registry entry that pages edit."""


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class SeriesPoint(_View):
    """One point of a device's series; `wear` is that of the nozzle `serial`, None where it can't be told."""

    ts_ms: int
    on_mains: bool
    charge: float | None
    voltage_v: float | None
    health: float | None
    serial: str | None
    wear: float | None
    session_active: bool


class SessionMark(_View):
    """One treatment session that ended."""

    ended_ms: int
    duration_ms: int | None
    strikes: int
    depth_mm: float | None
    power_source: PowerSource
    serial: str | None
    end: SessionEnd | None


class LedgerEntry(_View):
    """One line of a device's nozzle ledger, by the device, a person or an inference."""

    ts_ms: int
    action: Literal["fitted", "removed", "sighted"]
    serial: str
    strikes: int | None
    made_by: Literal["device", "person", "inference"]
    reason: str | None


class DayTotal(_View):
    """Sessions of one clinic that ended on one UTC day."""

    day_ms: int
    sessions: int


class AlertsAsked(_View):
    """Which alerts are asked for; None: any."""

    state: AlertState | None = None
    rule: Rule | None = None
    severity: Severity | None = None
    clinic_id: str | None = None
    device_id: str | None = None


class AlertsFound(_View):
    """Newest first; `next` is where the next page begins, None where there is none."""

    items: tuple[AlertView, ...]
    next: int | None


class RegistryView(_View):
    """What people wrote down, and defaults for what only telemetry knows, each in order of id."""

    clinics: tuple[Clinic, ...]
    devices: tuple[DeviceEntry, ...]
    nozzle_models: tuple[NozzleModel, ...]


class ImportOutcome(_View):
    """How many entries a file made, or every mistake in it."""

    entries: int
    mistakes: tuple[str, ...]


class QuarantinedView(_View):
    """One kept rejection."""

    id: int
    topic: str
    reason: Reason
    path: str
    size_bytes: int
    count: int
    last_received_ms: int


class OperatorView(_View):
    """The gateway itself. Totals count since it started; rates and latencies are None until there are any."""

    as_of_ms: int
    messages_per_s: float | None
    received: Mapping[str, int]
    stored: int
    duplicates: int
    rejected: Mapping[str, int]
    records_missing: int
    records_lost: int
    latency_p50_ms: float | None
    latency_p99_ms: float | None
    broker_connected: bool
    broker_disconnects: int
    broker_sessions_lost: int
    commit_fault: str | None
    commit_retries: int
    samples: int
    samples_unsealed: int
    sessions: int
    oldest_sample_ms: int | None
    store_bytes: int
    free_bytes: int
    quarantined: int
    quarantine: tuple[QuarantinedView, ...]
    """The newest."""


class PageReader(Protocol):
    """What pages read beyond `FleetReader`; carried out by gateway/serve/page_reader.py."""

    def may(self, viewer: Viewer) -> frozenset[PageAct]:
        """What the viewer's role and scope allow."""
        ...

    async def series(
        self, viewer: Viewer, device_id: str, since_ms: int, until_ms: int, points: int
    ) -> Sequence[SeriesPoint]:
        """At most `points` points of since <= t < until, in order of time, never all raw samples."""
        ...

    async def session_marks(
        self, viewer: Viewer, device_id: str, since_ms: int, until_ms: int
    ) -> Sequence[SessionMark]:
        """Newest first."""
        ...

    async def clinic_days(self, viewer: Viewer, clinic_id: str, since_ms: int, until_ms: int) -> Sequence[DayTotal]:
        """In order of day; days without a session are left out."""
        ...

    async def ledger(self, viewer: Viewer, device_id: str) -> Sequence[LedgerEntry]:
        """Newest first."""
        ...

    async def alerts(self, viewer: Viewer, asked: AlertsAsked, limit: int, before: int | None) -> AlertsFound: ...

    def registry(self, viewer: Viewer) -> RegistryView:
        """What is in the viewer's scope."""
        ...

    async def operator(self, viewer: Viewer) -> OperatorView: ...


class PageActs(Protocol):
    """What people do on pages. Whatever the viewer may not do raises; mistakes in what was typed are answered."""

    async def acknowledge(self, viewer: Viewer, alert_id: int) -> bool:
        """False where the alert is over already."""
        ...

    async def save_entry(
        self, viewer: Viewer, kind: EntryKind, entry_id: str, fields: Mapping[str, str]
    ) -> Sequence[str]:
        """Writes fields as they were typed; the mistakes found, none where it is saved."""
        ...

    async def import_registry(self, viewer: Viewer, csv: str) -> ImportOutcome: ...

    async def export_registry(self, viewer: Viewer) -> str:
        """The whole registry as CSV."""
        ...
