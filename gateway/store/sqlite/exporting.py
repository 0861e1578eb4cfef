"""The store as an export reads it: a connection of its own that can't write, a snapshot for each part."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Final

from gateway.errors import StoreError, StoreVersionError
from gateway.store.archive_base import SampleKey
from gateway.store.export_base import DeviceLedger, ExportView, NozzleSeen, RecordKind, Row, SampleBlock
from gateway.store.rows import LedgerRow
from gateway.store.sqlite.connection import translated
from gateway.store.sqlite.export_records import ALERTS, DATED, FIRINGS, FORECASTS, LEDGER, SEEN, SESSIONS, nozzle_seen
from gateway.store.sqlite.export_samples import day_blocks, prepare, stray_blocks, unsealed_days
from gateway.store.sqlite.hot import DAY_MS
from gateway.store.sqlite.migrate import migrations
from gateway.store.sqlite.state_rows import PAIR
from gateway.store.told_base import ToldDocument

_CACHE_KIB: Final = 16 * 1024
_TEMPORARY_IN_FILE: Final = 1


class SqliteExportView:
    """See `gateway.store.export_base`. Good inside `SqliteExport.view` only."""

    def __init__(self, connection: sqlite3.Connection, unsealed: Mapping[int, int], path: str) -> None:
        self._connection = connection
        self._unsealed = unsealed
        self._path = path

    def samples(self, day: int, since_ms: int, until_ms: int, block_rows: int) -> Iterator[SampleBlock]:
        """The day's samples, except those that are archived."""
        connection = self._connection
        with translated(self._path):
            # What is archived as a day is on its way out of that day's table; the file has it.
            gone = connection.execute("SELECT 1 FROM archives WHERE day = ?", (day,)).fetchone()
            yield from day_blocks(
                connection,
                day,
                since_ms,
                until_ms,
                sealed=gone is None,
                unsealed=day in self._unsealed,
                block_rows=block_rows,
            )

    def strays(self, before_ms: int, most: int) -> tuple[Sequence[SampleKey], Iterator[SampleBlock]]:
        """At most so many samples out of range from before a time."""
        with translated(self._path):
            return stray_blocks(self._connection, before_ms, most)

    def archived(self, day: int) -> tuple[str, ...]:
        """The archive's files that have samples of the day."""
        with translated(self._path):
            rows = self._connection.execute(
                "SELECT file FROM archives WHERE first_ms < ? AND last_ms >= ? ORDER BY file",
                ((day + 1) * DAY_MS, day * DAY_MS),
            )
            return tuple(file for (file,) in rows)

    def sessions(self, since_ms: int, until_ms: int) -> Iterator[Row]:
        """In order of (device, event time)."""
        return self._rows(SESSIONS, (since_ms, until_ms))

    def forecasts(self, since_ms: int, until_ms: int) -> Iterator[Row]:
        """In order of (serial, time)."""
        return self._rows(FORECASTS, (since_ms, until_ms))

    def firings(self, since_ms: int, until_ms: int) -> Iterator[Row]:
        """(rule, clinic id) of each time that an alert began to fire in that time."""
        return self._rows(FIRINGS, (since_ms, until_ms))

    def alerts(self, since_ms: int, until_ms: int) -> Iterator[Row]:
        """In order of (device, time)."""
        return self._rows(ALERTS, (since_ms, until_ms))

    def ledgers(self) -> Iterator[DeviceLedger]:
        """Of each device that had a nozzle, in order of id."""
        for device_id, rows in groupby(self._rows(LEDGER, ()), key=lambda row: str(row[0])):
            yield DeviceLedger(tuple(LedgerRow(*row) for row in rows), self._seen_by(device_id))

    def _seen_by(self, device_id: str) -> Mapping[str, NozzleSeen]:
        with translated(self._path):
            (device_no,) = self._connection.execute(
                "SELECT device_no FROM devices WHERE device_id = ?", (device_id,)
            ).fetchone()
            rows = self._connection.execute(SEEN, (device_no * PAIR, (device_no + 1) * PAIR, PAIR))
            return {seen.serial: seen for seen in map(nozzle_seen, rows)}

    def _rows(self, sql: str, parameters: Sequence[object]) -> Iterator[Row]:
        with translated(self._path):
            yield from self._connection.execute(sql, parameters)


class SqliteExport:
    """See `gateway.store.export_base`."""

    def __init__(self, connection: sqlite3.Connection, path: str) -> None:
        self._connection = connection
        self._path = path
        self._unsealed: Mapping[int, int] = {}

    @classmethod
    def open(cls, path: str) -> SqliteExport:
        """Opens the store at `path` to read it, also while a gateway writes it.

        Raises StoreError with what to do, StoreVersionError where a newer program wrote it.
        """
        if not Path(path).is_file():
            raise StoreError(f"there is no store {path}; see store.url")
        with translated(path):
            connection = sqlite3.connect(
                f"{Path(path).resolve().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
            )
            try:
                connection.execute(f"PRAGMA temp_store = {_TEMPORARY_IN_FILE}")
                connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
                _require_this_version(connection, path)
                prepare(connection)
            except BaseException:
                connection.close()
                raise
        return cls(connection, path)

    def days(self, since_ms: int, until_ms: int) -> Mapping[int, int]:
        """Every UTC day that has samples in that time, archived ones too, and about how many."""
        connection, found = self._connection, dict[int, int]()
        with translated(self._path), self._snapshot():
            self._unsealed = unsealed_days(connection)
            sizes = list(self._unsealed.items())
            sizes += connection.execute(
                "SELECT day, samples FROM days WHERE day >= 0 AND day NOT IN (SELECT day FROM archives)"
            ).fetchall()
            sizes += connection.execute("SELECT day, samples FROM archives WHERE day >= 0").fetchall()
            # A file of strays has a few samples of many days.
            for first_ms, last_ms in connection.execute("SELECT first_ms, last_ms FROM archives WHERE day < 0"):
                sizes += [(day, 0) for day in range(first_ms // DAY_MS, last_ms // DAY_MS + 1)]
        for day, samples in sizes:
            if day * DAY_MS < until_ms and (day + 1) * DAY_MS > since_ms:
                found[day] = found.get(day, 0) + samples
        return dict(sorted(found.items()))

    def record_days(self, kind: RecordKind, since_ms: int, until_ms: int) -> Sequence[int]:
        """Every UTC day that has sessions in that time, or forecasts or alerts of it, in order."""
        table, time = DATED[kind]
        with translated(self._path):
            rows = self._connection.execute(
                f"SELECT DISTINCT {time} / {DAY_MS} FROM {table} WHERE {time} >= ? AND {time} < ? ORDER BY 1",
                (since_ms, until_ms),
            )
            return [day for (day,) in rows]

    @contextmanager
    def view(self) -> Iterator[ExportView]:
        """The store as it stands, until the end of the block."""
        with translated(self._path), self._snapshot():
            yield SqliteExportView(self._connection, self._unsealed, self._path)

    def told_use(self) -> Mapping[str, ToldDocument]:
        """What vendors were told of use, by month."""
        with translated(self._path):
            rows = self._connection.execute("SELECT month, document, k FROM use_told")
            return {month: ToldDocument(document, k) for month, document, k in rows}

    def told(self, name: str) -> Mapping[str, ToldDocument]:
        """What vendors were told in a table's files, as JSON, by window."""
        with translated(self._path):
            rows = self._connection.execute("SELECT span, document, k FROM vendor_told WHERE name = ?", (name,))
            return {span: ToldDocument(document, k) for span, document, k in rows}

    def device_facts(self) -> Mapping[str, tuple[str | None, str | None, str | None]]:
        """Model, firmware and form of each device."""
        with translated(self._path):
            rows = self._connection.execute(
                "SELECT device_id, model, firmware, form FROM device_facts JOIN devices USING (device_no)"
            )
            return {device_id: (model, firmware, form) for device_id, model, firmware, form in rows}

    def secret(self, name: str) -> bytes | None:
        """A secret of the store; None where there is none yet."""
        with translated(self._path):
            row = self._connection.execute("SELECT value FROM secrets WHERE name = ?", (name,)).fetchone()
            return bytes(row[0]) if row else None

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def _snapshot(self) -> Iterator[None]:
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")


def _require_this_version(connection: sqlite3.Connection, path: str) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    newest = migrations()[-1].version
    if version > newest:
        raise StoreVersionError(f"the store {path} has version {version}, this program knows up to {newest}")
    if version < newest:
        raise StoreError(f"the store {path} has version {version}, not {newest}: run silverpoint store migrate first")
