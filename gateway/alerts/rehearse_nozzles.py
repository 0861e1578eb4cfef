"""Rehearsal of what speaks against a nozzle beside its wear: its date, its lot, its make, its identity. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from gateway.alerts.conditions import Rules, nozzle_facts
from gateway.alerts.known_ledger import KnownLedger, receipts
from gateway.alerts.nozzle_conditions import CASE_CONDITIONS, OVERLAP_MS, NozzleCase, Use, expiry_ms, unreported_change
from gateway.alerts.rehearse import Firing, NozzleLore, Subject, firings_of
from gateway.store.rows import LedgerRow, SamplePoint
from schemas.alert import Rule

BY_NOZZLE: Final[frozenset[Rule]] = frozenset(
    {"nozzle_expired", "nozzle_recalled", "nozzle_mismatched", "nozzle_unconfirmed_swap"}
)
"""Rules whose evidence is in the readings of a device, its ledger and the registry as it is now."""


class DeviceLore(NamedTuple):
    """What the rules about nozzles look at beside the readings."""

    device_model: str | None
    ledger: Sequence[LedgerRow]
    recalled_ms: Mapping[str, int]
    """When lots were recalled."""


def rehearse_nozzles(
    rule: Rule,
    subject: Subject,
    readings: Sequence[SamplePoint],
    lore: NozzleLore,
    device: DeviceLore,
    rules: Rules,
) -> tuple[Firing, ...]:
    """When the rule's alerts would have fired over these readings of one device, oldest first."""
    condition = CASE_CONDITIONS[rule]
    cases = _cases(subject, readings, lore, device)
    return tuple(firings_of(rule, ((condition(case, rules),) for case in cases), rules))


def _cases(
    subject: Subject, readings: Sequence[SamplePoint], lore: NozzleLore, device: DeviceLore
) -> Iterator[NozzleCase]:
    most: dict[str, int] = {}
    told = receipts(device.ledger, readings) if readings else []
    known = _known_before(subject.device_id, readings, device.ledger)
    before: NozzleCase | None = None
    for number, reading in enumerate(readings, 1):
        while told and told[0].received_ms <= reading.received_ms:
            known.add(told.pop(0).row)
        known.show(reading)
        shown = lore.at(reading)
        if before is not None and reading.nozzle_serial not in (None, before.facts.nozzle.serial):
            yield _taken_off(before, reading)
            before = None
        if shown is None:
            continue
        nozzle, model = shown
        if reading.strikes is not None:
            most[nozzle.serial] = max(reading.strikes, most.get(nozzle.serial, 0))
        recalled_ms = device.recalled_ms.get(nozzle.lot or "")
        is_recalled = recalled_ms is not None and (recalled_ms <= reading.ts_ms or number == len(readings))
        before = NozzleCase(
            facts=nozzle_facts(nozzle, model, None),
            model=model,
            device_model=device.device_model,
            recalled_ms=recalled_ms if is_recalled else None,
            expires_ms=expiry_ms(nozzle.expires_on, subject.schedule.timezone),
            uses=(),
            unreported=unreported_change(nozzle.serial, known.rows, reading.strikes, most.get(nozzle.serial)),
            count_unseen=reading.strikes is None,
            pace=None,
            known_ms=reading.received_ms,
        )
        yield before


def _known_before(device_id: str, readings: Sequence[SamplePoint], ledger: Sequence[LedgerRow]) -> KnownLedger:
    """What devices had been seen with before the first reading."""
    first_ms = readings[0].ts_ms if readings else 0
    return KnownLedger(device_id, [row for row in ledger if row.action == "sighted" and row.event_ms < first_ms])


def _taken_off(case: NozzleCase, reading: SamplePoint) -> NozzleCase:
    nozzle = replace(case.facts.nozzle, fitted=False)
    return case._replace(facts=nozzle_facts(nozzle, case.model, reading.ts_ms), known_ms=reading.received_ms)


def uses_in(device_id: str, readings: Sequence[SamplePoint]) -> dict[str, list[tuple[Use, str]]]:
    """Of each serial the stretches in which this device showed it, and in which clinic."""
    found: dict[str, list[tuple[Use, str]]] = {}
    serial: str | None = None
    for reading in readings:
        if reading.nozzle_serial is None:
            continue
        if reading.nozzle_serial == serial:
            use, clinic_id = found[serial][-1]
            found[serial][-1] = (use._replace(last_ms=reading.ts_ms), clinic_id)
        else:
            serial = reading.nozzle_serial
            found.setdefault(serial, []).append((Use(device_id, reading.ts_ms, reading.ts_ms), reading.clinic_id))
    return found


def rehearse_duplicates(uses: Mapping[str, Sequence[tuple[Use, str]]], rules: Rules) -> tuple[Firing, ...]:
    """Each time that two devices showed one serial at the same time."""
    settings = rules.rule("nozzle_duplicate")
    if not settings.enabled:
        return ()
    found: list[Firing] = []
    for serial, stretches in uses.items():
        ordered = sorted(stretches, key=lambda one: one[0].from_ms)
        for number, (one, _) in enumerate(ordered):
            for other, clinic_id in ordered[number + 1 :]:
                fired_ms = max(one.from_ms, other.from_ms) + OVERLAP_MS + settings.hold_ms
                ends_ms = min(one.last_ms, other.last_ms)
                if one.device_id != other.device_id and ends_ms > fired_ms:
                    over_ms = ends_ms + settings.keep_firing_ms
                    found.append(Firing(serial, clinic_id, fired_ms, over_ms, other.device_id, settings.severity))
    return tuple(sorted(found, key=lambda firing: firing.fired_ms))
