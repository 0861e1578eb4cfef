"""Walks: what came of a device since the last look, and how far its nozzles had come by then.

A look sees a device as it stands, and what it says of a nozzle's largest count was known at some moment. Where a walk
can't tell by itself whether that was before it, the store is asked for the readings before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Final, NamedTuple

from gateway.alerts.board import OpenAlerts
from gateway.alerts.insisting import Insist
from gateway.alerts.nozzle_conditions import is_reset
from gateway.alerts.walking import BEFORE_MS, Readings, Stretch, read_all
from gateway.store.rows import DeviceState, LedgerRow, SamplePoint, Sighting, TimedSample
from schemas.alert import Alert

_DAY_MS: Final = 86_400_000
_BACK_MS: Final = (BEFORE_MS, 2 * _DAY_MS, 40 * _DAY_MS)
"""How far the store is asked for what a walk can't tell: mostly the first of these has it."""


class Standing(NamedTuple):
    """A device, its ledger and what it says of its nozzles, all of one moment."""

    state: DeviceState
    ledger: Sequence[LedgerRow]
    sightings: Sequence[Sighting]
    overtaken_ms: int | None
    """Event time of the earliest reading that came late since the last look; None: none did."""


class Walk(NamedTuple):
    """The readings of one device since the last look, its latest included, oldest first; and of `earlier` ones, that
    were looked at, as much as is known. `ledger` is that of the same moment as `state`."""

    state: DeviceState
    ledger: Sequence[LedgerRow]
    earlier: Sequence[SamplePoint]
    points: Sequence[SamplePoint]
    late: Sequence[SamplePoint] = ()
    """Readings that came after a later one, by receipt."""
    recalled: Sequence[SamplePoint] = ()
    """Readings of which nothing but the nozzle counts: known before the walk, and older than the `earlier` ones."""
    counts: Mapping[str, int | None] = MappingProxyType({})
    """The largest count of each nozzle that the device showed in the walk, or just before it, as it was known before
    the walk. Of any other nozzle it is what the fleet knows."""


class WalkReader:
    """Reads walks from the store."""

    def __init__(self, store: Readings, insist: Insist, alerts: OpenAlerts) -> None:
        self._store = store
        self._insist = insist
        self._open = alerts

    async def read(self, standing: Standing, latest: TimedSample, stretch: Stretch) -> Walk:
        """The walk of a stretch, up to the device as it stands; `latest` is its latest sample. What came while the
        store was read is left to the next walk."""
        state, before = standing.state, stretch.before
        newest = latest_point(state, latest)
        earlier = [latest_point(before, before.latest)] if before is not None and before.latest is not None else []
        readings = [newest]
        since_ms = newest.ts_ms
        if stretch.since_ms is not None:
            since_ms = stretch.since_ms
            from_ms = since_ms if earlier else since_ms - BEFORE_MS
            found = await self._samples(state.device_id, from_ms, newest.ts_ms)
            readings = [*(one for one in found if one.received_ms <= state.last_seen_ms), newest]
        timely, late = in_time(readings)
        earlier += [point for point in timely if point.ts_ms < since_ms]
        points = [point for point in timely if point.ts_ms >= since_ms]
        walk = Walk(state, standing.ledger, earlier, points, late)
        return await self._recalled(walk, standing, since_ms, before)

    async def _recalled(self, walk: Walk, standing: Standing, since_ms: int, before: DeviceState | None) -> Walk:
        """The walk with what was known before it of its nozzles, and with what came late since."""
        most = {one.serial: one.strikes for one in standing.sightings}
        past = {one.serial for one in standing.sightings if one.first_event_ms < since_ms}
        told = {serial: self._told(serial, walk) for serial in _concerned(walk) if serial in most}
        known = {serial for serial, count in told.items() if not _above(most[serial], count)}
        # A count above all that came with the walk was known before it.
        known |= {serial for serial in told if _above(most[serial], _most(_came(serial, walk)))}
        unknown = past.intersection(told) - known
        found = await self._look_back(walk, unknown, since_ms, standing.overtaken_ms)
        looked_ms = before.last_seen_ms if before is not None else walk.state.last_seen_ms
        late = [one for one in found if looked_ms <= one.received_ms <= walk.state.last_seen_ms]
        recalled = [one for one in found if one.received_ms < looked_ms]
        walk = walk._replace(late=sorted([*walk.late, *late], key=_receipt), recalled=recalled)
        counts: dict[str, int | None] = {}
        for serial, count in told.items():
            read = (one.strikes for one in recalled if one.nozzle_serial == serial)
            is_older = _above(most[serial], _most(_came(serial, walk)))
            counts[serial] = most[serial] if is_older else _most([count, *read])
        return walk._replace(counts=counts)

    async def _look_back(
        self, walk: Walk, unknown: set[str], since_ms: int, overtaken_ms: int | None
    ) -> Sequence[SamplePoint]:
        """Readings before the walk: from what came late on, and back to what shows the counters that are not known."""
        late_ms = [*_late_rows(walk), *([] if overtaken_ms is None else [overtaken_ms])]
        told = [alert for serial in unknown if (alert := self._told_swap(serial)) and _may_have_fallen(alert, walk)]
        from_ms = min([since_ms, *(at_ms - BEFORE_MS for at_ms in late_ms)])
        from_ms = min([from_ms, *(alert.pending_since_ms - _BACK_MS[1] for alert in told)])
        shown_ms = {one.nozzle_serial: one.ts_ms for one in walk.earlier}
        wanted = {serial for serial in unknown if serial not in shown_ms}
        if any(_is_written_after(serial, shown_ms[serial], walk) for serial in unknown - wanted) or _is_refitted(walk):
            from_ms = min(from_ms, since_ms - _BACK_MS[1])
        oldest_ms = since_ms - _BACK_MS[-1]
        if unknown and _was_reset(walk):
            from_ms = oldest_ms
        found: list[SamplePoint] = []
        if from_ms < since_ms:
            from_ms = max(from_ms, oldest_ms)
            found += await self._samples(walk.state.device_id, from_ms, since_ms)
        for back_ms in _BACK_MS:
            wanted.difference_update(one.nozzle_serial for one in found if one.nozzle_serial is not None)
            if wanted and since_ms - back_ms < from_ms:
                found = [*await self._samples(walk.state.device_id, since_ms - back_ms, from_ms), *found]
                from_ms = since_ms - back_ms
        return found

    def _told(self, serial: str, walk: Walk) -> int | None:
        """The nozzle's largest count before the walk, as far as that is known without the store."""
        known_ms = known_before_ms(walk)
        written = (row.strikes for row in _written(serial, walk) if _received_ms(row) <= known_ms)
        shown = (one.strikes for one in walk.earlier if one.nozzle_serial == serial)
        alert = self._told_swap(serial)
        fell_from = alert.facts.strikes_before if alert is not None and alert.facts is not None else None
        return _most([fell_from, *shown, *written])

    def _told_swap(self, serial: str) -> Alert | None:
        """The alert that tells that its counter fell, or that it came unreported: its counter may have fallen since."""
        return self._open.of(serial).get("nozzle_unconfirmed_swap")

    async def _samples(self, device_id: str, since_ms: int, until_ms: int) -> list[SamplePoint]:
        return await self._insist(partial(read_all, self._store, device_id, since_ms, until_ms))


def known_before_ms(walk: Walk) -> int:
    """Until when what had been received was known before the walk."""
    return walk.earlier[-1].received_ms if walk.earlier else walk.points[0].received_ms - 1


def in_time(readings: Sequence[SamplePoint]) -> tuple[list[SamplePoint], list[SamplePoint]]:
    """Readings that are given oldest first: those that were the newest when they came, oldest first; and those that
    came after a later one, by receipt."""
    timely: list[SamplePoint] = []
    late: list[SamplePoint] = []
    earliest_ms: int | None = None
    for reading in reversed(readings):
        if earliest_ms is None or reading.received_ms <= earliest_ms:
            earliest_ms = reading.received_ms
            timely.append(reading)
        else:
            late.append(reading)
    timely.reverse()
    return timely, sorted(late, key=_receipt)


def _concerned(walk: Walk) -> set[str]:
    """The nozzles that the device showed in the walk, or just before it, or that it told of."""
    known_ms = known_before_ms(walk)
    shown = {one.nozzle_serial for one in (*walk.earlier[-1:], *walk.points, *walk.late)}
    told = {row.serial for row in walk.ledger if _received_ms(row) > known_ms}
    return {serial for serial in shown | told if serial is not None}


def _came(serial: str, walk: Walk) -> Iterator[int | None]:
    """Every count of the nozzle that came with the walk."""
    known_ms = known_before_ms(walk)
    yield from (row.strikes for row in _written(serial, walk) if _received_ms(row) > known_ms)
    yield from (one.strikes for one in (*walk.points, *walk.late) if one.nozzle_serial == serial)


def _written(serial: str, walk: Walk) -> Iterator[LedgerRow]:
    return (row for row in walk.ledger if row.serial == serial and row.made_by == "device")


def _may_have_fallen(alert: Alert, walk: Walk) -> bool:
    """Whether a counter that fell while the alert was open may come to light: it tells of that, or it tells of a swap
    that nobody reported, and a record has come that may report it."""
    if alert.facts is not None and alert.facts.strikes_before is not None:
        return True
    known_ms = known_before_ms(walk)
    return any(_received_ms(row) > known_ms for row in _written(alert.subject, walk))


def _is_refitted(walk: Walk) -> bool:
    """Whether the nozzle of the last reading before the walk, which did not measure it, was fitted in the walk: how far
    it is worn was measured before."""
    last = walk.earlier[-1] if walk.earlier else None
    if last is None or last.nozzle_serial is None or last.coating_ratio is not None:
        return False
    known_ms = known_before_ms(walk)
    rows = _written(last.nozzle_serial, walk)
    return any(row.action == "fitted" and _received_ms(row) > known_ms for row in rows)


def _was_reset(walk: Walk) -> bool:
    """Whether the nozzle fitted before the walk had an accounted lower counter then, and was fitted again in the walk:
    from then on its old count may count again."""
    known_ms = known_before_ms(walk)
    known = [row for row in walk.ledger if _received_ms(row) <= known_ms]
    if not is_reset(known):
        return False
    rows = _written(known[-1].serial, walk)
    return any(row.action == "fitted" and _received_ms(row) > known_ms for row in rows)


def _is_written_after(serial: str, shown_ms: int, walk: Walk) -> bool:
    """Whether a swap record told of the nozzle between the reading that showed it last and the walk's first."""
    first_ms = walk.points[0].received_ms
    return any(row.event_ms > shown_ms and _received_ms(row) <= first_ms for row in _written(serial, walk))


def _late_rows(walk: Walk) -> Iterator[int]:
    """The times of rows that were said in the walk of what was before it: the ledger was another one until then."""
    if walk.earlier:
        known_ms, until_ms = known_before_ms(walk), walk.earlier[-1].ts_ms
        yield from (
            row.event_ms
            for row in walk.ledger
            if row.action != "sighted" and row.event_ms < until_ms and _received_ms(row) > known_ms
        )


def _received_ms(row: LedgerRow) -> int:
    return row.event_ms if row.received_ms is None else row.received_ms


def _receipt(reading: SamplePoint) -> tuple[int, int]:
    return reading.received_ms, reading.ts_ms


def _most(counts: Iterable[int | None]) -> int | None:
    return max((count for count in counts if count is not None), default=None)


def _above(count: int | None, other: int | None) -> bool:
    return count is not None and (other is None or count > other)


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
