"""How each rule is timed, and the decision about one nozzle: its findings, inhibited, through the transitions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Final

from gateway.alerts.conditions import NOZZLE_CONDITIONS, Finding, NozzleFacts
from gateway.alerts.inhibition import inhibited
from gateway.alerts.transitions import Timing, step
from gateway.config import AlertsConfig
from gateway.store.service_rows import AlertChange
from schemas.alert import Alert, Rule

_TIMINGS: Final[Mapping[Rule, Callable[[AlertsConfig], Timing]]] = MappingProxyType(
    {
        "nozzle_due": lambda alerts: Timing(alerts.due_hold_s * 1000, alerts.keep_firing_s * 1000),
        "nozzle_worn_out": lambda alerts: Timing(alerts.worn_out_hold_s * 1000, alerts.keep_firing_s * 1000),
    }
)


def timing(rule: Rule, settings: AlertsConfig) -> Timing:
    """The rule's holds as they are configured."""
    return _TIMINGS[rule](settings)


def nozzle_findings(facts: NozzleFacts, settings: AlertsConfig) -> tuple[Finding, ...]:
    """What every nozzle rule finds, inhibiting rules first."""
    found = (condition(facts, settings) for condition in NOZZLE_CONDITIONS.values())
    return tuple(finding for finding in found if finding is not None)


def decide(
    findings: Iterable[Finding], newest: Mapping[Rule, Alert], settings: AlertsConfig
) -> tuple[AlertChange, ...]:
    """The changes that the findings about one subject make to its newest alert of each rule.

    Idempotent: applied, the same findings make no further change.
    """
    firing = {rule for rule, alert in newest.items() if alert.state == "firing"}
    changes: list[AlertChange] = []
    for finding in findings:
        change = step(newest.get(finding.rule), inhibited(finding, firing), timing(finding.rule, settings))
        if change is None:
            continue
        changes.append(change)
        if change.alert.state == "firing":
            firing.add(finding.rule)
        else:
            firing.discard(finding.rule)
    return tuple(changes)
