"""Alerts as everybody sees them: rules, severities, states (contract, section 8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

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
