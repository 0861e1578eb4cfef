"""The nozzle ledger of a device: what was fitted when, by whose word. Pure.

A ledger is the fold, in order of key, of three kinds of evidence: the device's swap records, people's rows, and
samples whose nozzle has a readable serial. A sample that shows another nozzle than the one fitted at its place makes
a `sighted` row: an inference. A sample that shows the fitted one says nothing new, so most of them leave no row.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from gateway.ingest.sighting import NO_KEY
from gateway.store.rows import Key, LedgerAction, LedgerRow, TimedNozzleEvent, TimedSample


def fitted_after(fitted: str | None, row: LedgerRow) -> str | None:
    """The nozzle that is fitted after a row, given the one before it. `removed` of another nozzle than the fitted
    one removes nothing."""
    if row.action != "removed":
        return row.serial
    return None if row.serial == fitted else fitted


class DeviceLedger:
    """The ledger of one device as it grows; mutable, private to ingest."""

    __slots__ = ("_fitted_after", "_keys", "_taken", "fitted", "frontier", "rows")

    def __init__(self, rows: Iterable[LedgerRow] = (), frontier: Key = NO_KEY) -> None:
        self.rows: list[LedgerRow] = []
        self._keys: list[Key] = []
        self._fitted_after: list[str | None] = []
        self.fitted: str | None = None
        self.frontier = NO_KEY
        """The largest key of all evidence so far: whatever comes before it is late."""
        for row in rows:
            self.append(row)
        self.frontier = max(self.frontier, frontier)
        self._taken = len(self.rows)

    def append(self, row: LedgerRow) -> None:
        """Adds a row that comes after all evidence so far."""
        key = row.key
        self.rows.append(row)
        self._keys.append(key)
        self.fitted = fitted_after(self.fitted, row)
        self._fitted_after.append(self.fitted)
        self.frontier = max(self.frontier, key)

    def take_new(self) -> list[LedgerRow]:
        """The rows that were added since the last call."""
        new = self.rows[self._taken :]
        self._taken = len(self.rows)
        return new

    def fitted_at(self, key: Key) -> str | None:
        """The nozzle that was fitted just before `key`."""
        at = bisect_left(self._keys, key)
        return self._fitted_after[at - 1] if at else None

    def add_sample(self, key: Key, serial: str, timed: TimedSample) -> bool:
        """Takes a sample that shows `serial`; False where it is late and does not fit: fold the device again."""
        if key <= self.frontier:
            return self.fitted_at(key) == serial
        self.frontier = key
        if serial != self.fitted:
            self.append(sighted_row(key, serial, timed))
        return True

    def add_event(self, key: Key, timed: TimedNozzleEvent) -> bool:
        """Takes a swap record; False where it is late: fold the device again."""
        if key <= self.frontier:
            return False
        self.append(event_row(key, timed))
        return True


def sighted_row(key: Key, serial: str, timed: TimedSample) -> LedgerRow:
    """The inference from a sample that shows a nozzle which nobody said was fitted."""
    sample = timed.sample
    return LedgerRow(
        sample.device_id, sample.clinic_id, *key, action="sighted", serial=serial, strikes=sample.strikes,
        made_by="inference", received_ms=timed.received_ms,
    )  # fmt: skip


def event_row(key: Key, timed: TimedNozzleEvent) -> LedgerRow:
    """The device's own word."""
    event = timed.event
    return LedgerRow(
        event.device_id, event.clinic_id, *key, action=event.action, serial=event.serial, strikes=event.strikes,
        made_by="device", received_ms=timed.received_ms,
    )  # fmt: skip


class Fitting(NamedTuple):
    """A nozzle on a device from a swap to a swap. Its earlier use is unknown where it is not `confirmed`.

    `to_ms` and `ended_by` are None while it is fitted; `ended_by` is the action of the row that ended it.
    """

    serial: str
    device_id: str
    clinic_id: str
    from_ms: int
    to_ms: int | None
    confirmed: bool
    ended_by: LedgerAction | None


def fittings(rows: Sequence[LedgerRow]) -> tuple[Fitting, ...]:
    """The fittings of one device, oldest first, from its ledger rows in order of key.

    A `fitted` of a nozzle that is so far only sighted confirms its fitting.
    """
    done: list[Fitting] = []
    now: Fitting | None = None
    for row in rows:
        if now is not None and row.serial == now.serial and row.action != "removed":
            now = now._replace(confirmed=now.confirmed or row.action == "fitted")
            continue
        if row.action == "removed" and (now is None or row.serial != now.serial):
            continue
        if now is not None:
            done.append(now._replace(to_ms=row.event_ms, ended_by=row.action))
        now = None if row.action == "removed" else _opened_by(row)
    return (*done, now) if now is not None else tuple(done)


def _opened_by(row: LedgerRow) -> Fitting:
    return Fitting(
        serial=row.serial, device_id=row.device_id, clinic_id=row.clinic_id, from_ms=row.event_ms, to_ms=None,
        confirmed=row.action == "fitted", ended_by=None,
    )  # fmt: skip
