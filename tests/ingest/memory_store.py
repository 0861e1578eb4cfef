"""A store in memory that really keeps what it is given: for tests of ingest that need neither disk nor speed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from gateway.errors import StoreUnavailableError
from gateway.store.rows import (
    Batch,
    CommitResult,
    Derived,
    DeviceHistory,
    DeviceState,
    FleetSnapshot,
    LedgerRow,
    Marks,
    QuarantineRow,
    Sighting,
    TimedNozzleEvent,
    TimedSample,
    TimedSession,
)

Name = tuple[str, str, int]
T = TypeVar("T", TimedSample, TimedSession, TimedNozzleEvent)


class MemoryStore:
    """Keeps records by name; `unavailable` commits to come fail."""

    def __init__(self) -> None:
        self.samples: dict[Name, TimedSample] = {}
        self.sessions: dict[Name, TimedSession] = {}
        self.events: dict[Name, TimedNozzleEvent] = {}
        self.marks: dict[tuple[str, str], Marks] = {}
        self.devices: dict[str, DeviceState] = {}
        self.sightings: dict[tuple[str, str], Sighting] = {}
        self.ledger: list[LedgerRow] = []
        self.quarantine: list[QuarantineRow] = []
        self.to_rebuild: set[str] = set()
        self.released: list[int] = []
        self.commit_no = 0
        self.unavailable = 0
        self.loaded_boots: list[tuple[str, str]] = []

    async def commit(self, batch: Batch) -> CommitResult:
        if self.unavailable > 0:
            self.unavailable -= 1
            raise StoreUnavailableError("the disk is full: make room")
        self.commit_no += 1
        for sample in batch.samples:
            _add(self.samples, _name(sample), sample)
        for session in batch.sessions:
            _add(self.sessions, _name(session), session)
        for event in batch.nozzle_events:
            _add(self.events, _name(event), event)
        changed = {
            *_replace_earlier(self.samples, batch.earlier_samples),
            *_replace_earlier(self.sessions, batch.earlier_sessions),
            *_replace_earlier(self.events, batch.earlier_nozzle_events),
        }
        self.marks.update({(row.device_id, row.boot_id): row for row in batch.marks})
        self.devices.update({row.device_id: row for row in batch.devices})
        self.sightings.update({(row.serial, row.device_id): row for row in batch.sightings})
        self.ledger.extend(batch.ledger)
        self.quarantine.extend(batch.quarantine)
        rebuild = changed | set(batch.rebuild)
        self.to_rebuild |= rebuild
        return CommitResult(self.commit_no, tuple(sorted(rebuild)))

    async def load_fleet(self) -> FleetSnapshot:
        return FleetSnapshot(
            devices=tuple(self.devices.values()),
            sightings=tuple(self.sightings.values()),
            ledger=tuple(sorted(self.ledger, key=lambda row: (row.device_id, row.key))),
            marks=self._current_marks(),
            rebuild=tuple(sorted(self.to_rebuild)),
            commit_no=self.commit_no,
        )

    def _current_marks(self) -> tuple[Marks, ...]:
        current: dict[str, Marks] = {}
        for marks in self.marks.values():
            known = current.get(marks.device_id)
            if known is None or marks.last_received_ms > known.last_received_ms:
                current[marks.device_id] = marks
        holed = [marks for marks in self.marks.values() if len(marks.stored) > 1]
        return tuple({(marks.device_id, marks.boot_id): marks for marks in (*current.values(), *holed)}.values())

    async def load_marks(self, boots: Sequence[tuple[str, str]]) -> tuple[Marks, ...]:
        self.loaded_boots.extend(boots)
        return tuple(self.marks[boot] for boot in boots if boot in self.marks)

    async def device_history(self, device_id: str) -> DeviceHistory:
        return DeviceHistory(
            samples=_of(self.samples, device_id),
            sessions=_of(self.sessions, device_id),
            nozzle_events=_of(self.events, device_id),
        )

    async def replace_derived(self, derived: Derived) -> None:
        device_id = derived.device.device_id
        self.devices[device_id] = derived.device
        self.sightings = {key: row for key, row in self.sightings.items() if row.device_id != device_id}
        self.sightings.update({(row.serial, row.device_id): row for row in derived.sightings})
        kept = [row for row in self.ledger if row.device_id != device_id or row.made_by == "person"]
        self.ledger = [*kept, *derived.ledger]
        self.to_rebuild.discard(device_id)

    async def secret(self, name: str) -> bytes:
        return name.encode().ljust(32, b"\0")

    async def mark_released(self, entry_ids: Sequence[int], now_ms: int) -> None:
        self.released.extend(entry_ids)


def _name(timed: TimedSample | TimedSession | TimedNozzleEvent) -> Name:
    record = timed[3]
    return record.device_id, record.boot_id, record.seq


def _add(kept: dict[Name, T], name: Name, timed: T) -> None:
    assert name not in kept, f"{name} stored twice"
    kept[name] = timed


def _replace_earlier(kept: dict[Name, T], redelivered: Sequence[T]) -> set[str]:
    changed: set[str] = set()
    for timed in redelivered:
        name = _name(timed)
        stored = kept.get(name)
        if stored is not None and (timed.received_ms, timed.event_ms) < (stored.received_ms, stored.event_ms):
            kept[name] = timed
            changed.add(name[0])
    return changed


def _of(kept: dict[Name, T], device_id: str) -> tuple[T, ...]:
    mine = [timed for name, timed in kept.items() if name[0] == device_id]
    return tuple(sorted(mine, key=lambda timed: (timed.event_ms, timed[3].boot_id, timed[3].seq)))
