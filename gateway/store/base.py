"""The store, as the rest of the gateway sees it: what every store must do. Each method owns its transaction.

They raise `StoreUnavailableError` where trying again may help (disk full, locked, I/O error), `StoreError` otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gateway.store.archive_base import ArchiveStore
from gateway.store.chase_base import ChaseStore
from gateway.store.demand_base import DemandStore
from gateway.store.forecast_base import ForecastStore
from gateway.store.lives_base import LivesStore
from gateway.store.notify_base import NotifyStore
from gateway.store.report_base import ReportStore
from gateway.store.resume_base import Position, ResumeStore
from gateway.store.rows import (
    Batch,
    CommitResult,
    Derived,
    DeviceHistory,
    FleetSnapshot,
    LedgerRow,
    Marks,
    QuarantineEntry,
    RollupRow,
    SamplePoint,
    TimedSession,
)
from gateway.store.service_rows import (
    AlertChange,
    AlertHistoryRow,
    AuditRow,
    Credential,
    EndedSilences,
    MaintenanceReport,
    SignIn,
    StoreStats,
    Token,
    User,
)
from gateway.store.silence_base import SilenceStore
from gateway.store.told_base import ToldStore
from gateway.store.use_base import UseStore
from gateway.store.work_base import WorkStore
from schemas.alert import Alert, Rule
from schemas.registry import Clinic, DeviceEntry, Lot, NozzleModel, RegistryEntry


class IngestStore(Protocol):
    """What the pipeline needs."""

    async def commit(self, batch: Batch) -> CommitResult:
        """Writes the batch in one transaction, or nothing of it."""
        ...

    async def load_fleet(self) -> FleetSnapshot: ...

    async def load_marks(self, boots: Sequence[tuple[str, str]]) -> tuple[Marks, ...]:
        """Marks of (device_id, boot_id) pairs; boots never seen are left out."""
        ...

    async def device_history(self, device_id: str) -> DeviceHistory: ...

    async def replace_derived(self, derived: Derived) -> None:
        """Replaces a device's derived state and strikes it from the devices to rebuild."""
        ...


class ReadStore(Protocol):
    """What pages and the API read. `before` cursors are opaque ids given back by the caller."""

    async def samples(self, device_id: str, since_ms: int, until_ms: int, limit: int) -> tuple[SamplePoint, ...]:
        """Samples with since <= event time < until, oldest first."""
        ...

    async def sample_series(self, device_id: str, since_ms: int, until_ms: int, points: int) -> tuple[SamplePoint, ...]:
        """At most `points` points of since <= event time < until, in order of time: raw samples where they are few
        enough, otherwise the last sample of each of `points` equal steps (from rollups where raw ones are gone)."""
        ...

    async def rollups(self, device_id: str, since_ms: int, until_ms: int) -> tuple[RollupRow, ...]:
        """15-minute buckets, sealed and not yet sealed samples together, in order of (bucket, clinic, serial)."""
        ...

    async def sessions(
        self,
        *,
        device_id: str | None,
        since_ms: int,
        until_ms: int,
        limit: int,
        before: tuple[int, str, str, int] | None,
    ) -> tuple[TimedSession, ...]:
        """Newest first by (event_ms, device_id, boot_id, seq); `before` is the last row of the page before."""
        ...

    async def sessions_by_day(self, since_ms: int, until_ms: int) -> tuple[tuple[str, int, int], ...]:
        """(clinic_id, UTC day start ms, sessions) of the days that have any."""
        ...

    async def ledger(self, *, device_id: str | None = None, serial: str | None = None) -> tuple[LedgerRow, ...]: ...

    async def quarantine(
        self, *, limit: int, before: int | None, reason: str | None = None, released: bool | None = None
    ) -> tuple[QuarantineEntry, ...]:
        """Newest entry first; `before` is the entry_id of the page before's last row."""
        ...

    async def mark_released(self, entry_ids: Sequence[int], now_ms: int) -> None: ...

    async def stats(self) -> StoreStats: ...


class RegistryStore(Protocol):
    """Clinics, devices, nozzle models, lots."""

    async def load_registry(self) -> tuple[RegistryEntry, ...]: ...

    async def save_registry(self, entries: Sequence[RegistryEntry], audit: AuditRow | None) -> None:
        """Inserts or replaces, all or none."""
        ...

    async def clinic(self, clinic_id: str) -> Clinic | None: ...
    async def knows_clinic(self, clinic_id: str) -> bool:
        """Whether anything was ever heard or written of it."""
        ...

    async def device_entry(self, device_id: str) -> DeviceEntry | None: ...
    async def nozzle_model(self, model: str) -> NozzleModel | None: ...
    async def lot(self, lot: str) -> Lot | None: ...


class AlertStore(Protocol):
    """Alerts, their history, and how far the engine has read."""

    async def open_alerts(self) -> tuple[Alert, ...]:
        """All pending and firing alerts."""
        ...

    async def alert_mark(self) -> int:
        """The commit up to which the engine has evaluated."""
        ...

    async def changed_since(self, commit_no: int) -> tuple[str, ...]:
        """Ids of devices with a commit after `commit_no`."""
        ...

    async def apply_alerts(
        self,
        changes: Sequence[AlertChange],
        mark: int,
        ended_silences: EndedSilences | None = None,
        position: Position | None = None,
    ) -> tuple[Alert, ...]:
        """Writes the changes, a history row for each, and the mark, in one transaction; gives the alerts as stored.
        A change whose `expected_state` no longer holds is left out (somebody else made it). Several changes of one
        alert come in their order; those of a new one carry `alert_id` 0. Silences that end with it end too, and
        `position` is where `unlooked_since_ms` begins from then on."""
        ...

    async def alerts(
        self,
        *,
        limit: int,
        before: int | None,
        state: str | None = None,
        rule: str | None = None,
        clinic_id: str | None = None,
        device_id: str | None = None,
    ) -> tuple[Alert, ...]:
        """Newest alert first."""
        ...

    async def alert(self, alert_id: int) -> Alert | None: ...

    async def latest_alerts(self, subjects: Sequence[tuple[Rule, str]]) -> tuple[Alert, ...]:
        """The newest alert of each (rule, subject), open or resolved; pairs that never had one are left out. The
        engine opens a resolved one again by an `AlertChange` with its id and `expected_state` 'resolved'."""
        ...

    async def alert_history(self, alert_id: int) -> tuple[AlertHistoryRow, ...]:
        """Every change of one alert, oldest first."""
        ...

    async def acknowledge(self, alert_id: int, by: str, at_ms: int, audit: AuditRow) -> Alert | None: ...


class AccessStore(Protocol):
    """People, tokens, browser sessions, the audit trail."""

    async def save_user(self, user: User, password_hash: str, audit: AuditRow) -> None: ...
    async def save_users(self, credentials: Sequence[Credential], audits: Sequence[AuditRow]) -> None: ...
    async def user(self, name: str) -> Credential | None: ...
    async def users(self) -> tuple[User, ...]: ...

    async def change_password(self, name: str, password_hash: str, audit: AuditRow) -> None:
        """Ends the person's browser sessions, too."""
        ...

    async def remove_user(self, name: str, audit: AuditRow) -> None:
        """With browser sessions, the address of the calendar, and where that one was told."""
        ...

    async def save_token(self, token: Token, token_hash: str, audit: AuditRow) -> None: ...

    async def tokens(self) -> tuple[Token, ...]:
        """In order of name and age."""
        ...

    async def remove_tokens(self, name: str, audit: AuditRow) -> None:
        """All of that name."""
        ...

    async def token(self, token_hash: str) -> Token | None: ...
    async def save_sign_in(self, sign_in: SignIn) -> None: ...
    async def sign_in(self, session_hash: str) -> SignIn | None: ...
    async def end_sign_in(self, session_hash: str) -> None: ...
    async def add_audit(self, row: AuditRow) -> None: ...

    async def audit(self, *, limit: int, before: int | None) -> tuple[AuditRow, ...]:
        """Newest first."""
        ...

    async def remember_response(self, idempotency_key: str, viewer: str, response_json: str, now_ms: int) -> None: ...
    async def remembered_response(self, idempotency_key: str, viewer: str) -> str | None: ...

    async def secret(self, name: str) -> bytes:
        """32 random bytes kept under this name; made at the first call."""
        ...


class MaintenanceStore(Protocol):
    """Background work in small transactions, and files."""

    async def maintain(self, now_ms: int) -> MaintenanceReport:
        """One short step of sealing or retention (tens of milliseconds); `more` says whether another is due now."""
        ...

    async def backup(self, path: str) -> None: ...
    async def check(self) -> tuple[str, ...]:
        """Faults found; empty where all is well."""
        ...

    async def close(self) -> None: ...


class Store(
    IngestStore,
    ReadStore,
    RegistryStore,
    AlertStore,
    AccessStore,
    MaintenanceStore,
    ForecastStore,
    SilenceStore,
    WorkStore,
    ChaseStore,
    NotifyStore,
    ResumeStore,
    ReportStore,
    ArchiveStore,
    ToldStore,
    UseStore,
    LivesStore,
    DemandStore,
    Protocol,
):
    """All of it."""
