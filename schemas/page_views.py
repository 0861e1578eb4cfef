"""What the pages about one thing show, beyond the fleet: a device's history, alerts of the past, the registry, the
gateway itself. And the protocols by which those pages read and act, always on behalf of a viewer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol, TypeAlias

from pydantic import BaseModel, ConfigDict, SkipValidation

from schemas.access import Role, Viewer
from schemas.alert import AlertState, Rule, Severity
from schemas.lifetime_views import LifetimesView, LivesBy
from schemas.records import PowerSource, SessionEnd
from schemas.registry import Clinic, DeviceEntry, Lot, NozzleModel
from schemas.rejection import Reason
from schemas.views import AlertView

PageAct: TypeAlias = Literal[
    "acknowledge",
    "silence",
    "work",
    "do_work",
    "close_work",
    "registry",
    "edit_clinic",
    "edit_device",
    "edit_nozzle_model",
    "exchange_registry",
    "edit_lot",
    "operator",
    "release",
    "resend",
    "people",
    "reports",
    "product",
    "notifications",
]
"""What a page may offer to a viewer."""

EntryKind: TypeAlias = Literal["clinic", "device", "nozzle_model", "lot"]
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


class DaysLeft(_View):
    """Quantiles of the days until a nozzle's wear reaches its limit."""

    p05: float
    p25: float
    p50: float
    p75: float
    p95: float


class PastForecast(_View):
    """A forecast as it was given, in strikes of the nozzle's whole life. `held`: whether what came lay within its
    middle 80 %; None: the life goes on, or ended too early to tell."""

    as_of_ms: int
    strikes: int
    p05: float
    p10: float
    p50: float
    p90: float
    p95: float
    held: bool | None


class NozzlePast(_View):
    """What was forecast of one nozzle. `came`: the strikes that its life came to, None while that is open."""

    serial: str
    items: tuple[PastForecast, ...]
    came: float | None


class WearStory(_View):
    """How the wear of a device's nozzle may go on, and what was forecast of it and the one before.

    `path`: (part of the time up to the limit, wear) along the median."""

    days_left: DaysLeft | None
    path: tuple[tuple[float, float], ...]
    past: tuple[NozzlePast, ...]


class DayTotal(_View):
    """Sessions of one clinic that ended on one UTC day."""

    day_ms: int
    sessions: int


class DayUse(_View):
    """Sessions in sight that ended on one UTC day, and how many are usual for its weekday; None: not known."""

    day_ms: int
    sessions: int
    usual: float | None


class Waiting(_View):
    """What has come due within so many days (0: now), and what is expected to be lost where nothing is replaced
    until then, in the currency of the nozzle models' prices."""

    days: int
    nozzles: int
    cost: float


class FleetOutlook(_View):
    """What lies ahead of the fleet, and how it was used. `failure_ratio`: what a nozzle that passes its limit
    unreplaced costs, in planned replacements."""

    as_of_ms: int
    waiting: tuple[Waiting, ...]
    failure_ratio: float
    days: tuple[DayUse, ...]


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
    lots: tuple[Lot, ...] = ()


class ImportOutcome(_View):
    """How many entries a file made, or every mistake in it."""

    entries: int
    mistakes: tuple[SkipValidation[str], ...]
    """Each a `Mistake`, where it says as data what is wrong."""


class QuarantinedView(_View):
    """One kept rejection."""

    id: int
    topic: str
    reason: Reason
    path: str
    size_bytes: int
    count: int
    last_received_ms: int
    readable: bool = False
    """Whether anything of it could be read: only then may it be taken in after all, if that is complete."""


class MessageLine(_View):
    """One message of the outbox; `error` is what its last attempt met."""

    id: int
    receiver: str
    channel: str
    reason: str
    state: Literal["waiting", "sending", "sent", "dead"]
    attempts: int
    created_ms: int
    next_try_ms: int
    ended_ms: int | None
    error: str


class PersonView(_View):
    """Somebody who may sign in, and what they see; None: all."""

    name: str
    role: Role
    clinics: tuple[str, ...] | None
    models: tuple[str, ...] | None
    created_ms: int


class ReleaseOutcome(_View):
    """How many entries of the quarantine were taken in after all, and how many could not be."""

    released: int
    kept: int


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
    waiting: tuple[MessageLine, ...] = ()
    """The newest messages that are still to be sent."""
    dead: tuple[MessageLine, ...] = ()
    """The newest messages that were given up."""


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

    async def outlook(self, viewer: Viewer) -> FleetOutlook:
        """As it stood at most a minute ago."""
        ...

    async def ledger(self, viewer: Viewer, device_id: str) -> Sequence[LedgerEntry]:
        """Newest first."""
        ...

    async def wear_story(self, viewer: Viewer, device_id: str) -> WearStory:
        """Of the nozzle that is on the device, and of the one before it."""
        ...

    async def alerts(self, viewer: Viewer, asked: AlertsAsked, limit: int, before: int | None) -> AlertsFound: ...

    async def lifetimes(self, viewer: Viewer, by: LivesBy) -> LifetimesView:
        """How long nozzles last, as of some minutes ago; a vendor is told the last quarter, by lot or model."""
        ...

    def registry(self, viewer: Viewer) -> RegistryView:
        """What is in the viewer's scope."""
        ...

    async def operator(self, viewer: Viewer) -> OperatorView: ...

    async def people(self, viewer: Viewer) -> Sequence[PersonView]:
        """Everybody who may sign in, in order of name."""
        ...


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

    async def release(self, viewer: Viewer, entry_id: int | None) -> ReleaseOutcome:
        """Takes an entry of the quarantine in after all; None: every one that is complete."""
        ...

    async def send_again(self, viewer: Viewer, message_id: int) -> bool:
        """Tries a message that was given up once more; False where it is none any more."""
        ...

    async def import_people(self, viewer: Viewer, csv: str) -> ImportOutcome:
        """Adds people and changes their roles and scopes: a whole file or nothing of it."""
        ...

    async def save_person(self, viewer: Viewer, name: str, fields: Mapping[str, str], *, new: bool) -> Sequence[str]:
        """Writes role and scope (and, of a new person, the password) as they were typed; the mistakes found."""
        ...

    async def import_registry(self, viewer: Viewer, csv: str) -> ImportOutcome: ...

    async def export_registry(self, viewer: Viewer) -> str:
        """The whole registry as CSV."""
        ...
