"""Rows of what stands around the telemetry: alerts as they change, people, tokens, audit, statistics."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.access import Role, Scope
from schemas.alert import Alert, AlertState, Severity


@dataclass(frozen=True, slots=True)
class AlertChange:
    """One transition: the alert as it shall be. `alert_id` 0 opens a new one (`expected_state` None)."""

    alert: Alert
    expected_state: AlertState | None
    at_ms: int
    note: str


@dataclass(frozen=True, slots=True)
class AlertHistoryRow:
    """One change of an alert, as it is kept."""

    history_no: int
    alert_id: int
    at_ms: int
    from_state: AlertState | None
    to_state: AlertState
    severity: Severity
    note: str


@dataclass(frozen=True, slots=True)
class EndedSilences:
    """Silences that end with their alert, in the transaction in which it resolves."""

    silence_ids: tuple[int, ...]
    at_ms: int


@dataclass(frozen=True, slots=True)
class User:
    name: str
    role: Role
    scope: Scope
    created_ms: int


@dataclass(frozen=True, slots=True)
class Credential:
    user: User
    password_hash: str


@dataclass(frozen=True, slots=True)
class Token:
    name: str
    role: Role
    scope: Scope
    created_ms: int


@dataclass(frozen=True, slots=True)
class SignIn:
    """A browser session. Only the hash of its cookie is kept."""

    session_hash: str
    user_name: str
    csrf: str
    created_ms: int
    expires_ms: int


@dataclass(frozen=True, slots=True)
class AuditRow:
    """Who did what to what, and when it was done (which may be before it reached us)."""

    audit_id: int
    """0 until it is stored."""
    at_ms: int
    recorded_ms: int
    actor: str
    action: str
    subject: str
    detail_json: str


@dataclass(frozen=True, slots=True)
class Retention:
    """For how long what is kept is kept. Ledger, rollups and audit stay."""

    samples_days: int = 400
    sessions_days: int = 3_650
    quarantine_days: int = 90
    archived: bool = False
    """Samples stay until a file of the archive has them."""


@dataclass(frozen=True, slots=True)
class MaintenanceReport:
    more: bool
    sealed_rows: int
    dropped_days: int


@dataclass(frozen=True, slots=True)
class StoreStats:
    samples: int
    hot_samples: int
    sessions: int
    quarantined: int
    size_bytes: int
    free_bytes: int
    oldest_sample_ms: int | None


__all__ = [
    "AlertChange",
    "AlertHistoryRow",
    "AuditRow",
    "Credential",
    "EndedSilences",
    "MaintenanceReport",
    "Retention",
    "SignIn",
    "StoreStats",
    "Token",
    "User",
]
