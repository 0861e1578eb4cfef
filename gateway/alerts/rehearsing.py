"""Rehearsing over the store: every device's readings, one device at a time, with the rule as it is and as asked."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple, Protocol, TypeAlias

from pydantic import ValidationError

from gateway.alerts.listening import Schedule
from gateway.alerts.nozzle_conditions import Use
from gateway.alerts.rehearse import Firing, NozzleLore, Subject, Tally, tally
from gateway.alerts.rehearse_apart import (
    Apart,
    Both,
    ClinicJob,
    DeviceJob,
    rehearse_clinic_both,
    rehearse_device_both,
)
from gateway.alerts.rehearse_clinics import BY_CLINIC, Told
from gateway.alerts.rehearse_nozzles import DeviceLore, rehearse_duplicates, uses_in
from gateway.alerts.rehearse_records import BY_RECORD, REHEARSABLE_KEYS, rehearse_record
from gateway.alerts.rulebook import RuleBook
from gateway.alerts.walking import Readings, read_all
from gateway.config_alerts import AlertsConfig, RulePatch, RuleSettings, mistakes_in, settable
from gateway.errors import InvalidInputError
from gateway.ingest.fleet import Fleet
from gateway.ingest.registry import Registry
from gateway.store.rows import DeviceState, SamplePoint
from gateway.store.service_rows import AlertHistoryRow
from schemas.alert import RULES, Alert, Rule
from schemas.registry import Lot

_MOST_SHOWN: Final = 20
_PAGE: Final = 500
Evidence: TypeAlias = Literal["readings", "record"]
"""What was gone through: stored readings, or the record of the rule's alerts, where what it goes by is not kept."""


class Reached(NamedTuple):
    """One receiver, and how many alerts it would have been told of."""

    receiver: str
    alerts: int


class History(Readings, Protocol):
    """Where readings, and the records of alerts, are kept."""

    async def alerts(self, *, limit: int, before: int | None, rule: str | None = None) -> tuple[Alert, ...]: ...

    async def alert_history(self, alert_id: int) -> tuple[AlertHistoryRow, ...]: ...


class Reach(Protocol):
    """Who would have been told: the routing that is in force."""

    async def reached(self, rule: Rule, firings: Sequence[Firing], until_ms: int) -> tuple[Reached, ...]:
        """How many of them each receiver would have been told of, had nobody acknowledged any."""
        ...


class Rehearsed(NamedTuple):
    """What the rule raised as it is set now, and with the changes that were asked for."""

    rule: Rule
    evidence: Evidence
    devices: int
    readings: int
    now: Tally
    changed: Tally
    only_now: tuple[str, ...]
    """Subjects, at most 20, that only the present settings tell of."""
    only_changed: tuple[str, ...]
    """And those that only the changed ones do."""
    reached_now: tuple[Reached, ...]
    reached_changed: tuple[Reached, ...]


class _Course:
    """One rehearsal: both books, what they found, and how much was gone through."""

    def __init__(self, rule: Rule, now: RuleBook, changed: RuleBook, since_ms: int, until_ms: int) -> None:
        self.rule = rule
        self.books = (now, changed)
        self.found: tuple[list[Firing], list[Firing]] = ([], [])
        self.since_ms = since_ms
        self.until_ms = until_ms
        self.devices = self.readings = 0

    def took(self, points: Sequence[SamplePoint]) -> None:
        self.devices += 1
        self.readings += len(points)

    def add(self, both: Both) -> None:
        """Takes what the one book makes fire, and the other."""
        for found, firings in zip(self.found, both, strict=True):
            found.extend(firings)


class Rehearsal:
    """Reads; changes nothing."""

    def __init__(
        self,
        *,
        store: History,
        fleet: Fleet,
        registry: Registry,
        settings: AlertsConfig,
        reach: Reach | None = None,
    ) -> None:
        self._store = store
        self._fleet = fleet
        self._registry = registry
        self._settings = settings
        self._reach = reach

    async def run(self, rule: str, changes: Mapping[str, str], since_ms: int, until_ms: int) -> Rehearsed:
        """Goes through since <= event time < until. Raises InvalidInputError with every mistake in what is asked."""
        known = checked_rule(rule)
        changed = changed_settings(self._settings, known, changes)
        course = _Course(known, RuleBook(self._settings), RuleBook(changed), since_ms, until_ms)
        with Apart() as apart:
            await self._go_through(course, apart)
        now, then = course.found
        told = [{firing.subject for firing in firings} for firings in course.found]
        return Rehearsed(
            rule=known,
            evidence="record" if known in BY_RECORD else "readings",
            devices=course.devices,
            readings=course.readings,
            now=tally(now),
            changed=tally(then),
            only_now=tuple(sorted(told[0] - told[1])[:_MOST_SHOWN]),
            only_changed=tuple(sorted(told[1] - told[0])[:_MOST_SHOWN]),
            reached_now=await self._reached(known, now, until_ms),
            reached_changed=await self._reached(known, then, until_ms),
        )

    async def _go_through(self, course: _Course, apart: Apart) -> None:
        if course.rule in BY_RECORD:
            await self._by_record(course)
        elif course.rule in BY_CLINIC:
            await self._by_clinic(course, apart)
        elif course.rule == "nozzle_duplicate":
            await self._duplicates(course)
        else:
            await self._by_device(course, apart)

    async def _reached(self, rule: Rule, firings: Sequence[Firing], until_ms: int) -> tuple[Reached, ...]:
        return () if self._reach is None else await self._reach.reached(rule, firings, until_ms)

    async def _by_device(self, course: _Course, apart: Apart) -> None:
        recalled = {
            entry.lot: entry.recalled_ms
            for entry in self._registry.entries()
            if isinstance(entry, Lot) and entry.recalled_ms is not None
        }
        for state in tuple(self._fleet.devices()):
            points = await self._points(course, state)
            if not points:
                continue
            subject, lore = self._subject(state), self._lore(points)
            device = DeviceLore(state.model, self._fleet.ledger(state.device_id), recalled)

            now, changed = (book.at(state.clinic_id, state.model, state.device_id) for book in course.books)
            job = DeviceJob(course.rule, subject, points, lore, device, (now, changed))
            course.add(await apart.do(rehearse_device_both, job, len(points)))
            await asyncio.sleep(0)

    async def _by_clinic(self, course: _Course, apart: Apart) -> None:
        clinics: dict[str, list[DeviceState]] = {}
        for state in tuple(self._fleet.devices()):
            clinics.setdefault(state.clinic_id, []).append(state)
        for clinic_id, states in sorted(clinics.items()):
            told = [Told(self._subject(state), await self._points(course, state)) for state in states]
            now, changed = (book.at(clinic_id, None, None) for book in course.books)
            job = ClinicJob(course.rule, clinic_id, told, (now, changed))
            course.add(await apart.do(rehearse_clinic_both, job, sum(len(one.readings) for one in told)))

    async def _duplicates(self, course: _Course) -> None:
        uses: dict[str, list[tuple[Use, str]]] = {}
        for state in tuple(self._fleet.devices()):
            for serial, stretches in uses_in(state.device_id, await self._points(course, state)).items():
                uses.setdefault(serial, []).extend(stretches)
            await asyncio.sleep(0)
        now, changed = (rehearse_duplicates(uses, book.everywhere) for book in course.books)
        course.add((now, changed))

    async def _by_record(self, course: _Course) -> None:
        before: int | None = None
        while True:
            page = await self._store.alerts(limit=_PAGE, before=before, rule=course.rule)
            for alert in page:
                rows = await self._store.alert_history(alert.alert_id)
                now = self._settings_of(course.books[0], course.rule, alert)
                for book, found in zip(course.books, course.found, strict=True):
                    settings = self._settings_of(book, course.rule, alert)
                    found.extend(rehearse_record(alert, rows, settings, now, course.since_ms))
            if len(page) < _PAGE:
                return
            before = page[-1].alert_id

    def _settings_of(self, book: RuleBook, rule: Rule, alert: Alert) -> RuleSettings:
        state = self._fleet.device(alert.device_id) if alert.device_id is not None else None
        return book.at(alert.clinic_id, state.model if state else None, alert.device_id).rule(rule)

    async def _points(self, course: _Course, state: DeviceState) -> list[SamplePoint]:
        points = await read_all(self._store, state.device_id, course.since_ms, course.until_ms)
        if points:
            course.took(points)
        return points

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
    """The rule of that name. Raises InvalidInputError."""
    known = next((one for one in RULES if one == rule), None)
    if known is None:
        raise InvalidInputError([f"--rule: there is no rule {rule[:40]!r}; rehearse one of {', '.join(RULES)}"])
    return known


def changed_settings(settings: AlertsConfig, rule: Rule, changes: Mapping[str, str]) -> AlertsConfig:
    """The settings with these keys of one rule set otherwise. Raises InvalidInputError with every mistake."""
    unknown = [
        f"--set {key}: {rule} has no such key; it has {', '.join(settable(rule))}"
        for key in changes
        if key not in settable(rule)
    ]
    unknown += [
        f"--set {key}: what {rule} goes by is not kept, only its alerts: set {', '.join(sorted(REHEARSABLE_KEYS))}"
        for key in changes
        if rule in BY_RECORD and key in settable(rule) and key not in REHEARSABLE_KEYS
    ]
    before = settings.rules.get(rule)
    known = {key: value for key, value in changes.items() if key in settable(rule)}
    said: dict[str, Any] = {**(before.said() if before is not None else {}), **known}
    try:
        patch = RulePatch.model_validate(said)
    except ValidationError as error:
        wrong = [f"--set {item['loc'][0]}: {item['msg']}" for item in error.errors()]
        raise InvalidInputError([*unknown, *wrong]) from None
    if unknown:
        raise InvalidInputError(unknown)
    mistakes = mistakes_in(rule, patch, patch.over(settings.rule(rule)), "--set")
    if mistakes:
        raise InvalidInputError(list(mistakes))
    kept = {key: getattr(settings, key) for key in AlertsConfig.model_fields}
    return AlertsConfig(**(kept | {"rules": {**settings.rules, rule: patch}}))
