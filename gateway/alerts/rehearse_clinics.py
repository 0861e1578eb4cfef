"""Rehearsal of what is wrong with a whole clinic: its devices' readings, all together in order of time. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from gateway.alerts.conditions import Finding, Rules
from gateway.alerts.device_conditions import clinic_silent
from gateway.alerts.rehearse import Firing, Subject, firings_of, gaps
from gateway.alerts.wide_conditions import PowerState, clinic_mains_lost
from gateway.store.rows import SamplePoint
from schemas.alert import Rule

BY_CLINIC: Final[frozenset[Rule]] = frozenset({"clinic_mains_lost", "clinic_silent"})


_SLACK: Final = 1.25
"""A clinic is not silent before its quickest device is late by so much, as it announced itself."""


class Told(NamedTuple):
    """One device of a clinic, and what it said."""

    subject: Subject
    readings: Sequence[SamplePoint]


def rehearse_clinic(rule: Rule, clinic_id: str, devices: Sequence[Told], rules: Rules) -> tuple[Firing, ...]:
    """When the rule's alerts would have fired about the clinic, oldest first."""
    found = _mains(clinic_id, devices, rules) if rule == "clinic_mains_lost" else _silences(clinic_id, devices, rules)
    return tuple(firings_of(rule, found, rules))


def _mains(clinic_id: str, devices: Sequence[Told], rules: Rules) -> Iterator[tuple[Finding, ...]]:
    powers: dict[str, PowerState] = {}
    on_mains: set[str] = set()
    moments = sorted(
        (min(reading.ts_ms, reading.received_ms), number, reading.power_source)
        for number, told in enumerate(devices)
        for reading in told.readings
        if reading.clinic_id == clinic_id
    )
    for at_ms, number, source in moments:
        subject = devices[number].subject
        if source == "mains":
            on_mains.add(subject.device_id)
        stands = subject.form == "stationary" or (subject.form is None and subject.device_id in on_mains)
        if not stands:
            continue
        powers[subject.device_id] = PowerState(source == "battery", at_ms)
        finding = clinic_mains_lost(clinic_id, list(powers.values()), rules)
        if finding is not None:
            yield (finding,)


def _silences(clinic_id: str, devices: Sequence[Told], rules: Rules) -> Iterator[tuple[Finding, ...]]:
    heard = sorted({reading.ts_ms for told in devices for reading in told.readings if reading.clinic_id == clinic_id})
    announced_s = min((told.subject.interval_s for told in devices if told.subject.interval_s), default=0)
    threshold_s = rules.rule("clinic_silent").threshold or 0.0
    limit_ms = round(1_000 * max(threshold_s, _SLACK * announced_s))
    schedule = devices[0].subject.schedule
    for facts in gaps(clinic_id, None, [(at_ms, clinic_id) for at_ms in heard], limit_ms, schedule):
        yield (clinic_silent(facts, rules),)
