"""The judge: findings, against the alerts as they stand, make changes. It reads the store and writes nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, Protocol

from gateway.alerts.board import OpenAlerts
from gateway.alerts.conditions import WORN_OUT_WEAR, Finding
from gateway.alerts.evidence import WEAR_RULES, Found
from gateway.alerts.history import Step
from gateway.alerts.inhibition import CHILDREN, PARENTS, inhibitor
from gateway.alerts.insisting import Insist
from gateway.alerts.rules import decide
from gateway.alerts.time_rules import TIMED_RULES
from gateway.alerts.transitions import may_change
from gateway.store.service_rows import AlertChange
from schemas.alert import Alert, Rule

_OWN_TIME: Final = TIMED_RULES | {"clock_skew", "nozzle_recalled", "nozzle_unconfirmed_swap"}
"""Rules whose evidence is of another time than that of the readings."""


class JudgeStore(Protocol):
    """What the judge reads."""

    async def latest_alerts(self, subjects: Sequence[tuple[Rule, str]]) -> tuple[Alert, ...]: ...


@dataclass(slots=True)
class Judgement:
    """The changes of one pass, and how the alerts stand after them."""

    changes: list[AlertChange] = field(default_factory=list)
    after: dict[str, dict[Rule, Alert]] = field(default_factory=dict)
    _told: set[tuple[str, Rule]] = field(default_factory=set)

    def keep(self, subject: str, made: Sequence[AlertChange], newest: Mapping[Rule, Alert]) -> None:
        """Takes these changes of a subject without those of alerts that never fired: such alerts never were."""
        kept = without_blips(made)
        self.changes += kept
        self._told |= {(subject, change.alert.rule) for change in kept}
        self.after[subject] = {
            rule: alert for rule, alert in newest.items() if alert.alert_id or (subject, rule) in self._told
        }


class Judge:
    """Goes through findings in the order in which they are given: clinics come before their devices."""

    def __init__(self, *, store: JudgeStore, insist: Insist, alerts: OpenAlerts) -> None:
        self._store = store
        self._insist = insist
        self._open = alerts

    async def judge(self, found: Mapping[str, Sequence[Found]], judgement: Judgement) -> None:
        """Adds what follows from these findings, each subject's in order of time."""
        closed = await self._closed(found)
        for subject, steps in found.items():
            newest = closed.get(subject, {}) | self._open.of(subject) | judgement.after.get(subject, {})
            made: list[AlertChange] = []
            for one in steps:
                news = [finding for finding in one.findings if may_change(newest.get(finding.rule), finding)]
                findings = [_dated(finding, newest.get(finding.rule)) for finding in news]
                for change in decide(findings, newest, one.rules, self._above(findings, judgement)):
                    newest[change.alert.rule] = change.alert
                    made.append(change)
            judgement.keep(subject, made, newest)

    async def in_order(self, steps: Sequence[Step], judgement: Judgement) -> None:
        """Adds what follows from the history of a clinic, step by step: each sees what those before it have made."""
        found: dict[str, list[Found]] = {}
        for subject, one in steps:
            found.setdefault(subject, []).append(one)
        closed = await self._closed(found, spoken_for=True)
        subjects = found.keys() | closed.keys()
        past = _Past(judgement, {subject: closed.get(subject, {}) | self._open.of(subject) for subject in subjects})
        for subject, one in steps:
            newest = past.newest(subject)
            news = [
                finding
                for finding in one.findings
                if may_change(newest.get(finding.rule), finding) and past.is_news(finding)
            ]
            past.add(subject, one, decide(news, newest, one.rules, self._above(news, judgement)))
            if past.has_begun(subject):
                self._silence(subject, past, judgement)
        past.end()

    def _silence(self, clinic_id: str, past: _Past, judgement: Judgement) -> None:
        """The clinic's alert has opened: those of its devices that it speaks for end by what they said last."""
        for subject, one in past.last_of(clinic_id):
            children = [finding for finding in one.findings if finding.rule in PARENTS]
            above = self._above(children, judgement)
            past.add(subject, one, decide(children, past.newest(subject), one.rules, above))

    def _above(self, findings: Sequence[Finding], judgement: Judgement) -> Collection[Rule]:
        """The rules that are open about the clinic of these findings and silence any of them."""
        clinic_id = next((finding.clinic_id for finding in findings if finding.rule in PARENTS), None)
        if clinic_id is None:
            return ()
        alerts = judgement.after.get(clinic_id) or self._open.of(clinic_id)
        return [rule for rule, alert in alerts.items() if rule in CHILDREN and alert.state != "resolved"]

    async def _closed(
        self, found: Mapping[str, Sequence[Found]], *, spoken_for: bool = False
    ) -> dict[str, dict[Rule, Alert]]:
        """The resolved alerts that may open again: looked up only where a finding is true and nothing is open. With
        `spoken_for` also those of clinics that spoke for a device, and all of a nozzle's wear."""
        wanted = {
            (finding.rule, finding.subject)
            for steps in found.values()
            for one in steps
            for finding in one.findings
            if finding.verdict == "true" and self._might_open(finding)
        }
        if spoken_for:
            wanted |= {(PARENTS[rule], clinic_id) for rule, clinic_id in _places(found) if rule in PARENTS}
            wanted |= {(rule, subject) for other, subject in wanted if other in WEAR_RULES for rule in WEAR_RULES}
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


class _Past:
    """A history as it is judged: how each subject's alerts stand so far, and what has changed."""

    def __init__(self, judgement: Judgement, before: Mapping[str, dict[Rule, Alert]]) -> None:
        self._judgement = judgement
        self._after = judgement.after
        self._made: dict[str, list[AlertChange]] = {}
        self._last: dict[str, Found] = {}
        for subject, newest in before.items():
            self._after[subject] = newest | self._after.get(subject, {})

    def newest(self, subject: str) -> dict[Rule, Alert]:
        return self._after[subject]

    def add(self, subject: str, found: Found, changes: Iterable[AlertChange]) -> None:
        if any(finding.rule in PARENTS for finding in found.findings):
            self._last[subject] = found
        for change in changes:
            self._after[subject][change.alert.rule] = change.alert
            self._made.setdefault(subject, []).append(change)

    def is_news(self, finding: Finding) -> bool:
        """Whether the finding comes after all that the subject's alerts rest on, and after the outage of its clinic
        that spoke for it: a history may be gone through again after a kill."""
        if finding.rule == "nozzle_unconfirmed_swap":
            alert = self._after[finding.subject].get(finding.rule)
            return alert is None or finding.at_ms >= alert.last_evidence_ms
        if finding.rule in _OWN_TIME:
            return True
        alerts = self._after[finding.subject].values()
        judged_ms = max((alert.last_evidence_ms for alert in alerts if alert.rule not in _OWN_TIME), default=0)
        if finding.at_ms < judged_ms:
            return False
        outage = self._after.get(finding.clinic_id, {}).get(PARENTS.get(finding.rule, finding.rule))
        return outage is None or outage.state != "resolved" or finding.at_ms > outage.last_evidence_ms

    def has_begun(self, subject: str) -> bool:
        """Whether the subject's last change opened an alert that speaks for others."""
        made = self._made.get(subject, ())
        return len(made) > 0 and made[-1].alert.rule in CHILDREN and made[-1].alert.state == "pending"

    def last_of(self, clinic_id: str) -> list[tuple[str, Found]]:
        """What was found last about each device of a clinic."""
        return [
            (subject, found)
            for subject, found in self._last.items()
            if subject != clinic_id and any(finding.clinic_id == clinic_id for finding in found.findings)
        ]

    def end(self) -> None:
        """The history has been gone through."""
        for subject, made in self._made.items():
            self._judgement.keep(subject, made, self._after[subject])


def _places(found: Mapping[str, Sequence[Found]]) -> Iterator[tuple[Rule, str]]:
    """The rules that are true anywhere, with their clinics."""
    for steps in found.values():
        for one in steps:
            for finding in one.findings:
                if finding.verdict == "true":
                    yield finding.rule, finding.clinic_id


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


def _dated(finding: Finding, alert: Alert | None) -> Finding:
    """The finding not before what was judged already: the gateway's clock may have been set back."""
    if alert is None or finding.rule not in TIMED_RULES:
        return finding
    after = alert.state == "resolved"
    return finding._replace(at_ms=max(finding.at_ms, alert.last_evidence_ms + after))
