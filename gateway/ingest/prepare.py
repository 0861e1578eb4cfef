"""From arrivals to one batch to commit: redeliveries found, events timed, states merged. No I/O, no clock.

Whatever the order of arrivals, and however they are cut into batches, the sum of all batches is the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.ingest.arrival import ADVICE, Arrival
from gateway.ingest.device_work import DeviceWork
from gateway.ingest.event_time import event_time, largest_up
from gateway.ingest.marks import BootMarks
from gateway.ingest.memory import Memory
from gateway.ingest.quarantine import Quarantine, too_old
from gateway.ingest.redeliveries import settle
from gateway.store.rows import Batch, QuarantineRow, TimedNozzleEvent, TimedSample, TimedSession
from schemas.delivery import Delivery
from schemas.records import Sample, Sequenced, Session, Status
from schemas.rejection import Rejection

DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class Counts:
    """What a batch amounted to. Rejected samples count singly."""

    received: Counter[str]
    rejected: Counter[str]
    stored: Counter[str]
    duplicates: int


@dataclass(frozen=True, slots=True)
class Prepared:
    """A batch, and what memory needs to know of it. `changed`: devices with anything new."""

    batch: Batch
    counts: Counts
    changed: tuple[str, ...]
    boots: tuple[BootMarks, ...]
    overtaken: tuple[tuple[str, int], ...]
    """Devices of which a sample told of a nozzle after a later one had come, and its event time."""


def boots_to_load(arrivals: Iterable[Arrival], memory: Memory) -> list[tuple[str, str]]:
    """The boots that must be read from the store before these arrivals can be prepared."""
    unknown: dict[tuple[str, str], None] = {}
    for _, decoded in arrivals:
        for record in decoded.records:
            if not isinstance(record, Status) and not memory.knows(record.device_id, record.boot_id):
                unknown[record.device_id, record.boot_id] = None
        for rejection in decoded.rejections:
            for device_id, boot_id, _ in _names(rejection):
                if not memory.knows(device_id, boot_id):
                    unknown[device_id, boot_id] = None
    return list(unknown)


def _names(rejection: Rejection) -> Iterator[tuple[str, str, int]]:
    """The records that a rejection says will not come: they leave no holes."""
    if rejection.device_id is None:
        return
    if rejection.boot_id is not None and rejection.seq is not None:
        yield rejection.device_id, rejection.boot_id, rejection.seq
    for boot_id, seq in rejection.record_names:
        yield rejection.device_id, boot_id, seq


def prepare(arrivals: Sequence[Arrival], memory: Memory, quarantine: Quarantine, retention_days: int) -> Prepared:
    """One batch of arrivals, merged into memory; what it changes must be committed before the next is prepared."""
    preparation = _Preparation(memory, quarantine, retention_days * DAY_MS)
    for arrival in arrivals:
        preparation.take(arrival)
    return preparation.finish()


class _Preparation:
    """One batch in the making."""

    def __init__(self, memory: Memory, quarantine: Quarantine, retention_ms: int) -> None:
        self._memory = memory
        self._quarantine = quarantine
        self._retention_ms = retention_ms
        self._samples: list[TimedSample] = []
        self._sessions: list[TimedSession] = []
        self._events: list[TimedNozzleEvent] = []
        self._samples_again: list[TimedSample] = []
        self._sessions_again: list[TimedSession] = []
        self._events_again: list[TimedNozzleEvent] = []
        self._quarantined: list[QuarantineRow] = []
        self._works: list[DeviceWork] = []
        self._boots: list[BootMarks] = []
        self._received: Counter[str] = Counter()
        self._rejected: Counter[str] = Counter()
        self._statuses = 0
        self._duplicates = 0

    def take(self, arrival: Arrival) -> None:
        """One delivery: its rejections to quarantine, its records to where they belong."""
        delivery, (records, rejections, kind) = arrival
        if kind != ADVICE:
            self._received[kind] += 1
        for rejection in rejections:
            self._refuse(delivery, rejection)
        if not records:
            return
        work = self._memory.work(records[0].device_id)
        largest_up_ms = largest_up(records)
        for at, record in enumerate(records):
            if isinstance(record, Status):
                self._take_status(work, delivery, record)
                continue
            event_ms, estimated = event_time(record.ts_ms, record.up_ms, delivery.received_ms, largest_up_ms)
            old = type(record) is Sample and event_ms < delivery.received_ms - self._retention_ms
            if not self._is_new(work, record, delivery.received_ms, event_ms, estimated, old):
                continue
            if old and isinstance(record, Sample):
                self._refuse(delivery, too_old(delivery, record, at, rejections))
            else:
                self._store(work, record, delivery.received_ms, event_ms, estimated)

    def _is_new(
        self, work: DeviceWork, record: Sequenced, received_ms: int, event_ms: int, estimated: bool, old: bool
    ) -> bool:
        boot = work.boots.get(record.boot_id) or self._memory.boot(work, record.boot_id)
        if boot.is_stored(record.seq):
            self._duplicates += 1
            if not old and boot.may_be_earlier(received_ms, estimated):
                self._redeliver(record, received_ms, event_ms, estimated)
            return False
        if not old:
            boot.store(record.seq, received_ms, self._memory.connected_ms)
            self._touch_boot(boot)
        return True

    def _store(self, work: DeviceWork, record: Sequenced, received_ms: int, event_ms: int, estimated: bool) -> None:
        self._touch(work)
        if isinstance(record, Sample):
            sample = TimedSample(event_ms, received_ms, estimated, record)
            self._samples.append(sample)
            work.add_sample((event_ms, record.boot_id, record.seq), sample)
        elif isinstance(record, Session):
            session = TimedSession(event_ms, received_ms, estimated, record)
            self._sessions.append(session)
            work.add_session(session)
        else:
            event = TimedNozzleEvent(event_ms, received_ms, estimated, record)
            self._events.append(event)
            work.add_event(event)

    def _redeliver(self, record: Sequenced, received_ms: int, event_ms: int, estimated: bool) -> None:
        if isinstance(record, Sample):
            self._samples_again.append(TimedSample(event_ms, received_ms, estimated, record))
        elif isinstance(record, Session):
            self._sessions_again.append(TimedSession(event_ms, received_ms, estimated, record))
        else:
            self._events_again.append(TimedNozzleEvent(event_ms, received_ms, estimated, record))

    def _take_status(self, work: DeviceWork, delivery: Delivery, status: Status) -> None:
        if work.add_status(status, delivery.received_ms, delivery.retained):
            self._statuses += 1
            self._touch(work)

    def _refuse(self, delivery: Delivery, rejection: Rejection) -> None:
        self._rejected[rejection.reason] += 1
        self._quarantined.append(self._quarantine.row(delivery, rejection))
        for device_id, boot_id, seq in _names(rejection):
            boot = self._memory.boot(self._memory.work(device_id), boot_id)
            boot.reject(seq, self._memory.connected_ms)
            self._touch_boot(boot)

    def _touch_boot(self, boot: BootMarks) -> None:
        if not boot.touched:
            boot.touched = True
            self._boots.append(boot)

    def _touch(self, work: DeviceWork) -> None:
        if not work.touched:
            work.touched = True
            self._works.append(work)

    def finish(self) -> Prepared:
        """The batch as it is to be committed."""
        earlier_samples, stale_by_samples = settle(self._samples_again, self._samples)
        earlier_sessions, stale_by_sessions = settle(self._sessions_again, self._sessions)
        earlier_events, stale_by_events = settle(self._events_again, self._events)
        for device_id in stale_by_samples | stale_by_sessions | stale_by_events:
            self._memory.work(device_id).late = True
        boots = tuple(self._boots)
        for boot in boots:
            boot.touched = False
        works = self._works
        batch = Batch(
            samples=tuple(self._samples),
            sessions=tuple(self._sessions),
            nozzle_events=tuple(self._events),
            earlier_samples=earlier_samples,
            earlier_sessions=earlier_sessions,
            earlier_nozzle_events=earlier_events,
            marks=tuple(boot.frozen() for boot in boots),
            devices=tuple(work.frozen() for work in works),
            sightings=tuple(sighting for work in works for sighting in work.take_sightings()),
            ledger=tuple(row for work in works for row in work.ledger.take_new()),
            quarantine=tuple(self._quarantined),
            rebuild=tuple(work.device_id for work in works if work.late),
        )
        for work in works:
            work.touched = False
        taken = ((work.device_id, work.take_overtaken_ms()) for work in works)
        overtaken = tuple((device_id, event_ms) for device_id, event_ms in taken if event_ms is not None)
        return Prepared(batch, self._counts(), tuple(work.device_id for work in works), boots, overtaken)

    def _counts(self) -> Counts:
        stored = {
            "telemetry": len(self._samples),
            "session": len(self._sessions),
            "nozzle": len(self._events),
            "status": self._statuses,
        }
        stored_any = Counter({kind: count for kind, count in stored.items() if count})
        return Counts(self._received, self._rejected, stored_any, self._duplicates)
