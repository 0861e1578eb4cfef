"""Which samples are in the archive: noted in the transaction that lets them go."""

from __future__ import annotations

import json
from collections.abc import Sequence

import aiosqlite

from gateway.store.archive_base import STRAYS, ArchivedFile, ArchiveJob, SampleKey
from gateway.store.sqlite.connection import fetch, fetch_one
from gateway.store.sqlite.database import Part
from gateway.store.sqlite.hot import DAY_MS, FAR, Phase, day_table, seal_state
from gateway.store.sqlite.retention import delete_far, limits


class Archives(Part):
    """See `gateway.store.archive_base`."""

    async def archive_job(self, now_ms: int) -> ArchiveJob | None:
        """The oldest that is past its time and in no file yet."""
        before_ms = limits(self._db, now_ms).samples_ms
        async with self._db.readers.snapshot() as connection:
            if (await seal_state(connection)).phase == Phase.SEALING:
                return None  # late samples may still go into their day
            day = await fetch_one(
                connection,
                "SELECT min(day) FROM days WHERE day >= 0 AND day < ? AND day NOT IN (SELECT day FROM archives)",
                (before_ms // DAY_MS - 1,),
            )
            if day is not None and day[0] is not None:
                return ArchiveJob(day[0], before_ms, 0)
            stray = await fetch_one(
                connection, f"SELECT 1 FROM {day_table(FAR)} WHERE event_ms < ? LIMIT 1", (before_ms,)
            )
            number = await fetch_one(connection, "SELECT count(*) FROM archives WHERE day = ?", (STRAYS,))
        return ArchiveJob(STRAYS, before_ms, number[0] + 1 if number else 1) if stray else None

    async def note_archived(self, file: ArchivedFile, keys: Sequence[SampleKey], now_ms: int) -> bool:
        """Notes a file that is on disk for good."""

        async def write(connection: aiosqlite.Connection) -> bool:
            if file.day != STRAYS and not await _is_whole(connection, file):
                return False
            await connection.execute(
                "INSERT INTO archives (file, day, samples, first_ms, last_ms, made_ms) VALUES (?, ?, ?, ?, ?, ?)",
                (*file, now_ms),
            )
            if file.day == STRAYS:
                await delete_far(connection, json.dumps([list(key) for key in keys]), len(keys))
            else:
                # The day takes no more samples: those that still come are strays.
                await connection.execute(
                    "UPDATE meta SET value = max(value, ?) WHERE key = 'dropped_before_ms'", ((file.day + 1) * DAY_MS,)
                )
            return True

        return await self._db.writer.run(write)

    async def archives(self) -> tuple[ArchivedFile, ...]:
        """Every file, in order of name."""
        async with self._db.readers.snapshot() as connection:
            rows = await fetch(connection, "SELECT file, day, samples, first_ms, last_ms FROM archives ORDER BY file")
        return tuple(ArchivedFile(*row) for row in rows)


async def _is_whole(connection: aiosqlite.Connection, file: ArchivedFile) -> bool:
    if (await seal_state(connection)).phase == Phase.SEALING:
        return False
    row = await fetch_one(connection, "SELECT samples FROM days WHERE day = ?", (file.day,))
    return row is not None and row[0] == file.samples
