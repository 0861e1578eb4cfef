"""Folding a device again from its whole history, where a late record did not fit the ledger as it stood. Pure.

The fold gives what the records would have given had they come in order. What no kept record tells any more, because
it is past its retention, is carried over: ledger rows stay as evidence, maxima and latest values are merged.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

from gateway.ingest.device_work import DeviceWork
from gateway.ingest.redeliveries import Timed
from gateway.ingest.sighting import SightingWork
from gateway.ingest.status import StatusWork
from gateway.store.rows import (
    Derived,
    DeviceHistory,
    DeviceState,
    Key,
    LedgerRow,
    Sighting,
    TimedNozzleEvent,
    TimedSample,
)

Evidence: TypeAlias = TimedSample | TimedNozzleEvent | LedgerRow

CHUNK: Final = 2_000
"""Evidence to fold between two looks at the event loop."""


class Refold:
    """One device's history on its way to its derived state; `add` its evidence in order, then `finish`."""

    def __init__(
        self,
        history: DeviceHistory,
        old: DeviceState,
        old_sightings: Iterable[Sighting],
        old_rows: Iterable[LedgerRow],
        kept_since_ms: int,
    ) -> None:
        """`kept_since_ms`: samples with an earlier event time may be gone from the history."""
        self._history = history
        self._old = old
        self._old_sightings = [row for row in old_sightings if row.first_event_ms < kept_since_ms]
        self._kept_since_ms = kept_since_ms
        self._of_people = [row for row in old_rows if row.made_by == "person"]
        kept = {(timed.sample.boot_id, timed.sample.seq) for timed in history.samples}
        kept |= {(timed.event.boot_id, timed.event.seq) for timed in history.nozzle_events}
        self._carried = [row for row in old_rows if row.made_by != "person" and (row.boot_id, row.seq) not in kept]
        self._work = DeviceWork(old.device_id)
        self._work.status = StatusWork.of(old)

    def evidence(self) -> Sequence[Evidence]:
        """All that the ledger is folded from, in order of key."""
        ordered: list[Evidence] = [
            *self._history.samples,
            *self._history.nozzle_events,
            *self._of_people,
            *self._carried,
        ]
        ordered.sort(key=_key)
        return ordered

    def add(self, evidence: Iterable[Evidence]) -> None:
        for piece in evidence:
            if isinstance(piece, TimedSample):
                self._work.add_sample(piece.key, piece)
            elif isinstance(piece, TimedNozzleEvent):
                self._work.add_event(piece)
            elif piece.made_by != "inference" or piece.serial != self._work.ledger.fitted:
                self._work.ledger.append(piece)

    def finish(self) -> Derived:
        for session in self._history.sessions:
            self._work.add_session(session)
        self._carry_over()
        rows = tuple(row for row in self._work.ledger.rows if row.made_by != "person")
        return Derived(self._work.frozen(), tuple(work.frozen() for work in self._work.sightings.values()), rows)

    def _carry_over(self) -> None:
        work, old = self._work, self._old
        for row in self._old_sightings:
            sighting = work.sightings.get(row.serial)
            if sighting is None:
                work.sightings[row.serial] = SightingWork.of(row)
            else:
                sighting.add_older(row)
        self._carry_over_latest()
        work.clinic_id = work.clinic_id or old.clinic_id
        work.first_seen_ms = min(work.first_seen_ms, old.first_seen_ms) if work.known else old.first_seen_ms
        for seen_ms in (old.status_received_ms or 0, old.last_seen_ms if old.last_seen_ms < self._kept_since_ms else 0):
            work.last_seen_ms = max(work.last_seen_ms, seen_ms)

    def _carry_over_latest(self) -> None:
        work, old = self._work, self._old
        latest_sample = max((timed for timed in (work.latest, old.latest) if timed is not None), key=_key, default=None)
        if latest_sample is not None and latest_sample.event_ms < self._kept_since_ms:
            work.latest = latest_sample
        if old.latest_key is not None and work.latest_key < old.latest_key < (self._kept_since_ms,):
            work.latest_key = old.latest_key
            work.clinic_id = old.clinic_id


def last_receipts(history: DeviceHistory) -> dict[str, int]:
    """Of each boot the largest receipt of a kept record: an earlier receipt that turned up may have lowered it."""
    last: dict[str, int] = {}
    records: list[Timed] = [*history.samples, *history.sessions, *history.nozzle_events]
    for timed in records:
        boot_id = timed[3].boot_id
        last[boot_id] = max(last.get(boot_id, 0), timed.received_ms)
    return last


def _key(piece: Evidence) -> Key:
    return piece.key
