"""Use by device and day: sums of sessions, made a UTC day at a time, read with the stale days joined in."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final

import aiosqlite

from gateway.store.sqlite.connection import Row, changed_rows, fetch, fetch_one
from gateway.store.sqlite.database import Part
from gateway.store.sqlite.hot import DAY_MS
from gateway.store.sqlite.multirow import RowsStatement, write_rows
from gateway.store.sqlite.use_sql import (
    FIELDS,
    GROUPED,
    KEY,
    KnownNumbers,
    Sql,
    filters_of,
    from_sessions,
    labels_of,
    sums_of,
)
from gateway.store.told_base import ToldDocument
from gateway.store.use_rows import UNLABELLED, FoldedDay, UseAsk, UseSums, ZoneSpan

_IF_STALE: Final = f" AND s.at_ms / {DAY_MS} IN (SELECT day FROM use_stale)"
_SLICE_ROWS: Final = 1_000
"""Written in one transaction: a few milliseconds of the writer."""
_ADD: Final = RowsStatement(f"INSERT OR REPLACE INTO use_days ({KEY}, {FIELDS})", 15)


class UseDays(Part):
    """Sums and reads use."""

    async def set_use_zones(self, zones: Mapping[str, str]) -> None:
        """Notes the clinics' time zones; where one is another than before, every summed day is stale."""
        async with self._db.readers.snapshot() as connection:
            known: dict[str, str] = dict(await fetch(connection, "SELECT clinic_id, zone FROM use_zones"))
        changed = {clinic: zone for clinic, zone in zones.items() if known.get(clinic) != zone}
        if not changed:
            return
        moved = any(clinic in known or zone != "UTC" for clinic, zone in changed.items())

        async def write(connection: aiosqlite.Connection) -> None:
            await connection.execute(
                "INSERT OR REPLACE INTO use_zones (clinic_id, zone) SELECT key, value FROM json_each(?)",
                (json.dumps(changed),),
            )
            if moved:
                # Days whose sessions are gone already can't be summed again: they stay as they were.
                await connection.execute(
                    "INSERT OR REPLACE INTO use_stale (day, turn)"
                    f" SELECT DISTINCT day, coalesce((SELECT turn FROM use_stale t WHERE t.day = u.day), 0) + 1"
                    f" FROM use_days u WHERE day > (SELECT min(at_ms) / {DAY_MS} FROM sessions)"
                )

        await self._db.writer.run(write)

    async def stale_use_days(self) -> tuple[int, ...]:
        """UTC days that are to be summed, oldest first."""
        async with self._db.readers.snapshot() as connection:
            return tuple(row[0] for row in await fetch(connection, "SELECT day FROM use_stale ORDER BY day"))

    async def fold_use_day(self, before_day: int, zones: Sequence[ZoneSpan]) -> FoldedDay | None:
        """Sums the oldest stale UTC day before `before_day`; None where there is none.

        It stays stale, and is answered from its sessions, until the last slice is written.
        """
        async with self._db.readers.snapshot() as connection:
            stale = await fetch(
                connection, "SELECT day, turn FROM use_stale WHERE day < ? ORDER BY day LIMIT 2", (before_day,)
            )
            if not stale:
                return None
            day, turn = stale[0]
            sessions = from_sessions(zones, self._db.numbers.clinics, day * DAY_MS, (day + 1) * DAY_MS)
            rows = await fetch(connection, sessions.text + GROUPED, sessions.values)
        await self._replace_day(day, turn, rows)
        return FoldedDay(day, len(rows), len(stale) > 1)

    async def _replace_day(self, day: int, turn: int, rows: Sequence[Row]) -> None:
        async def clear(connection: aiosqlite.Connection) -> int:
            return await changed_rows(
                connection,
                f"DELETE FROM use_days WHERE ({KEY}) IN (SELECT {KEY} FROM use_days WHERE day = ? LIMIT ?)",
                (day, _SLICE_ROWS),
            )

        async def end(connection: aiosqlite.Connection) -> None:
            await connection.execute("DELETE FROM use_stale WHERE day = ? AND turn = ?", (day, turn))

        while await self._db.writer.run(clear):
            pass
        for first in range(0, len(rows), _SLICE_ROWS):
            values = [value for row in rows[first : first + _SLICE_ROWS] for value in row]

            async def add(connection: aiosqlite.Connection, values: list[object] = values) -> None:
                await write_rows(connection, _ADD, values)

            await self._db.writer.run(add)
        await self._db.writer.run(end)

    async def use_sums(self, ask: UseAsk, zones: Sequence[ZoneSpan]) -> AsyncIterator[Sequence[UseSums]]:
        """The sums, some days at a time: a bucket may come in several parts."""
        known: Mapping[str, KnownNumbers] = {
            "clinic": self._db.numbers.clinics,
            "device": self._db.numbers.devices,
            "nozzle": self._db.numbers.nozzles,
        }
        labels = await asyncio.to_thread(labels_of, ask, known)
        filters = await asyncio.to_thread(filters_of, ask, known)
        for first in range(ask.since_day, ask.until_day, ask.step_days):
            last = min(first + ask.step_days, ask.until_day)
            async with self._db.readers.snapshot() as connection:
                since_ms, until_ms = await _stale_bounds(connection, first - 1, last + 1)
                sessions = from_sessions(zones, self._db.numbers.clinics, since_ms, until_ms)
                stale = Sql(f"{sessions.text}{_IF_STALE}{GROUPED}", sessions.values)
                sums = sums_of(ask, labels.sql, filters, stale, first, last)
                rows = await fetch(connection, sums.text, sums.values)
            if rows:
                yield await asyncio.to_thread(_named, rows, labels.named)

    async def told_use(self, month: str) -> ToldDocument | None:
        """What vendors were told of a month; None where nobody has asked."""
        async with self._db.readers.snapshot() as connection:
            row = await fetch_one(connection, "SELECT document, k FROM use_told WHERE month = ?", (month,))
        return ToldDocument(*row) if row else None

    async def tell_use(self, month: str, told: ToldDocument) -> None:
        """Keeps it, unless something is kept already."""

        async def write(connection: aiosqlite.Connection) -> None:
            await connection.execute(
                "INSERT OR IGNORE INTO use_told (month, document, k) VALUES (?, ?, ?)", (month, *told)
            )

        await self._db.writer.run(write)


async def _stale_bounds(connection: aiosqlite.Connection, first: int, last: int) -> tuple[int, int]:
    """The times between which sessions of stale days lie; nothing where no day is stale."""
    row = await fetch_one(
        connection, "SELECT min(day), max(day) FROM use_stale WHERE day >= ? AND day < ?", (first, last)
    )
    if row is None or row[0] is None:
        return (0, 0)
    return (row[0] * DAY_MS, (row[1] + 1) * DAY_MS)


def _named(rows: Sequence[Row], named: Mapping[int, int] | None) -> list[UseSums]:
    if named is None:
        return [UseSums(*row) for row in rows]
    return [UseSums(named.get(row[0], UNLABELLED), *row[1:]) for row in rows]
