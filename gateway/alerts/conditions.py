"""Conditions: what the evidence says of one rule and one subject. Pure: facts in, a finding out.

A condition with two thresholds answers `true` at the upper one, `false` below the lower one, and `within`
between them, which keeps what was: a noisy reading at the edge neither opens nor closes an alert.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, TypeAlias

from gateway.config import AlertsConfig
from gateway.ingest.fleet import NozzleState
from gateway.wear.level import nozzle_wear
from schemas.alert import Rule, Severity
from schemas.registry import NozzleModel

WORN_OUT_WEAR: Final = 1.0

Verdict: TypeAlias = Literal["true", "within", "false", "over"]
"""`over`: the subject is out of the rule's reach, as a nozzle that was taken off; nothing needs to be held."""


class Finding(NamedTuple):
    """What a rule finds about a subject. `at_ms` is the time of the evidence, in telemetry time."""

    rule: Rule
    subject: str
    clinic_id: str
    device_id: str | None
    severity: Severity
    verdict: Verdict
    value: float | None
    summary: str
    at_ms: int
    why: str = ""
    """For `over`: why, as it goes into the alert's history."""
    since_ms: int | None = None
    """Since when the readings have been so; None: not known to be longer than since `at_ms`."""


class NozzleFacts(NamedTuple):
    """What is known of one nozzle when its rules are evaluated."""

    nozzle: NozzleState
    wear_ratio: float | None
    at_ms: int


NozzleCondition: TypeAlias = Callable[[NozzleFacts, AlertsConfig], Finding | None]
"""None where there is no evidence either way: the alert stays as it is."""


def nozzle_facts(nozzle: NozzleState, model: NozzleModel | None, left_ms: int | None) -> NozzleFacts:
    """Gathers the facts of a nozzle.

    `left_ms` is the time of its device's last ledger entry: the evidence that a nozzle has gone may be another
    nozzle's `fitted`, later than anything that was said of this one.
    """
    at_ms = nozzle.last_event_ms
    if not nozzle.fitted and left_ms is not None:
        at_ms = max(at_ms, left_ms)
    return NozzleFacts(nozzle, nozzle_wear(nozzle, model), at_ms)


def nozzle_worn_out(facts: NozzleFacts, settings: AlertsConfig) -> Finding | None:
    """The nozzle has reached its wear limit and must be replaced."""
    return _wear_finding(facts, settings, "nozzle_worn_out", "critical", WORN_OUT_WEAR)


def nozzle_due(facts: NozzleFacts, settings: AlertsConfig) -> Finding | None:
    """The nozzle comes near its wear limit: have the next one ready."""
    return _wear_finding(facts, settings, "nozzle_due", "warning", settings.due_wear)


NOZZLE_CONDITIONS: Final[Mapping[Rule, NozzleCondition]] = MappingProxyType(
    {"nozzle_worn_out": nozzle_worn_out, "nozzle_due": nozzle_due}
)
"""In this order: a rule comes after those that inhibit it."""


def _wear_finding(
    facts: NozzleFacts, settings: AlertsConfig, rule: Rule, severity: Severity, threshold: float
) -> Finding | None:
    nozzle = facts.nozzle
    finding = Finding(
        rule,
        nozzle.serial,
        nozzle.clinic_id,
        nozzle.device_id,
        severity,
        "over",
        facts.wear_ratio,
        wear_summary(nozzle.serial, nozzle.device_id, facts.wear_ratio),
        facts.at_ms,
        "no longer fitted",
    )
    if not nozzle.fitted:
        return finding
    if facts.wear_ratio is None:
        return None
    return finding._replace(verdict=_verdict(facts.wear_ratio, threshold, settings.wear_hysteresis), why="")


def _verdict(value: float, threshold: float, hysteresis: float) -> Verdict:
    if value >= threshold:
        return "true"
    return "within" if value >= threshold - hysteresis else "false"


def wear_summary(serial: str, device_id: str, wear_ratio: float | None) -> str:
    """One sentence that a person understands."""
    where = f"Nozzle {serial} on {device_id}"
    if wear_ratio is None:
        return f"{where}: its wear is not known"
    if wear_ratio >= WORN_OUT_WEAR:
        return f"{where} is worn out, at {wear_ratio:.0%} of its wear limit: replace it".replace("%", " %")
    return f"{where} is at {wear_ratio:.0%} of its wear limit".replace("%", " %")
