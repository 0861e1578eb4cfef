"""Alerts as everybody sees them: rules, severities, states (contract, section 8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

from schemas.alert_facts import AlertFacts

Rule: TypeAlias = Literal[
    "nozzle_due",
    "nozzle_worn_out",
    "nozzle_expired",
    "nozzle_recalled",
    "nozzle_mismatched",
    "nozzle_duplicate",
    "nozzle_unconfirmed_swap",
    "nozzle_wear_abnormal",
    "battery_low",
    "battery_degraded",
    "mains_lost",
    "clinic_mains_lost",
    "device_silent",
    "clinic_silent",
    "session_overlong",
    "depth_out_of_range",
    "clock_skew",
    "data_gap",
    "message_rejected",
    "gateway_disk_low",
    "gateway_broker_lost",
    "gateway_message_dead",
]
Severity: TypeAlias = Literal["info", "warning", "critical"]
AlertState: TypeAlias = Literal["pending", "firing", "resolved"]

RULES: Final[tuple[Rule, ...]] = get_args(Rule)
SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)
ALERT_STATES: Final[tuple[AlertState, ...]] = get_args(AlertState)


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert of one rule about one subject (a nozzle serial for the nozzle rules). `*_ms` are telemetry time.

    `acknowledged_by` and `acknowledged_ms` stand beside the state and never change it.
    """

    alert_id: int
    rule: Rule
    subject: str
    clinic_id: str
    device_id: str | None
    severity: Severity
    state: AlertState
    value: float | None
    """What the rule looked at, when it last changed the alert; for the nozzle rules the wear ratio."""
    summary: str
    pending_since_ms: int
    firing_since_ms: int | None
    clearing_since_ms: int | None
    """Since when the condition has been false while the alert still fires."""
    resolved_ms: int | None
    last_evidence_ms: int
    acknowledged_by: str | None = None
    acknowledged_ms: int | None = None
    facts: AlertFacts | None = None
    """What `summary` says, as data; None where an older version wrote it."""


SilenceKind: TypeAlias = Literal["silence", "maintenance"]
SILENCE_KINDS: Final[tuple[SilenceKind, ...]] = get_args(SilenceKind)


@dataclass(frozen=True, slots=True)
class Matchers:
    """Which alerts are meant: those that agree with all that is given. At least one is."""

    rule: Rule | None = None
    clinic_id: str | None = None
    device_id: str | None = None
    subject: str | None = None
    severity: Severity | None = None

    def match(self, alert: Alert) -> bool:
        """Whether the alert is meant."""
        wanted = (
            (self.rule, alert.rule),
            (self.clinic_id, alert.clinic_id),
            (self.device_id, alert.device_id),
            (self.subject, alert.subject),
            (self.severity, alert.severity),
        )
        return all(given is None or given == has for given, has in wanted)


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing is sent about these alerts from `starts_ms` until `ends_ms`; their state goes on. Gateway's clock.

    A maintenance window is a silence of a clinic or a device, planned ahead.
    """

    silence_id: int
    kind: SilenceKind
    matchers: Matchers
    starts_ms: int
    ends_ms: int
    ends_with_alert: bool
    """Whether it also ends when the last alert that it matches resolves."""
    comment: str
    created_by: str
    created_ms: int
    ended_ms: int | None = None
    """When it was ended before its time."""
    ended_by: str | None = None
    """Who ended it; None: its alert resolved."""

    def mutes(self, alert: Alert, now_ms: int) -> bool:
        """Whether nothing is sent about the alert now."""
        return self.ended_ms is None and self.starts_ms <= now_ms < self.ends_ms and self.matchers.match(alert)
