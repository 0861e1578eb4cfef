"""Earlier receipts: of several deliveries of one record the earliest receipt counts, whenever it turns up.

Rare (a recording replayed after the fact, a delivery that overtook another), so it may be slow: samples have no
index to find a record by, so hot ones are looked through once for the whole batch.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple, TypeVar

import aiosqlite

from gateway.store.rows import Batch, TimedNozzleEvent, TimedSample, TimedSession
from gateway.store.sqlite.connection import Row, fetch, fetch_one
from gateway.store.sqlite.database import Database
from gateway.store.sqlite.hot import APPEND, DAY_MS, FAR, NOTE_ESTIMATED, Phase, day_table, seal_state
from gateway.store.sqlite.multirow import write_rows
from gateway.store.sqlite.numbers import Numbers
from gateway.store.sqlite.rollup import recompute_bucket
from gateway.store.sqlite.sample_row import estimated_values, sample_values
from gateway.store.sqlite.session_rows import REPLACE_EVENTS, REPLACE_SESSIONS, event_values, session_values
from gateway.store.sqlite.wear_bins import note_stale

RecordNo = tuple[int, int]
"""(boot_no, seq)"""

_OF_WANTED: Final = "(boot_no, seq) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))"

Timed = TypeVar("Timed", TimedSample, TimedSession, TimedNozzleEvent)


class _Found(NamedTuple):
    """Where a stored sample is."""

    table: str
    day: int | None
    """None for a hot one."""
    rowid: int
    device_no: int
    event_ms: int
    received_ms: int


async def replace_earlier(connection: aiosqlite.Connection, database: Database, batch: Batch) -> set[str]:
    """Replaces stored records by earlier receipts of them; gives the devices of which one was replaced."""
    numbers = database.numbers
    samples = await _replace_samples(connection, database, batch.earlier_samples)
    sessions = await _earlier_than_stored(connection, numbers, "sessions", batch.earlier_sessions, _session_id)
    await write_rows(connection, REPLACE_SESSIONS, session_values(sessions, numbers))
    events = await _earlier_than_stored(connection, numbers, "nozzle_events", batch.earlier_nozzle_events, _event_id)
    await write_rows(connection, REPLACE_EVENTS, event_values(events, numbers))
    return {
        *(timed.sample.device_id for timed in samples),
        *(timed.session.device_id for timed in sessions),
        *(timed.event.device_id for timed in events),
    }


async def _earlier_than_stored(
    connection: aiosqlite.Connection,
    numbers: Numbers,
    table: str,
    records: Sequence[Timed],
    record_id: Callable[[Timed], tuple[str, str, int]],
) -> list[Timed]:
    wanted = _earliest(records, numbers, record_id)
    if not wanted:
        return []
    rows = await fetch(
        connection, f"SELECT boot_no, seq, received_ms, event_ms FROM {table} WHERE {_OF_WANTED}", (_json(wanted),)
    )
    return [
        wanted[boot_no, seq]
        for boot_no, seq, received_ms, event_ms in rows
        if _receipt(wanted[boot_no, seq]) < (received_ms, event_ms)
    ]


async def _replace_samples(
    connection: aiosqlite.Connection, database: Database, samples: Sequence[TimedSample]
) -> list[TimedSample]:
    numbers = database.numbers
    wanted = _earliest(samples, numbers, _sample_id)
    if not wanted:
        return []
    found = await _find_sealed(connection, wanted, numbers)
    found.update(await _find_hot(connection, wanted))
    replaced: list[TimedSample] = []
    for record, place in found.items():
        if _receipt(wanted[record]) < (place.received_ms, place.event_ms):
            await _remove(connection, record, place)
            replaced.append(wanted[record])
    await write_rows(connection, APPEND[database.hot.active], sample_values(replaced, numbers))
    await write_rows(connection, NOTE_ESTIMATED, estimated_values(replaced, numbers))
    await note_stale(connection, numbers, (timed.sample for timed in replaced))
    return replaced


async def _find_hot(connection: aiosqlite.Connection, wanted: dict[RecordNo, TimedSample]) -> dict[RecordNo, _Found]:
    state = await seal_state(connection)
    found: dict[RecordNo, _Found] = {}
    tables = [(state.active, "true")]
    if state.phase == Phase.SEALING:
        tables.append((state.frozen, state.past_mark_sql()))
    for number, condition in tables:
        rows = await fetch(
            connection,
            f"SELECT boot_no, seq, rowid, device_no, event_ms, event_ms + delay_ms FROM hot_{number}"
            f" WHERE {_OF_WANTED} AND {condition}",
            (_json(wanted),),
        )
        for boot_no, seq, *place in rows:
            found[boot_no, seq] = _Found(f"hot_{number}", None, *place)
    return found


async def _find_sealed(
    connection: aiosqlite.Connection, wanted: dict[RecordNo, TimedSample], numbers: Numbers
) -> dict[RecordNo, _Found]:
    found: dict[RecordNo, _Found] = {}
    for day, keys in (await _keys_by_day(connection, wanted, numbers)).items():
        rows = await fetch(
            connection,
            f"SELECT s.boot_no, s.seq, 0, s.device_no, s.event_ms, s.event_ms + s.delay_ms FROM json_each(?) j"
            f" JOIN {day_table(day)} s ON s.device_no = j.value ->> 0 AND s.event_ms = j.value ->> 1"
            " AND s.boot_no = j.value ->> 2 AND s.seq = j.value ->> 3",
            (json.dumps(keys),),
        )
        for boot_no, seq, *place in rows:
            found[boot_no, seq] = _Found(day_table(day), day, *place)
    return found


async def _keys_by_day(
    connection: aiosqlite.Connection, wanted: dict[RecordNo, TimedSample], numbers: Numbers
) -> dict[int, list[Row]]:
    """The keys of wanted samples by the tables that may hold them: their day's, and the far one."""
    estimated = {
        (boot_no, seq): event_ms
        for boot_no, seq, event_ms in await fetch(
            connection, f"SELECT boot_no, seq, event_ms FROM estimated WHERE {_OF_WANTED}", (_json(wanted),)
        )
    }
    dropped = await fetch_one(connection, "SELECT value FROM meta WHERE key = 'dropped_before_ms'")
    days = {row[0] for row in await fetch(connection, "SELECT day FROM days")}
    keys: dict[int, list[Row]] = {}
    for record, timed in wanted.items():
        event_ms = estimated.get(record, timed.sample.ts_ms)
        if event_ms is None or (dropped and event_ms < dropped[0]):
            continue
        key = (numbers.devices[timed.sample.device_id], event_ms, *record)
        for day in {FAR, event_ms // DAY_MS} & days:
            keys.setdefault(day, []).append(key)
    return keys


async def _remove(connection: aiosqlite.Connection, record: RecordNo, place: _Found) -> None:
    await connection.execute("DELETE FROM estimated WHERE boot_no = ? AND seq = ?", record)
    if place.day is None:
        await connection.execute(f"DELETE FROM {place.table} WHERE rowid = ?", (place.rowid,))
        return
    await connection.execute(
        f"DELETE FROM {place.table} WHERE device_no = ? AND event_ms = ? AND boot_no = ? AND seq = ?",
        (place.device_no, place.event_ms, *record),
    )
    await connection.execute("UPDATE days SET samples = samples - 1 WHERE day = ?", (place.day,))
    await recompute_bucket(connection, place.device_no, place.event_ms)


def _earliest(
    records: Iterable[Timed], numbers: Numbers, record_id: Callable[[Timed], tuple[str, str, int]]
) -> dict[RecordNo, Timed]:
    """Of each record its earliest receipt in the batch."""
    wanted: dict[RecordNo, Timed] = {}
    for timed in records:
        device_id, boot_id, seq = record_id(timed)
        record = (numbers.boots[device_id, boot_id], seq)
        known = wanted.get(record)
        if known is None or _receipt(timed) < _receipt(known):
            wanted[record] = timed
    return wanted


def _receipt(timed: TimedSample | TimedSession | TimedNozzleEvent) -> tuple[int, int]:
    return (timed.received_ms, timed.event_ms)


def _sample_id(timed: TimedSample) -> tuple[str, str, int]:
    return (timed.sample.device_id, timed.sample.boot_id, timed.sample.seq)


def _session_id(timed: TimedSession) -> tuple[str, str, int]:
    return (timed.session.device_id, timed.session.boot_id, timed.session.seq)


def _event_id(timed: TimedNozzleEvent) -> tuple[str, str, int]:
    return (timed.event.device_id, timed.event.boot_id, timed.event.seq)


def _json(wanted: Iterable[RecordNo]) -> str:
    return json.dumps(list(wanted))
