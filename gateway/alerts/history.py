"""History: what the rules find in the readings between two looks at a clinic, in the order in which they came.

All devices of a clinic go together: its outage is one alert of theirs, and silences those that come after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from gateway.alerts.board import OpenAlerts
from gateway.alerts.clinics import Clinics
from gateway.alerts.evidence import FleetEvidence, Found
from gateway.alerts.nozzle_history import NozzleHistory
from gateway.alerts.rulebook import RuleBook
from gateway.breath import Breath
from gateway.ingest.fleet import Fleet
from gateway.ingest.ledger import fitted_after
from gateway.ingest.registry import Registry
from gateway.store.rows import DeviceState, LedgerRow, SamplePoint, TimedSample

_BREATH: Final = 100
"""Readings gone through before others may have their turn: about a millisecond."""


class Walk(NamedTuple):
    """The readings of one device since the last look, its latest included, oldest first; and of `earlier` ones, that
    were looked at, as much as is known."""

    state: DeviceState
    earlier: Sequence[SamplePoint]
    points: Sequence[SamplePoint]


class Step(NamedTuple):
    """What was found about one subject at one reading."""

    subject: str
    found: Found


class _Moment(NamedTuple):
    """One reading or ledger row of a device, in its place."""

    received_ms: int
    at_ms: int
    device: int
    """Which walk."""
    rows: int
    """Of the device's ledger, how many had been written then."""
    point: SamplePoint | None
    """None: the last of these rows itself."""
    newest: bool = False
    """Whether nothing newer came with it: only then its receipt tells of the device's clock."""


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
        nozzles = [self._begun(walk) for walk in walks]
        moments = sorted((one for number, walk in enumerate(walks) for one in self._moments(number, walk)), key=_place)
        concerned: set[str] = set()
        steps = [step for walk in walks for step in self._stood(walk)]
        breath = Breath()
        for gone_through, moment in enumerate(moments, 1):
            for step in self._at(moment, walks[moment.device], nozzles[moment.device], concerned):
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

    def _begun(self, walk: Walk) -> NozzleHistory:
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
            self._clinics.note_power(walk.state, walk.earlier[-1].power_source, walk.earlier[-1].ts_ms)
        return nozzles

    def _moments(self, number: int, walk: Walk) -> Iterator[_Moment]:
        """Each reading, and each ledger row just before the reading that comes after it; at last those that none
        comes after. What was committed since the walk was read is for the next one."""
        until_ms = walk.points[-1].ts_ms if walk.state.latest_key is None else walk.state.latest_key[0]
        ledger = [row for row in self._fleet.ledger(walk.state.device_id) if row.event_ms <= until_ms]
        since_ms = walk.earlier[-1].ts_ms + 1 if walk.earlier else walk.points[0].ts_ms
        rows = sum(row.event_ms < since_ms for row in ledger)
        for place, point in enumerate(walk.points, 1):
            newest = place == len(walk.points) or walk.points[place].received_ms > point.received_ms
            while rows < len(ledger) and ledger[rows].event_ms <= point.ts_ms:
                rows += 1
                yield _Moment(point.received_ms, ledger[rows - 1].event_ms, number, rows, None)
            yield _Moment(point.received_ms, point.ts_ms, number, rows, point, newest)
        for written in range(rows, len(ledger)):
            yield _Moment(walk.points[-1].received_ms, ledger[written].event_ms, number, written + 1, None)

    def _at(self, moment: _Moment, walk: Walk, nozzles: NozzleHistory, concerned: set[str]) -> Iterator[Step]:
        state, point = walk.state, moment.point
        if point is None:
            yield from self._turned(self._fleet.ledger(state.device_id)[: moment.rows], nozzles, concerned)
            return
        self._clinics.note_power(state, point.power_source, point.ts_ms)
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
        serial = point.nozzle_serial
        if serial is not None:
            found = nozzles.reading(point, moment.rows, concerned=self._concerns(serial, concerned))
            if found is not None:
                yield Step(serial, found)

    def _turned(self, rows: Sequence[LedgerRow], nozzles: NozzleHistory, concerned: set[str]) -> Iterator[Step]:
        """A ledger row: the nozzle that it takes off has gone, and one that it fits has come, or is confirmed."""
        row, before = rows[-1], _fitted(rows[:-1])
        after = fitted_after(before, row)
        if before is not None and before != after and self._concerns(before, concerned):
            gone = nozzles.gone(before, row)
            if gone is not None:
                yield Step(before, gone)
        if after is not None and row.action == "fitted":
            come = nozzles.come(row, rows, concerned=self._concerns(after, concerned))
            if come is not None:
                yield Step(after, come)

    def _concerns(self, subject: str, concerned: set[str]) -> bool:
        return subject in concerned or self._open.has(subject)


def _place(moment: _Moment) -> tuple[int, int, int, int, bool]:
    return moment.received_ms, moment.at_ms, moment.device, moment.rows, moment.point is not None


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


def _fitted(rows: Iterable[LedgerRow]) -> str | None:
    fitted: str | None = None
    for row in rows:
        fitted = fitted_after(fitted, row)
    return fitted
