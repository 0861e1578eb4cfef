"""The judge: findings, against the alerts as they stand, make changes. It reads the store and writes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol

from gateway.alerts.board import OpenAlerts
from gateway.alerts.conditions import NOZZLE_CONDITIONS, WORN_OUT_WEAR, Finding, Rules
from gateway.alerts.evidence import Found
from gateway.alerts.inhibition import CHILDREN, PARENTS, inhibitor
from gateway.alerts.insisting import Insist
from gateway.alerts.lookback import MARGIN_MS, is_needed, stood_since
from gateway.alerts.rules import decide, timing
from gateway.alerts.time_rules import TIMED_RULES
from gateway.alerts.walking import read_all
from gateway.ingest.fleet import Fleet
from gateway.ingest.registry import Registry
from gateway.store.rows import SamplePoint
from gateway.store.service_rows import AlertChange
from schemas.alert import Alert, Rule


class JudgeStore(Protocol):
    """What the judge reads."""

    async def latest_alerts(self, subjects: Sequence[tuple[Rule, str]]) -> tuple[Alert, ...]: ...

    async def samples(self, device_id: str, since_ms: int, until_ms: int, limit: int) -> tuple[SamplePoint, ...]: ...


@dataclass(slots=True)
class Judgement:
    """The changes of one pass, and how the alerts stand after them."""

    changes: list[AlertChange] = field(default_factory=list)
    after: dict[str, dict[Rule, Alert]] = field(default_factory=dict)


class Judge:
    """Goes through findings in the order in which they are given: clinics come before their devices."""

    def __init__(
        self, *, store: JudgeStore, insist: Insist, fleet: Fleet, registry: Registry, alerts: OpenAlerts
    ) -> None:
        self._store = store
        self._insist = insist
        self._fleet = fleet
        self._registry = registry
        self._open = alerts

    async def judge(self, found: Mapping[str, Sequence[Found]], judgement: Judgement) -> None:
        """Adds what follows from these findings, each subject's in order of time."""
        closed = await self._closed(found)
        for subject, steps in found.items():
            newest = closed.get(subject, {}) | self._open.of(subject) | judgement.after.get(subject, {})
            made: list[AlertChange] = []
            for one in steps:
                findings = [await self._dated(finding, newest, one.rules) for finding in one.findings]
                for change in decide(findings, newest, one.rules, self._above(findings, judgement)):
                    newest[change.alert.rule] = change.alert
                    made.append(change)
            kept = without_blips(made)
            told = {change.alert.rule for change in kept}
            judgement.changes += kept
            judgement.after[subject] = {rule: alert for rule, alert in newest.items() if alert.alert_id or rule in told}

    def _above(self, findings: Sequence[Finding], judgement: Judgement) -> Collection[Rule]:
        """The rules that are open about the clinic of these findings and silence any of them."""
        clinic_id = next((finding.clinic_id for finding in findings if finding.rule in PARENTS), None)
        if clinic_id is None:
            return ()
        alerts = judgement.after.get(clinic_id) or self._open.of(clinic_id)
        return [rule for rule, alert in alerts.items() if rule in CHILDREN and alert.state != "resolved"]

    async def _dated(self, finding: Finding, newest: Mapping[Rule, Alert], rules: Rules) -> Finding:
        """The finding with the time since when it has stood, where that matters."""
        alert = newest.get(finding.rule)
        if finding.rule in TIMED_RULES:
            return _not_before(finding, alert)
        if not finding.from_readings or not is_needed(alert, finding):
            return finding
        if (alert is None or alert.state == "resolved") and not self._might_open(finding):
            return finding
        stands = await self._stood_since(finding, rules)
        wanted = finding.verdict == "true" or (alert is not None and alert.state == "pending")
        return finding._replace(since_ms=stands.get(wanted))

    async def _stood_since(self, finding: Finding, rules: Rules) -> dict[bool, int]:
        nozzle = self._fleet.nozzle(finding.subject)
        if nozzle is None:
            return {}
        holds = timing(finding.rule, rules)
        since_ms = finding.at_ms - max(holds.hold_ms, holds.keep_firing_ms) - MARGIN_MS
        read = partial(read_all, self._store, nozzle.device_id, since_ms, finding.at_ms + 1)
        readings = await self._insist(read)
        model = self._registry.model(nozzle.model)
        return stood_since(nozzle, model, readings, NOZZLE_CONDITIONS[finding.rule], rules)

    async def _closed(self, found: Mapping[str, Sequence[Found]]) -> dict[str, dict[Rule, Alert]]:
        """The resolved alerts that may open again: looked up only where a finding is true and nothing is open."""
        wanted = {
            (finding.rule, finding.subject)
            for steps in found.values()
            for one in steps
            for finding in one.findings
            if finding.verdict == "true" and self._might_open(finding)
        }
        closed: dict[str, dict[Rule, Alert]] = {}
        look_up = partial(self._store.latest_alerts, sorted(wanted))
        for alert in await self._insist(look_up) if wanted else ():
            if alert.state == "resolved":
                closed.setdefault(alert.subject, {})[alert.rule] = alert
        return closed

    def _might_open(self, finding: Finding) -> bool:
        alerts = self._open.of(finding.subject)
        if finding.rule in alerts:
            return False
        by = inhibitor(finding.rule, [rule for rule, alert in alerts.items() if alert.state == "firing"])
        # An inhibitor that may itself resolve by this evidence sets the milder alert free at once.
        return by is None or finding.value is None or finding.value < WORN_OUT_WEAR


def without_blips(changes: Iterable[AlertChange]) -> list[AlertChange]:
    """The changes but for those of alerts that opened and ended within them without ever firing."""
    by_rule: dict[Rule, list[AlertChange]] = {}
    for change in changes:
        by_rule.setdefault(change.alert.rule, []).append(change)
    return [change for made in by_rule.values() for change in _without_blip(made)]


def _without_blip(made: list[AlertChange]) -> list[AlertChange]:
    """One alert's changes, cut at each opening; a stretch that ends without having fired is left out."""
    kept: list[AlertChange] = []
    stretch: list[AlertChange] = []
    was_new = False
    for change in made:
        was_new |= change.expected_state is None
        still_new = was_new and not kept and _opens(change)
        stretch.append(replace(change, expected_state=None) if still_new else change)
        if change.alert.state == "resolved":
            if not _opens(stretch[0]) or any(one.alert.state == "firing" for one in stretch):
                kept += stretch
            stretch = []
    return kept + stretch


def _opens(change: AlertChange) -> bool:
    return change.expected_state in (None, "resolved")


def _not_before(finding: Finding, alert: Alert | None) -> Finding:
    """The finding not before what was judged already: the gateway's clock may have been set back."""
    if alert is None:
        return finding
    after = alert.state == "resolved"
    return finding._replace(at_ms=max(finding.at_ms, alert.last_evidence_ms + after))
