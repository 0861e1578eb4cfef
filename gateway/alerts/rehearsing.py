"""Rehearsing over the store: every device's readings, one device at a time, with the rule as it is and as asked."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from gateway.alerts.listening import Schedule
from gateway.alerts.rehearse import REHEARSED, Firing, NozzleLore, Subject, Tally, rehearse, tally
from gateway.alerts.rulebook import RuleBook
from gateway.alerts.walking import Readings, read_all
from gateway.config_alerts import AlertsConfig, RulePatch, mistakes_in, settable
from gateway.errors import InvalidInputError
from gateway.ingest.fleet import Fleet
from gateway.ingest.registry import Registry
from gateway.store.rows import DeviceState, SamplePoint
from schemas.alert import RULES, Rule

_MOST_SHOWN: Final = 20


class Rehearsed(NamedTuple):
    """What the rule raised as it is set now, and with the changes that were asked for."""

    rule: Rule
    devices: int
    readings: int
    now: Tally
    changed: Tally
    only_now: tuple[str, ...]
    """Subjects, at most 20, that only the present settings tell of."""
    only_changed: tuple[str, ...]
    """And those that only the changed ones do."""


class Rehearsal:
    """Reads; changes nothing."""

    def __init__(self, *, store: Readings, fleet: Fleet, registry: Registry, settings: AlertsConfig) -> None:
        self._store = store
        self._fleet = fleet
        self._registry = registry
        self._settings = settings

    async def run(self, rule: str, changes: Mapping[str, str], since_ms: int, until_ms: int) -> Rehearsed:
        """Goes through since <= event time < until. Raises InvalidInputError with every mistake in what is asked."""
        known = checked_rule(rule)
        now, changed = RuleBook(self._settings), RuleBook(changed_settings(self._settings, known, changes))
        found: tuple[list[Firing], list[Firing]] = ([], [])
        devices = readings = 0
        for state in tuple(self._fleet.devices()):
            points = await read_all(self._store, state.device_id, since_ms, until_ms)
            if not points:
                continue
            devices += 1
            readings += len(points)
            subject, lore = self._subject(state), self._lore(points)
            for book, firings in zip((now, changed), found, strict=True):
                rules = book.at(state.clinic_id, state.model, state.device_id)
                firings.extend(rehearse(known, subject, points, lore, rules))
            await asyncio.sleep(0)
        told = [{firing.subject for firing in firings} for firings in found]
        return Rehearsed(
            rule=known,
            devices=devices,
            readings=readings,
            now=tally(found[0]),
            changed=tally(found[1]),
            only_now=tuple(sorted(told[0] - told[1])[:_MOST_SHOWN]),
            only_changed=tuple(sorted(told[1] - told[0])[:_MOST_SHOWN]),
        )

    def _subject(self, state: DeviceState) -> Subject:
        clinic = self._registry.clinic(state.clinic_id)
        schedule = Schedule(clinic.timezone, clinic.opening_hours)
        return Subject(state.device_id, state.clinic_id, state.form, state.interval_s, schedule)

    def _lore(self, points: Sequence[SamplePoint]) -> NozzleLore:
        serials = {point.nozzle_serial for point in points if point.nozzle_serial is not None}
        nozzles = {serial: nozzle for serial in serials if (nozzle := self._fleet.nozzle(serial)) is not None}
        names = {nozzle.model for nozzle in nozzles.values() if nozzle.model is not None}
        return NozzleLore(nozzles, {name: model for name in names if (model := self._registry.model(name)) is not None})


def checked_rule(rule: str) -> Rule:
    """The rule of that name, if it can be rehearsed. Raises InvalidInputError."""
    if rule not in RULES:
        raise InvalidInputError([f"--rule: there is no rule {rule[:40]!r}; rehearse one of {', '.join(REHEARSED)}"])
    known: Rule = next(one for one in RULES if one == rule)
    if known not in REHEARSED:
        raise InvalidInputError(
            [f"--rule: the store does not keep what {rule} goes by; rehearse one of {', '.join(REHEARSED)}"]
        )
    return known


def changed_settings(settings: AlertsConfig, rule: Rule, changes: Mapping[str, str]) -> AlertsConfig:
    """The settings with these keys of one rule set otherwise. Raises InvalidInputError with every mistake."""
    unknown = [
        f"--set {key}: {rule} has no such key; it has {', '.join(settable(rule))}"
        for key in changes
        if key not in settable(rule)
    ]
    if unknown:
        raise InvalidInputError(unknown)
    before = settings.rules.get(rule)
    said: dict[str, Any] = {**(before.said() if before is not None else {}), **changes}
    try:
        patch = RulePatch.model_validate(said)
    except ValidationError as error:
        raise InvalidInputError([f"--set {item['loc'][0]}: {item['msg']}" for item in error.errors()]) from None
    mistakes = mistakes_in(rule, patch, patch.over(settings.rule(rule)), "--set")
    if mistakes:
        raise InvalidInputError(list(mistakes))
    kept = {key: getattr(settings, key) for key in AlertsConfig.model_fields}
    return AlertsConfig(**(kept | {"rules": {**settings.rules, rule: patch}}))
