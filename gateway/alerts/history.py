"""History: what the rules find in the readings between two looks at a clinic, in the order in which they came.

All devices of a clinic go together: its outage is one alert of theirs, and silences those that come after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from gateway.alerts.board import OpenAlerts
from gateway.alerts.clinics import Clinics
from gateway.alerts.evidence import FleetEvidence, Found
from gateway.alerts.known_ledger import KnownLedger, receipts
from gateway.alerts.nozzle_history import NozzleHistory
from gateway.alerts.rulebook import RuleBook
from gateway.breath import Breath
from gateway.ingest.fleet import Fleet
from gateway.ingest.registry import Registry
from gateway.store.rows import DeviceState, LedgerRow, SamplePoint, TimedSample

_BREATH: Final = 100
"""Readings gone through before others may have their turn: about a millisecond."""


class Walk(NamedTuple):
    """The readings of one device since the last look, its latest included, oldest first; and of `earlier` ones, that
    were looked at, as much as is known. `ledger` is that of the same moment as `state`."""

    state: DeviceState
    ledger: Sequence[LedgerRow]
    earlier: Sequence[SamplePoint]
    points: Sequence[SamplePoint]


class Step(NamedTuple):
    """What was found about one subject at one reading."""

    subject: str
    found: Found


class _Moment(NamedTuple):
    """One reading of a device, or a row of its ledger that somebody said, in its place."""

    received_ms: int
    at_ms: int
    device: int
    """Which walk."""
    came: SamplePoint | LedgerRow
    newest: bool = False
    """Whether no newer reading came with it: only then its receipt tells of the device's clock."""


class _Course:
    """A walk, and how far it has come."""

    __slots__ = ("known", "last", "nozzles", "said", "walk")

    def __init__(self, walk: Walk, nozzles: NozzleHistory) -> None:
        self.walk = walk
        self.nozzles = nozzles
        self.last = walk.earlier[-1] if walk.earlier else None
        """The last reading."""
        until_ms = walk.earlier[-1].ts_ms if walk.earlier else walk.points[0].ts_ms - 1
        known_ms = walk.earlier[-1].received_ms if walk.earlier else walk.points[0].received_ms - 1
        told = receipts(walk.ledger, (*walk.earlier, *walk.points))
        known = [one.row for one in told if one.received_ms <= known_ms]
        known += [row for row in walk.ledger if row.action == "sighted" and row.event_ms <= until_ms]
        self.said = [one for one in told if one.received_ms > known_ms]
        """What is yet to come of the rows that somebody said."""
        self.known = KnownLedger(walk.state.device_id, sorted(known, key=lambda row: row.key))
        for point in walk.earlier:
            self.known.show(point)


class History:
    """Goes through walks; keeps nothing between them but what `Clinics` and the evidence keep."""

    def __init__(
        self,
        *,
        fleet: Fleet,
        registry: Registry,
        book: RuleBook,
        clinics: Clinics,
        evidence: FleetEvidence,
        alerts: OpenAlerts,
    ) -> None:
        self._fleet = fleet
        self._registry = registry
        self._book = book
        self._clinics = clinics
        self._evidence = evidence
        self._open = alerts

    async def steps(self, walks: Sequence[Walk]) -> list[Step]:
        """Everything found in the walks of one clinic's devices, in order of receipt. Lets others run in between."""
        courses = [self._begun(walk) for walk in walks]
        moments = sorted((one for number, course in enumerate(courses) for one in _moments(number, course)), key=_place)
        concerned: set[str] = set()
        steps = [step for walk in walks for step in self._stood(walk)]
        breath = Breath()
        for gone_through, moment in enumerate(moments, 1):
            for step in self._at(moment, courses[moment.device], concerned):
                concerned.add(step.subject)
                steps.append(step)
            if gone_through % _BREATH == 0:
                await breath.take()
        return steps

    def _stood(self, walk: Walk) -> Iterator[Step]:
        """What a device with an open alert said last: by that it ends where its clinic's begins."""
        if walk.earlier and self._open.has(walk.state.device_id):
            last = walk.earlier[-1]
            found = self._evidence.reading(walk.state, last.ts_ms, last, concerned=True)
            if found is not None:
                yield Step(walk.state.device_id, found)

    def _begun(self, walk: Walk) -> _Course:
        """How the device stood before the walk."""
        nozzles = NozzleHistory(
            state=walk.state,
            fleet=self._fleet,
            registry=self._registry,
            book=self._book,
            evidence=self._evidence,
            alerts=self._open,
            points=walk.points,
        )
        for point in walk.earlier:
            self._evidence.reading(walk.state, point.ts_ms, point, concerned=False)
            nozzles.start(point)
        if walk.earlier:
            self._clinics.note_power(walk.state, walk.earlier[-1])
        return _Course(walk, nozzles)

    def _at(self, moment: _Moment, course: _Course, concerned: set[str]) -> Iterator[Step]:
        if isinstance(moment.came, LedgerRow):
            yield from self._said(moment.came, moment.received_ms, course, concerned)
        else:
            yield from self._read(moment.came, moment, course, concerned)

    def _read(self, point: SamplePoint, moment: _Moment, course: _Course, concerned: set[str]) -> Iterator[Step]:
        """A reading: what it says of the clinic, of the device and its clock, and of the nozzle that it shows."""
        state = course.walk.state
        before, seen = course.known.fitted, course.known.show(point)
        course.last = point
        if seen is not None:
            yield from self._gone(before, seen, moment.received_ms, course, concerned)
        self._clinics.note_power(state, point)
        clinic = self._evidence.clinic(state.clinic_id, concerned=state.clinic_id in concerned)
        if clinic is not None:
            yield Step(state.clinic_id, clinic)
        said = self._evidence.reading(state, point.ts_ms, point, concerned=self._concerns(state.device_id, concerned))
        if said is not None:
            yield Step(state.device_id, said)
        if moment.newest:
            clock = self._evidence.clock(state, point, concerned=self._concerns(state.device_id, concerned))
            if clock is not None:
                yield Step(state.device_id, clock)
        yield from self._shown(point, moment.received_ms, course, concerned)

    def _said(self, row: LedgerRow, received_ms: int, course: _Course, concerned: set[str]) -> Iterator[Step]:
        """A ledger row: the nozzle that it takes off has gone, and one that it fits has come, or is confirmed. One
        that was overtaken, or takes off another one, changes what is known of the nozzle that is on the device now."""
        before = course.known.fitted
        is_late = course.known.add(row)
        after = course.known.fitted
        if before != after:
            yield from self._gone(before, row, received_ms, course, concerned)
        if course.last is not None and (is_late or (before == after and row.action == "removed")):
            yield from self._shown(course.last, received_ms, course, concerned)
        elif after is not None and row.action == "fitted":
            concerns = self._concerns(after, concerned)
            come = course.nozzles.come(course.known.rows, course.last, received_ms, concerned=concerns)
            if come is not None:
                yield Step(after, come)

    def _gone(
        self, serial: str | None, row: LedgerRow, received_ms: int, course: _Course, concerned: set[str]
    ) -> Iterator[Step]:
        if serial is not None and self._concerns(serial, concerned):
            gone = course.nozzles.gone(serial, row, received_ms)
            if gone is not None:
                yield Step(serial, gone)

    def _shown(self, point: SamplePoint, received_ms: int, course: _Course, concerned: set[str]) -> Iterator[Step]:
        """The nozzle of a reading, unless another one was fitted since."""
        serial, ledger = course.known.fitted, course.known.rows
        if serial is None or point.nozzle_serial not in (None, serial):
            return
        concerns = self._concerns(serial, concerned)
        if point.nozzle_serial is not None:
            found = course.nozzles.reading(point, ledger, received_ms, concerned=concerns)
        elif concerns:
            found = course.nozzles.unread(serial, point, ledger, received_ms)
        else:
            return
        if found is not None:
            yield Step(serial, found)

    def _concerns(self, subject: str, concerned: set[str]) -> bool:
        return subject in concerned or self._open.has(subject)


def _moments(number: int, course: _Course) -> Iterator[_Moment]:
    """Each reading, and each ledger row that somebody said, by its receipt."""
    for one in course.said:
        yield _Moment(one.received_ms, one.row.event_ms, number, one.row)
    points = course.walk.points
    for place, point in enumerate(points, 1):
        newest = place == len(points) or points[place].received_ms > point.received_ms
        yield _Moment(point.received_ms, point.ts_ms, number, point, newest)


def _place(moment: _Moment) -> tuple[int, int, int, bool]:
    return moment.received_ms, moment.at_ms, moment.device, isinstance(moment.came, SamplePoint)


def latest_point(state: DeviceState, latest: TimedSample) -> SamplePoint:
    """A device's latest sample, as a reading of the store is."""
    sample = latest.sample
    return SamplePoint(
        ts_ms=latest.event_ms,
        clinic_id=state.clinic_id,
        power_source=sample.power_source,
        charge_ratio=sample.charge_ratio,
        voltage_v=sample.voltage_v,
        health_ratio=sample.health_ratio,
        nozzle_serial=sample.nozzle_serial,
        strikes=sample.strikes,
        coating_ratio=sample.coating_ratio,
        depth_mm=sample.depth_mm,
        sessions_total=sample.sessions_total,
        session_active=sample.session_active,
        estimated=latest.estimated,
        received_ms=latest.received_ms,
        clock_ms=sample.ts_ms,
    )
