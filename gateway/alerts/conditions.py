"""Conditions: what the evidence says of one rule and one subject. Pure: facts in, a finding out.

A condition with two thresholds answers `true` at the upper one, `false` below the lower one, and `within`
between them, which keeps what was: a noisy reading at the edge neither opens nor closes an alert.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, Protocol, TypeAlias

from dashboards.web.alert_sentences import sentence
from dashboards.web.strings import ENGLISH
from gateway.config_alerts import RuleSettings
from gateway.ingest.fleet import NozzleState
from gateway.wear.level import nozzle_wear
from schemas.alert import Rule, Severity
from schemas.alert_facts import AlertFacts
from schemas.registry import NozzleModel

WORN_OUT_WEAR: Final = 1.0
DUE_AGAIN_MS: Final = 3 * 86_400_000
"""How far a forecast must move away before a nozzle that was due by it is not any more."""

Verdict: TypeAlias = Literal["true", "within", "false", "over"]
"""`over`: the subject is out of the rule's reach, as a nozzle that was taken off; nothing needs to be held."""


class Rules(Protocol):
    """What each rule goes by, where its subject is."""

    def rule(self, rule: Rule) -> RuleSettings: ...


class Finding(NamedTuple):
    """What a rule finds about a subject. `at_ms` is the time of the evidence, in telemetry time."""

    rule: Rule
    subject: str
    clinic_id: str
    device_id: str | None
    severity: Severity
    verdict: Verdict
    value: float | None
    facts: AlertFacts
    at_ms: int
    why: str = ""
    """For `over`: why, as it goes into the alert's history."""
    since_ms: int | None = None
    """Since when the readings have been so; None: not known to be longer than since `at_ms`."""
    worse_by: float | None = 0.05
    """How far the value grows (falls, where negative) before a firing alert's text follows it; None: it does not."""
    count_unseen: bool = False
    """Whether nothing shows the nozzle's counter: then an alert that it fell stays as it is."""

    @property
    def summary(self) -> str:
        """One sentence that a person understands, in English; worded only for what is written."""
        return sentence(self.rule, self.subject, self.device_id, self.facts, ENGLISH)


class DueBy(NamedTuple):
    """What the forecast says of a nozzle's replacement."""

    due_ms: int
    """From then on it is due: the part has to be ordered, or put in the bag."""
    replace_by: str
    """The last day, in the clinic's zone, on which replacing costs least."""


class NozzleFacts(NamedTuple):
    """What is known of one nozzle when its rules are evaluated."""

    nozzle: NozzleState
    wear_ratio: float | None
    at_ms: int
    due_by: DueBy | None = None
    """None where nothing is forecast: then its wear decides."""


NozzleCondition: TypeAlias = Callable[[NozzleFacts, Rules], Finding | None]
"""None where there is no evidence either way: the alert stays as it is."""


def nozzle_facts(
    nozzle: NozzleState, model: NozzleModel | None, left_ms: int | None, due_by: DueBy | None = None
) -> NozzleFacts:
    """Gathers the facts of a nozzle.

    `left_ms` is the time of its device's last ledger entry: the evidence that a nozzle has gone may be another
    nozzle's `fitted`, later than anything that was said of this one.
    """
    at_ms = nozzle.last_event_ms
    if not nozzle.fitted and left_ms is not None:
        at_ms = max(at_ms, left_ms)
    return NozzleFacts(nozzle, nozzle_wear(nozzle, model), at_ms, due_by)


def nozzle_worn_out(facts: NozzleFacts, rules: Rules) -> Finding | None:
    """The nozzle has reached its wear limit and must be replaced."""
    settings = rules.rule("nozzle_worn_out")
    return _wear_finding(facts, "nozzle_worn_out", settings, WORN_OUT_WEAR)


def due_from_wear(rules: Rules) -> float:
    """From which wear on a nozzle is due, where no forecast says."""
    threshold = rules.rule("nozzle_due").threshold
    assert threshold is not None
    return threshold


def nozzle_due(facts: NozzleFacts, rules: Rules) -> Finding | None:
    """The nozzle is to be replaced soon: by what waiting costs where its life is forecast, otherwise by its wear."""
    settings = rules.rule("nozzle_due")
    if facts.due_by is None or not facts.nozzle.fitted:
        return _wear_finding(facts, "nozzle_due", settings, due_from_wear(rules))
    verdict = rising(facts.at_ms, facts.due_by.due_ms, DUE_AGAIN_MS)
    found = nozzle_finding(
        facts, "nozzle_due", settings, verdict, AlertFacts(facts.wear_ratio, facts.due_by.replace_by)
    )
    return found._replace(since_ms=facts.due_by.due_ms if verdict == "true" else None)


NOZZLE_CONDITIONS: Final[Mapping[Rule, NozzleCondition]] = MappingProxyType(
    {"nozzle_worn_out": nozzle_worn_out, "nozzle_due": nozzle_due}
)
"""In this order: a rule comes after those that inhibit it."""


def nozzle_finding(
    facts: NozzleFacts,
    rule: Rule,
    settings: RuleSettings,
    verdict: Verdict,
    said: AlertFacts,
    value: float | None = None,
) -> Finding:
    """A finding about a nozzle. One that is not fitted any more is out of every rule's reach."""
    nozzle = facts.nozzle
    gone = not nozzle.fitted
    return Finding(
        rule=rule,
        subject=nozzle.serial,
        clinic_id=nozzle.clinic_id,
        device_id=nozzle.device_id,
        severity=settings.severity,
        verdict="over" if gone else verdict,
        value=facts.wear_ratio if value is None else value,
        facts=said,
        at_ms=facts.at_ms,
        why="no longer fitted" if gone else "",
    )


def _wear_finding(facts: NozzleFacts, rule: Rule, settings: RuleSettings, threshold: float) -> Finding | None:
    nozzle = facts.nozzle
    said = AlertFacts(facts.wear_ratio)
    if not nozzle.fitted:
        return nozzle_finding(facts, rule, settings, "over", said)
    if facts.wear_ratio is None:
        return None
    verdict = rising(facts.wear_ratio, threshold, settings.hysteresis)
    return nozzle_finding(facts, rule, settings, verdict, said)


def rising(value: float, threshold: float, hysteresis: float | None) -> Verdict:
    """The verdict of a rule that is true at or above its threshold."""
    if value >= threshold:
        return "true"
    return "within" if value >= threshold - (hysteresis or 0.0) and hysteresis else "false"


def falling(value: float, threshold: float, hysteresis: float | None) -> Verdict:
    """The verdict of a rule that is true at or below its threshold."""
    if value <= threshold:
        return "true"
    return "within" if hysteresis and value <= threshold + hysteresis else "false"
