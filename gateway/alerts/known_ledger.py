"""A device's nozzle ledger as it was known at a moment: folded from what had been received by then. Pure.

The fleet's ledger is that of now: a swap record that was overtaken stands in it where it belongs, as if nobody had
ever looked without it. Whoever goes through history needs it as it stood.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from gateway.ingest.ledger import fitted_after
from gateway.store.rows import LedgerRow, SamplePoint

_LONG_AGO: Final = -1


class Receipt(NamedTuple):
    """A row that somebody said, and when it was received."""

    received_ms: int
    row: LedgerRow


def receipts(ledger: Sequence[LedgerRow], points: Sequence[SamplePoint]) -> list[Receipt]:
    """The rows that were said, in order of receipt. One of which that was not kept came with the next reading in
    time. `points` are in order of time, and there is one at least."""
    said = [row for row in ledger if row.action != "sighted"]
    return sorted((Receipt(_received_ms(row, points), row) for row in said), key=lambda one: one.received_ms)


def _received_ms(row: LedgerRow, points: Sequence[SamplePoint]) -> int:
    if row.received_ms is not None:
        return row.received_ms
    place = bisect_left(points, row.event_ms, key=lambda point: point.ts_ms)
    return points[min(place, len(points) - 1)].received_ms


class KnownLedger:
    """Grows by ledger rows that were said, and by readings, in order of receipt."""

    def __init__(self, device_id: str, rows: Iterable[LedgerRow] = ()) -> None:
        self._device_id = device_id
        self._said: list[LedgerRow] = []
        self._seen: list[LedgerRow] = []
        """Each reading that shows a nozzle, as the row that it would make."""
        self._last_ms = _LONG_AGO
        self.rows: tuple[LedgerRow, ...] = ()
        self.fitted: str | None = None
        for row in rows:
            (self._seen if row.action == "sighted" else self._said).append(row)
            self._last_ms = row.event_ms
        self._fold()

    def add(self, row: LedgerRow) -> bool:
        """Takes a row that somebody said; answers whether it is late: it tells of a time before what was known."""
        is_late = row.event_ms < self._last_ms
        insort(self._said, row, key=_key)
        if is_late:
            self._fold()
        else:
            self._append(row)
        return is_late

    def show(self, point: SamplePoint) -> LedgerRow | None:
        """Takes a reading; the row that it makes where it shows another nozzle than the one fitted."""
        if point.nozzle_serial is None:
            return None
        row = LedgerRow(
            self._device_id, point.clinic_id, point.ts_ms, "", 0, "sighted", point.nozzle_serial, point.strikes,
            "inference", received_ms=point.received_ms,
        )  # fmt: skip
        if self._seen and point.ts_ms < self._seen[-1].event_ms:
            self._seen.insert(bisect_left(self._seen, point.ts_ms, key=_time), row)
        else:
            self._seen.append(row)
        if point.ts_ms < self._last_ms:
            self._fold()
            return None
        self._last_ms = point.ts_ms
        if row.serial == self.fitted:
            return None
        self._append(row)
        return row

    def overtaken(self, row: LedgerRow) -> None:
        """Takes a row that a reading made which came after later ones."""
        insort(self._seen, row, key=_time)
        self._fold()

    def _append(self, row: LedgerRow) -> None:
        self.rows = (*self.rows, row)
        self.fitted = fitted_after(self.fitted, row)
        self._last_ms = row.event_ms

    def _fold(self) -> None:
        """From the beginning: at the same time what was said comes before what was seen."""
        rows: list[LedgerRow] = []
        fitted: str | None = None
        for row in sorted([*self._said, *self._seen], key=_time):
            if row.action == "sighted" and row.serial == fitted:
                continue
            rows.append(row)
            fitted = fitted_after(fitted, row)
        self.rows, self.fitted = tuple(rows), fitted


def _time(row: LedgerRow) -> int:
    return row.event_ms


def _key(row: LedgerRow) -> tuple[int, str, int]:
    return row.key
