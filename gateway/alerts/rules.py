"""How each rule is timed, and the decision about one subject: its findings, inhibited, through the transitions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from gateway.alerts.conditions import NOZZLE_CONDITIONS, Finding, NozzleFacts, Rules
from gateway.alerts.inhibition import inhibited
from gateway.alerts.transitions import Timing, may_change, step
from gateway.store.service_rows import AlertChange
from schemas.alert import Alert, Rule


def timing(rule: Rule, rules: Rules) -> Timing:
    """The rule's holds as they are configured."""
    settings = rules.rule(rule)
    return Timing(settings.hold_ms, settings.keep_firing_ms)


def nozzle_findings(facts: NozzleFacts, rules: Rules) -> tuple[Finding, ...]:
    """What every rule about a nozzle's wear finds, inhibiting rules first."""
    found = (condition(facts, rules) for condition in NOZZLE_CONDITIONS.values())
    return tuple(finding for finding in found if finding is not None)


def decide(
    findings: Iterable[Finding], newest: Mapping[Rule, Alert], rules: Rules, above: Collection[Rule] = ()
) -> tuple[AlertChange, ...]:
    """The changes that the findings about one subject make to its newest alert of each rule.

    `above` are the rules that are open about the subject's clinic. Idempotent: applied, the same findings make no
    further change.
    """
    firing = {rule for rule, alert in newest.items() if alert.state == "firing"} | set(above)
    changes: list[AlertChange] = []
    for finding in findings:
        if not may_change(newest.get(finding.rule), finding):
            continue
        counted = inhibited(finding, firing) if rules.rule(finding.rule).enabled else switched_off(finding)
        change = step(newest.get(finding.rule), counted, timing(finding.rule, rules))
        if change is None:
            continue
        changes.append(change)
        if change.alert.state == "firing":
            firing.add(finding.rule)
        else:
            firing.discard(finding.rule)
    return tuple(changes)


def switched_off(finding: Finding) -> Finding:
    """The finding of a rule that is not enabled: whatever it was, it is over."""
    return finding._replace(verdict="over", why="the rule is switched off")
