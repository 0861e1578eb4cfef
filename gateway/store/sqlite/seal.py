"""Sealing: moves the samples of a frozen hot table into their days' tables, in order of (day, device, key).

Many short transactions, each of which moves one run of samples, merges it into the rollups and sets the mark; a
kill between any two of them loses nothing and repeats nothing. The order is worked out on a connection that reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import aiosqlite

from gateway.store.sqlite.connection import changed_rows, fetch, fetch_one
from gateway.store.sqlite.database import Database
from gateway.store.sqlite.hot import (
    BEFORE_ALL,
    DAY_MS,
    FAR,
    HotTable,
    Mark,
    Phase,
    SealState,
    day_table,
    hot_table,
    seal_state,
)
from gateway.store.sqlite.rollup import merge_rollups_sql
from gateway.store.sqlite.sample_row import COLUMNS

_SET_MARK: Final = (
    "UPDATE seal SET sealed_rows = sealed_rows + ?, mark_day = ?, mark_device_no = ?, mark_event_ms = ?,"
    " mark_boot_no = ?, mark_seq = ?"
)


_COUNT_MOVED: Final = (
    "UPDATE days SET samples = samples + ?, first_event_ms = min(coalesce(first_event_ms, 1 << 62),"
    " (SELECT min(event_ms) FROM temp.run)) WHERE day = ?"
)
MAKE_RUN: Final = "CREATE TEMP TABLE run AS SELECT * FROM main.hot_0 WHERE false"
"""The writer's own table of the samples that one step moves."""


@dataclass(frozen=True, slots=True)
class _Run:
    """Samples of one day that lie side by side in the order of sealing."""

    rowids_json: str
    samples: int
    mark: Mark


class Sealer:
    """Seals one step at a time."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._runs: list[_Run] | None = None
        """What is left to move, last run first; None until it is worked out."""

    async def due(self) -> bool:
        """Whether there is a step to make."""
        async with self._db.sealer.snapshot() as connection:
            state = await seal_state(connection)
        return state.phase != Phase.IDLE or self._db.hot.rows >= self._db.tuning.seal_rows

    async def step(self, now_ms: int) -> int:
        """Makes one step; gives the number of samples that it sealed."""
        async with self._db.sealer.snapshot() as connection:
            state = await seal_state(connection)
        if state.phase == Phase.IDLE:
            await self._freeze(now_ms)
            return 0
        if state.phase == Phase.CLEARING:
            await self._clear(state)
            return 0
        if self._runs is None:
            self._runs = await self._plan(state)
            return 0
        if not self._runs:
            await self._finish()
            return 0
        run = self._runs[-1]
        await self._move(state, run)
        self._runs.pop()
        return run.samples

    async def _freeze(self, now_ms: int) -> None:
        """Lets the other table take the appends from here on."""
        database = self._db
        today = now_ms // DAY_MS

        async def write(connection: aiosqlite.Connection) -> HotTable:
            dropped = await fetch_one(connection, "SELECT value FROM meta WHERE key = 'dropped_before_ms'")
            assert dropped is not None
            first_day = max(today - database.retention.samples_days, dropped[0] // DAY_MS, 0)
            await connection.execute(
                "UPDATE seal SET active = 1 - active, generation = generation + 1, phase = ?, sealed_rows = 0,"
                " first_day = ?, last_day = ?",
                (Phase.SEALING, first_day, today + 1),
            )
            await connection.execute(_SET_MARK, (0, *BEFORE_ALL))
            # Within the transaction: the writer's next batch must find the new table.
            database.hot = await hot_table(connection)
            return database.hot

        before = database.hot
        try:
            await database.writer.run(write)
        except BaseException:
            database.hot = before
            raise
        self._runs = None

    async def _plan(self, state: SealState) -> list[_Run]:
        """Cuts the rest of the frozen table into runs. One query, one row for each run: see `multirow`."""
        day = state.day_sql()
        async with self._db.sealer.snapshot() as connection:
            rows = await fetch(
                connection,
                "SELECT json_group_array(row_no), count(*), max(place), day, device_no, event_ms, boot_no, seq"
                f" FROM (SELECT rowid AS row_no, {day} AS day, device_no, event_ms, boot_no, seq, row_number() OVER"
                f" (PARTITION BY {day} ORDER BY device_no, event_ms, boot_no, seq) AS place"
                f" FROM hot_{state.frozen} WHERE {state.past_mark_sql()})"
                " GROUP BY day, (place - 1) / ? ORDER BY day, max(place)",
                (self._db.tuning.seal_step_rows,),
            )
        return [_Run(row[0], row[1], Mark(*row[3:])) for row in reversed(rows)]

    async def _move(self, state: SealState, run: _Run) -> None:
        day = run.mark.day
        table = day_table(day)

        async def write(connection: aiosqlite.Connection) -> None:
            if day != FAR:
                await _make_day(connection, day)
            # The frozen table is read at random only once; what follows reads the run side by side.
            await connection.execute(
                f"INSERT INTO temp.run ({COLUMNS}) SELECT {COLUMNS} FROM hot_{state.frozen}"
                " WHERE rowid IN (SELECT value FROM json_each(?)) ORDER BY device_no, event_ms, boot_no, seq",
                (run.rowids_json,),
            )
            moved = await changed_rows(
                connection, f"INSERT OR IGNORE INTO {table} ({COLUMNS}) SELECT {COLUMNS} FROM temp.run"
            )
            await connection.execute(merge_rollups_sql("temp.run"))
            await connection.execute(_COUNT_MOVED, (moved, day))
            await connection.execute("DELETE FROM temp.run")
            await connection.execute(_SET_MARK, (run.samples, *run.mark))

        await self._db.writer.run(write)
        self._db.checkpointer.wrote(run.samples)

    async def _finish(self) -> None:
        async def write(connection: aiosqlite.Connection) -> None:
            await connection.execute("UPDATE seal SET phase = ?", (Phase.CLEARING,))

        await self._db.writer.run(write)
        self._runs = None

    async def _clear(self, state: SealState) -> None:
        """Empties the frozen table, a slice at a time."""
        table = f"hot_{state.frozen}"

        async def write(connection: aiosqlite.Connection) -> None:
            await connection.execute(
                f"DELETE FROM {table} WHERE rowid < (SELECT min(rowid) FROM {table}) + ?",
                (self._db.tuning.clear_step_rows,),
            )
            if await fetch_one(connection, f"SELECT 1 FROM {table} LIMIT 1") is None:
                await connection.execute("UPDATE seal SET phase = ?", (Phase.IDLE,))

        await self._db.writer.run(write)


async def _make_day(connection: aiosqlite.Connection, day: int) -> None:
    """Makes a day's table where it is not there yet, like that of the far samples."""
    if await fetch_one(connection, "SELECT 1 FROM days WHERE day = ?", (day,)):
        return
    row = await fetch_one(connection, "SELECT sql FROM sqlite_schema WHERE name = ?", (day_table(FAR),))
    assert row is not None
    await connection.execute(str(row[0]).replace(day_table(FAR), day_table(day), 1))
    await connection.execute("INSERT INTO days (day, samples, first_event_ms) VALUES (?, 0, NULL)", (day,))
