"""Retention: what is past its time goes, a few thousand rows a step."""

from __future__ import annotations

import json
from typing import Final, NamedTuple

import aiosqlite

from gateway.store.sqlite.connection import changed_rows, fetch, fetch_one
from gateway.store.sqlite.database import Database
from gateway.store.sqlite.hot import DAY_MS, FAR, day_table
from gateway.store.sqlite.sample_row import ESTIMATED

_LEAST_MARKS_DAYS: Final = 400
_RESPONSES_DAYS: Final = 7


class Removed(NamedTuple):
    """What one step did."""

    days: int
    more: bool


class Limits(NamedTuple):
    """The times before which each kind of row is past its time."""

    samples_ms: int
    sessions_ms: int
    quarantine_ms: int
    marks_ms: int
    responses_ms: int
    now_ms: int


def limits(database: Database, now_ms: int) -> Limits:
    """The limits as of now. Marks outlast samples, so that a late redelivery still finds them."""
    kept = database.retention
    marks_days = max(2 * kept.samples_days, _LEAST_MARKS_DAYS)
    return Limits(
        samples_ms=now_ms - kept.samples_days * DAY_MS,
        sessions_ms=now_ms - kept.sessions_days * DAY_MS,
        quarantine_ms=now_ms - kept.quarantine_days * DAY_MS,
        marks_ms=now_ms - marks_days * DAY_MS,
        responses_ms=now_ms - _RESPONSES_DAYS * DAY_MS,
        now_ms=now_ms,
    )


async def retire(database: Database, limit: Limits) -> Removed:
    """One step: a slice of the oldest day that is past its time, or of the rows of one other table."""
    rows = database.tuning.delete_step_rows

    async def write(connection: aiosqlite.Connection) -> Removed:
        # A day goes when all of it is past its time, and a day more.
        past = limit.samples_ms // DAY_MS - 1
        archived = database.retention.archived
        free = " AND day IN (SELECT day FROM archives)" if archived else ""
        day = await fetch_one(connection, f"SELECT min(day) FROM days WHERE day >= 0 AND day < ?{free}", (past,))
        if day is not None and day[0] is not None:
            return await _retire_day(connection, day[0], rows)
        removed = 0 if archived else await _retire_far(connection, limit.samples_ms, rows)
        if not removed:
            removed = await _retire_marks(connection, limit.marks_ms, rows)
        for statement, before_ms in (
            (_SESSIONS, limit.sessions_ms),
            (_QUARANTINE, limit.quarantine_ms),
            (_RESPONSES, limit.responses_ms),
            (_SIGN_INS, limit.now_ms),
        ):
            if removed:
                break
            removed = await changed_rows(connection, statement, (before_ms, rows))
        return Removed(0, removed > 0)

    return await database.writer.run(write)


_SESSIONS: Final = (
    "DELETE FROM sessions WHERE (boot_no, seq) IN"
    " (SELECT boot_no, seq FROM sessions WHERE event_ms < ? ORDER BY event_ms LIMIT ?)"
)
_QUARANTINE: Final = (
    "DELETE FROM quarantine WHERE entry_id IN"
    " (SELECT entry_id FROM quarantine WHERE last_received_ms < ? ORDER BY last_received_ms LIMIT ?)"
)
_RESPONSES: Final = (
    "DELETE FROM responses WHERE (viewer, idempotency_key) IN"
    " (SELECT viewer, idempotency_key FROM responses WHERE at_ms < ? ORDER BY at_ms LIMIT ?)"
)
_SIGN_INS: Final = (
    "DELETE FROM sign_ins WHERE session_hash IN (SELECT session_hash FROM sign_ins WHERE expires_ms < ? LIMIT ?)"
)


async def _retire_day(connection: aiosqlite.Connection, day: int, rows: int) -> Removed:
    """A slice of the day's table, the table itself with the last slice: dropping a full one would take long."""
    table = day_table(day)
    await connection.execute(
        "UPDATE meta SET value = max(value, ?) WHERE key = 'dropped_before_ms'", ((day + 1) * DAY_MS,)
    )
    key = "device_no, event_ms, boot_no, seq"
    last = await fetch_one(connection, f"SELECT {key} FROM {table} ORDER BY {key} LIMIT 1 OFFSET ?", (rows,))
    slice_ = f"{table} WHERE " + ("true" if last is None else f"({key}) <= (?, ?, ?, ?)")
    await connection.execute(
        f"DELETE FROM estimated WHERE (boot_no, seq) IN (SELECT boot_no, seq FROM {slice_} AND flags & {ESTIMATED})",
        last or (),
    )
    gone = await changed_rows(connection, f"DELETE FROM {slice_}", last or ())
    await connection.execute("UPDATE days SET samples = samples - ? WHERE day = ?", (gone, day))
    if last is not None:
        return Removed(0, True)
    await connection.execute(f"DROP TABLE {table}")
    await connection.execute("DELETE FROM days WHERE day = ?", (day,))
    return Removed(1, True)


async def _retire_far(connection: aiosqlite.Connection, before_ms: int, rows: int) -> int:
    keys = await fetch(
        connection,
        f"SELECT device_no, event_ms, boot_no, seq FROM {day_table(FAR)} WHERE event_ms < ? LIMIT ?",
        (before_ms, rows),
    )
    if not keys:
        return 0
    await delete_far(connection, json.dumps(keys), len(keys))
    return len(keys)


async def delete_far(connection: aiosqlite.Connection, keys_json: str, samples: int) -> None:
    """Deletes so many far samples, by their keys (device_no, event_ms, boot_no, seq)."""
    await connection.execute(
        f"DELETE FROM {day_table(FAR)} WHERE (device_no, event_ms, boot_no, seq) IN"
        " (SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?))",
        (keys_json,),
    )
    await connection.execute(
        "DELETE FROM estimated WHERE (boot_no, seq) IN (SELECT value ->> 2, value ->> 3 FROM json_each(?))",
        (keys_json,),
    )
    await connection.execute("UPDATE days SET samples = samples - ? WHERE day = ?", (samples, FAR))


async def _retire_marks(connection: aiosqlite.Connection, before_ms: int, rows: int) -> int:
    """Marks of boots long gone; a device's last boot keeps its own."""
    gone = await fetch(
        connection,
        "SELECT boot_no FROM marks WHERE last_received_ms < ?"
        " AND boot_no NOT IN (SELECT boot_no FROM current_boots) LIMIT ?",
        (before_ms, rows),
    )
    if not gone:
        return 0
    boot_nos = json.dumps([row[0] for row in gone])
    for table in ("open_boots", "marks"):
        await connection.execute(f"DELETE FROM {table} WHERE boot_no IN (SELECT value FROM json_each(?))", (boot_nos,))
    return len(gone)
