"""Rehearsal: what a rule would have raised over stored history, as it is set and as it might be. Pure.

The readings of one device go through the same conditions and the same table of transitions as live ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final, NamedTuple

from gateway.alerts.conditions import Finding, Rules, nozzle_due, nozzle_facts, nozzle_worn_out
from gateway.alerts.device_conditions import (
    READING_CONDITIONS,
    ClockFacts,
    Moment,
    SilenceFacts,
    clock_skew,
    device_silent,
    silence_limit_ms,
)
from gateway.alerts.listening import Schedule
from gateway.alerts.opening import open_ms
from gateway.alerts.rules import decide
from gateway.ingest.fleet import NozzleState
from gateway.store.rows import SamplePoint
from schemas.alert import Alert, Rule, Severity
from schemas.registry import NozzleModel

FLAPS_WITHIN_MS: Final = 86_400_000
"""An alert that fires again so soon after it resolved flaps."""


class Subject(NamedTuple):
    """One device of the history, with what the registry says around it."""

    device_id: str
    clinic_id: str
    form: str | None
    interval_s: int | None
    schedule: Schedule


class Firing(NamedTuple):
    """One time that an alert would have fired."""

    subject: str
    clinic_id: str
    fired_ms: int
    resolved_ms: int | None
    """None where it would still fire."""
    device_id: str | None = None
    severity: Severity = "warning"


class NozzleLore(NamedTuple):
    """What is known of the nozzles that the readings show, by serial."""

    nozzles: dict[str, NozzleState]
    models: dict[str, NozzleModel]

    def at(self, reading: SamplePoint) -> tuple[NozzleState, NozzleModel | None] | None:
        """The nozzle as the reading shows it; None where it shows none, or says nothing of one that is measured."""
        nozzle = self.nozzles.get(reading.nozzle_serial) if reading.nozzle_serial is not None else None
        if nozzle is None or (reading.coating_ratio is None and nozzle.coating_ratio is not None):
            return None
        shown = replace(
            nozzle,
            clinic_id=reading.clinic_id,
            coating_ratio=reading.coating_ratio,
            strikes=reading.strikes,
            last_event_ms=reading.ts_ms,
            fitted=True,
        )
        return shown, self.models.get(nozzle.model) if nozzle.model is not None else None


def rehearse(
    rule: Rule, subject: Subject, readings: Sequence[SamplePoint], lore: NozzleLore, rules: Rules
) -> tuple[Firing, ...]:
    """When the rule's alerts would have fired over these readings of one device, oldest first."""
    if rule == "device_silent":
        found = _silences(subject, readings, rules)
    elif rule == "clock_skew":
        found = _clocks(subject, readings, rules)
    elif rule in READING_CONDITIONS:
        found = _about_readings(rule, subject, readings, rules)
    else:
        found = _about_nozzles(rule, readings, lore, rules)
    return tuple(firings_of(rule, found, rules))


def _about_readings(
    rule: Rule, subject: Subject, readings: Iterable[SamplePoint], rules: Rules
) -> Iterator[tuple[Finding, ...]]:
    active_since_ms: int | None = None
    on_mains = False
    for reading in readings:
        on_mains |= reading.power_source == "mains"
        stands = subject.form == "stationary" or (subject.form is None and on_mains)
        active_since_ms = (active_since_ms or reading.ts_ms) if reading.session_active else None
        moment = Moment(subject.device_id, reading.clinic_id, stands, reading.ts_ms, reading, active_since_ms)
        finding = READING_CONDITIONS[rule](moment, rules)
        if finding is not None:
            yield (finding,)


def _about_nozzles(
    rule: Rule, readings: Iterable[SamplePoint], lore: NozzleLore, rules: Rules
) -> Iterator[tuple[Finding, ...]]:
    last: tuple[NozzleState, NozzleModel | None] | None = None
    for reading in readings:
        shown = lore.at(reading)
        if last is not None and reading.nozzle_serial not in (None, last[0].serial):
            yield _nozzle(rule, (replace(last[0], fitted=False), last[1]), reading.ts_ms, rules)
            last = None
        if shown is not None:
            yield _nozzle(rule, shown, None, rules)
            last = shown


def _nozzle(
    rule: Rule, shown: tuple[NozzleState, NozzleModel | None], left_ms: int | None, rules: Rules
) -> tuple[Finding, ...]:
    facts = nozzle_facts(*shown, left_ms)
    worn, due = nozzle_worn_out(facts, rules), nozzle_due(facts, rules)
    wanted = (worn,) if rule == "nozzle_worn_out" else (worn, due)
    return tuple(finding for finding in wanted if finding is not None)


def _silences(subject: Subject, readings: Sequence[SamplePoint], rules: Rules) -> Iterator[tuple[Finding, ...]]:
    limit_ms = silence_limit_ms(rules.rule("device_silent").threshold, subject.interval_s)
    heard = [(reading.ts_ms, reading.clinic_id) for reading in readings]
    for facts in gaps(subject.device_id, subject.device_id, heard, limit_ms, subject.schedule):
        yield (device_silent(facts, rules),)


def gaps(
    subject: str, device_id: str | None, heard: Sequence[tuple[int, str]], limit_ms: int, schedule: Schedule
) -> Iterator[SilenceFacts]:
    """Gaps between what was heard, (when, in which clinic), in the clinic's hours; that the gateway listened all the
    while is taken for granted."""
    for (before_ms, _), (after_ms, clinic_id) in pairwise(heard):
        if after_ms - before_ms < limit_ms:
            continue
        silent_ms = open_ms(schedule, before_ms, after_ms)
        for at_ms, silence_ms in ((before_ms + limit_ms, silent_ms), (after_ms, 0)):
            yield SilenceFacts(
                subject=subject,
                clinic_id=clinic_id,
                device_id=device_id,
                silent_ms=silence_ms,
                limit_ms=limit_ms,
                heard=not silence_ms,
                out_of_service=False,
                at_ms=at_ms,
            )


def _clocks(subject: Subject, readings: Iterable[SamplePoint], rules: Rules) -> Iterator[tuple[Finding, ...]]:
    """The clock beside the receipt, of what was received as the newest: a backlog tells nothing of the clock."""
    received_ms = event_ms = 0
    for reading in sorted(readings, key=lambda one: (one.received_ms, -one.ts_ms)):
        if reading.received_ms > received_ms and reading.ts_ms > event_ms:
            event_ms = reading.ts_ms
            facts = ClockFacts(subject.device_id, reading.clinic_id, reading.clock_ms, reading.received_ms)
            yield (clock_skew(facts, rules),)
        received_ms = max(received_ms, reading.received_ms)


def firings_of(rule: Rule, found: Iterable[tuple[Finding, ...]], rules: Rules) -> Iterator[Firing]:
    """The rule's alerts that these findings make fire, by the one table of transitions."""
    newest: dict[str, dict[Rule, Alert]] = {}
    firing: dict[str, Firing] = {}
    for findings in found:
        if not findings:
            continue
        subject = findings[0].subject
        alerts = newest.setdefault(subject, {})
        for change in decide(findings, alerts, rules):
            alert = change.alert
            alerts[alert.rule] = alert
            if alert.rule != rule:
                continue
            if alert.state == "firing" and subject not in firing:
                firing[subject] = Firing(subject, alert.clinic_id, change.at_ms, None, alert.device_id, alert.severity)
            elif alert.state == "resolved" and subject in firing:
                yield firing.pop(subject)._replace(resolved_ms=change.at_ms)
    yield from firing.values()


class Tally(NamedTuple):
    """What a rule would have raised, in short."""

    fired: int
    flapped: int
    """How many of them fired again within a day of having resolved."""
    subjects: int
    """On how many devices, or nozzles."""
    flapping_subjects: int
    clinics: int
    firing_now: int


def tally(firings: Iterable[Firing]) -> Tally:
    """Counts."""
    by_subject: dict[str, list[Firing]] = {}
    for firing in firings:
        by_subject.setdefault(firing.subject, []).append(firing)
    flaps = {subject: _flaps(sorted(mine, key=lambda one: one.fired_ms)) for subject, mine in by_subject.items()}
    every = [firing for mine in by_subject.values() for firing in mine]
    return Tally(
        fired=len(every),
        flapped=sum(flaps.values()),
        subjects=len(by_subject),
        flapping_subjects=sum(count > 0 for count in flaps.values()),
        clinics=len({firing.clinic_id for firing in every}),
        firing_now=sum(firing.resolved_ms is None for firing in every),
    )


def _flaps(mine: Sequence[Firing]) -> int:
    return sum(
        before.resolved_ms is not None and after.fired_ms - before.resolved_ms <= FLAPS_WITHIN_MS
        for before, after in pairwise(mine)
    )
