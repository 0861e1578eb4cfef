"""History: what the rules find in the readings between two looks at a clinic, in the order in which they came.

All devices of a clinic go together: its outage is one alert of theirs, and silences those that come after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from gateway.alerts.board import OpenAlerts
from gateway.alerts.clinics import Clinics
from gateway.alerts.evidence import FleetEvidence, Found
from gateway.alerts.known_ledger import KnownLedger, Receipt, receipts
from gateway.alerts.nozzle_conditions import taken_off
from gateway.alerts.nozzle_history import NozzleHistory
from gateway.alerts.rulebook import RuleBook
from gateway.alerts.walks import Walk, known_before_ms
from gateway.breath import Breath
from gateway.ingest.fleet import Fleet
from gateway.ingest.registry import Registry
from gateway.store.rows import LedgerRow, SamplePoint

_BREATH: Final = 100
"""Readings gone through before others may have their turn: about a millisecond."""


class Step(NamedTuple):
    """What was found about one subject at one reading."""

    subject: str
    found: Found


class _Moment(NamedTuple):
    """One reading of a device, or a row of its ledger, in its place."""

    received_ms: int
    at_ms: int
    device: int
    """Which walk."""
    came: SamplePoint | LedgerRow
    newest: bool = False
    """Whether no newer reading came with it: only then its receipt tells of the device's clock."""
    late: bool = False
    """Whether a later reading had come before it."""


class _Course:
    """A walk, and how far it has come."""

    __slots__ = ("known", "known_ms", "last", "nozzles", "to_come", "walk")

    def __init__(self, walk: Walk, nozzles: NozzleHistory) -> None:
        self.walk = walk
        self.nozzles = nozzles
        self.last = walk.earlier[-1] if walk.earlier else None
        """The last reading."""
        self.known_ms = known_before_ms(walk)
        """When the last was received that was not late."""
        until_ms = walk.earlier[-1].ts_ms if walk.earlier else walk.points[0].ts_ms - 1
        rows = [Receipt(one.received_ms or 0, one) for one in walk.ledger if one.action == "sighted"]
        rows = [one for one in rows if one.row.event_ms <= until_ms]
        rows += receipts(walk.ledger, (*walk.earlier, *walk.points))
        self.to_come = [one for one in rows if one.received_ms > self.known_ms]
        """Rows that somebody said, or that a late reading made."""
        known = sorted((one.row for one in rows if one.received_ms <= self.known_ms), key=lambda row: row.key)
        self.known = KnownLedger(walk.state.device_id, known)
        for row in known:
            if row.event_ms > until_ms:
                nozzles.told(row, self.known_ms)
        for point in (*walk.recalled, *walk.earlier):
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
            walk=walk, fleet=self._fleet, registry=self._registry, book=self._book, evidence=self._evidence
        )
        for point in walk.recalled:
            nozzles.take(point)
        for point in walk.earlier:
            self._evidence.reading(walk.state, point.ts_ms, point, concerned=False)
            nozzles.take(point)
        if walk.earlier:
            self._clinics.note_power(walk.state, walk.earlier[-1])
        return _Course(walk, nozzles)

    def _at(self, moment: _Moment, course: _Course, concerned: set[str]) -> Iterator[Step]:
        if moment.late:
            yield from self._overtaken(moment.came, course, concerned)
            return
        course.known_ms = moment.received_ms
        if isinstance(moment.came, LedgerRow):
            yield from self._said(moment.came, moment.received_ms, course, concerned)
        else:
            yield from self._read(moment.came, moment, course, concerned)

    def _overtaken(self, came: SamplePoint | LedgerRow, course: _Course, concerned: set[str]) -> Iterator[Step]:
        """A late reading: it changes what is known of the nozzle that is on the device, and nothing else."""
        before = course.known.fitted
        if isinstance(came, LedgerRow):
            course.known.overtaken(came)
        else:
            course.known.show(came)
            yield from self._shown_late(came, course, concerned)
        yield from self._gone(before, course.known_ms, course, concerned)
        if course.last is not None:
            yield from self._shown(course.last, course.known_ms, course, concerned)

    def _read(self, point: SamplePoint, moment: _Moment, course: _Course, concerned: set[str]) -> Iterator[Step]:
        """A reading: what it says of the clinic, of the device and its clock, and of the nozzle that it shows."""
        state = course.walk.state
        before = course.known.fitted
        course.known.show(point)
        course.nozzles.take(point)
        course.last = point
        yield from self._gone(before, moment.received_ms, course, concerned)
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
        course.nozzles.told(row, received_ms)
        after = course.known.fitted
        yield from self._gone(before, received_ms, course, concerned)
        if course.last is not None and (is_late or (before == after and row.action == "removed")):
            yield from self._shown(course.last, received_ms, course, concerned)
        elif after is not None and row.action == "fitted":
            concerns = self._concerns(after, concerned)
            come = course.nozzles.come(course.known.rows, course.last, received_ms, concerned=concerns)
            if come is not None:
                yield Step(after, come)

    def _gone(self, serial: str | None, received_ms: int, course: _Course, concerned: set[str]) -> Iterator[Step]:
        """The nozzle that was fitted before what has just come, where it is not any more."""
        if serial is not None and serial != course.known.fitted and self._concerns(serial, concerned):
            gone = course.nozzles.gone(serial, taken_off(serial, course.known.rows), received_ms)
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
        elif concerns or ledger[-1].action == "sighted":
            found = course.nozzles.unread(serial, point, ledger, received_ms)
        else:
            return
        if found is not None:
            yield Step(serial, found)

    def _shown_late(self, point: SamplePoint, course: _Course, concerned: set[str]) -> Iterator[Step]:
        """A late reading. Where all later ones can't tell which nozzle it was, it is the newest of the nozzle."""
        serial = course.known.fitted
        is_newest = point.nozzle_serial == serial is not None and course.nozzles.is_newest(point)
        course.nozzles.take(point)
        if serial is not None and is_newest:
            concerns = self._concerns(serial, concerned)
            found = course.nozzles.reading(
                point, course.known.rows, course.known_ms, concerned=concerns, is_overtaken=True
            )
            if found is not None:
                yield Step(serial, found)

    def _concerns(self, subject: str, concerned: set[str]) -> bool:
        return subject in concerned or self._open.has(subject)


def _moments(number: int, course: _Course) -> Iterator[_Moment]:
    """Each reading, and each row that is yet to come, by its receipt."""
    for one in course.to_come:
        yield _Moment(one.received_ms, one.row.event_ms, number, one.row, late=one.row.action == "sighted")
    for point in course.walk.late:
        yield _Moment(point.received_ms, point.ts_ms, number, point, late=True)
    points = course.walk.points
    for place, point in enumerate(points, 1):
        newest = place == len(points) or points[place].received_ms > point.received_ms
        yield _Moment(point.received_ms, point.ts_ms, number, point, newest)


def _place(moment: _Moment) -> tuple[int, int, int, bool]:
    return moment.received_ms, moment.at_ms, moment.device, isinstance(moment.came, SamplePoint)
