"""Samples for an export: a day at a time, hot, sealed and far together, in order of device, without a row in Python.

A day's tables are merged by SQLite itself (each has the key's order), the hot part from a temporary copy in that
order. The cursor's values go straight into one numpy array.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Final

import numpy as np

from gateway.store.archive_base import SampleKey
from gateway.store.export_base import ABSENT, SAMPLE_FIELDS, Names, SampleBlock, SampleMatrix
from gateway.store.sqlite.export_packing import fits, packed_blocks
from gateway.store.sqlite.hot import DAY_MS, FAR, Mark, SealState, day_table
from gateway.store.sqlite.sample_row import COLUMNS

_MAY_BE_NULL: Final = frozenset(
    {"charge_ratio", "voltage_v", "health_ratio", "nozzle_no", "strikes", "coating_ratio", "depth_mm"}
)
_VALUES: Final = ", ".join(
    f"ifnull(s.{name}, {ABSENT})" if name in _MAY_BE_NULL else f"s.{name}" for name in SAMPLE_FIELDS
)
_KEY: Final = "device_no, event_ms, boot_no, seq"
_WIDTH: Final = len(SAMPLE_FIELDS)


def prepare(connection: sqlite3.Connection) -> None:
    """Makes the temporary tables: devices in order of id, and a day's fresh samples."""
    connection.execute("CREATE TEMP TABLE places (place INTEGER PRIMARY KEY, device_no INTEGER NOT NULL)")
    (made,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (day_table(FAR),)).fetchone()
    connection.execute(str(made).replace(f"TABLE {day_table(FAR)}", "TEMP TABLE fresh", 1))


def seal_state(connection: sqlite3.Connection) -> SealState:
    """How far sealing is."""
    row = connection.execute(
        "SELECT active, phase, sealed_rows, first_day, last_day,"
        " mark_day, mark_device_no, mark_event_ms, mark_boot_no, mark_seq FROM seal"
    ).fetchone()
    return SealState(row[0], row[1], row[2], row[3], row[4], Mark(*row[5:]))


def unsealed_days(connection: sqlite3.Connection) -> dict[int, int]:
    """The days of the samples that are in no day's table: hot and far ones, with how many."""
    found: dict[int, int] = {}
    for source in (*seal_state(connection).unsealed(), day_table(FAR)):
        for day, samples in connection.execute(f"SELECT event_ms / {DAY_MS}, count(*) FROM {source} GROUP BY 1"):
            found[day] = found.get(day, 0) + samples
    return found


def refresh_places(connection: sqlite3.Connection) -> None:
    """Puts the devices of this snapshot in order."""
    connection.execute("DELETE FROM temp.places")
    connection.execute("INSERT INTO temp.places (device_no) SELECT device_no FROM main.devices ORDER BY device_id")


def day_blocks(
    connection: sqlite3.Connection,
    day: int,
    since_ms: int,
    until_ms: int,
    *,
    block_rows: int,
    sealed: bool = True,
    unsealed: bool = True,
) -> Iterator[SampleBlock]:
    """The day's samples of this snapshot: those in its own table (`sealed`), and those in any other (`unsealed`)."""
    sources: list[str] = []
    first_ms, end_ms = max(since_ms, day * DAY_MS), min(until_ms, (day + 1) * DAY_MS)
    if sealed and connection.execute("SELECT 1 FROM days WHERE day = ?", (day,)).fetchone():
        sources.append(f"main.{day_table(day)}")
    if unsealed:
        connection.execute("DELETE FROM temp.fresh")
        for source in (*seal_state(connection).unsealed(), day_table(FAR)):
            connection.execute(
                f"INSERT OR IGNORE INTO temp.fresh ({COLUMNS}) SELECT {COLUMNS} FROM {source}"
                f" WHERE event_ms >= ? AND event_ms < ? ORDER BY {_KEY}",
                (first_ms, end_ms),
            )
        sources.append("temp.fresh")
    if sources:
        yield from _merged(connection, sources, first_ms, end_ms, block_rows)


def stray_blocks(
    connection: sqlite3.Connection, before_ms: int, most: int
) -> tuple[list[SampleKey], Iterator[SampleBlock]]:
    """At most so many of the far samples from before a time: their keys, and themselves."""
    connection.execute("DELETE FROM temp.fresh")
    connection.execute(
        f"INSERT INTO temp.fresh ({COLUMNS}) SELECT {COLUMNS} FROM {day_table(FAR)} WHERE event_ms < ? LIMIT ?",
        (before_ms, most),
    )
    keys: list[SampleKey] = connection.execute(f"SELECT {_KEY} FROM temp.fresh").fetchall()
    return keys, _merged(connection, ["temp.fresh"], -(2**62), before_ms, most)


def _merged(
    connection: sqlite3.Connection, sources: Sequence[str], first_ms: int, end_ms: int, block_rows: int
) -> Iterator[SampleBlock]:
    refresh_places(connection)
    devices, clinics = all_names(connection, "device"), all_names(connection, "clinic")
    for values in _matrices(connection, sources, first_ms, end_ms, block_rows):
        boots, nozzles = values[:, SAMPLE_FIELDS.index("boot_no")], values[:, SAMPLE_FIELDS.index("nozzle_no")]
        yield SampleBlock(
            values,
            devices,
            clinics,
            _names_of(connection, "SELECT boot_no, boot_id FROM boots", "boot_no", boots),
            _names_of(connection, "SELECT nozzle_no, serial FROM nozzles", "nozzle_no", nozzles),
        )


def _matrices(
    connection: sqlite3.Connection, sources: Sequence[str], first_ms: int, end_ms: int, block_rows: int
) -> Iterator[SampleMatrix]:
    if len(sources) == 1 and fits(connection, sources[0], first_ms, end_ms):
        yield from packed_blocks(connection, sources[0], first_ms, end_ms, block_rows)
        return
    parts = [
        f"SELECT p.place AS place, {_VALUES} FROM temp.places p CROSS JOIN {source} s ON s.device_no = p.device_no"
        f" AND s.event_ms >= {first_ms:d} AND s.event_ms < {end_ms:d}"
        for source in sources
    ]
    order = "ORDER BY place, s.event_ms, s.boot_no, s.seq" if len(parts) == 1 else "ORDER BY 1, 3, 4, 5"
    cursor = connection.execute(f"{' UNION ALL '.join(parts)} {order}")
    while len(values := _matrix(cursor, block_rows)):
        yield values


def _matrix(cursor: sqlite3.Cursor, block_rows: int) -> SampleMatrix:
    """The next rows. Their first column, the place, has done its work."""
    flat = np.fromiter(chain.from_iterable(islice(cursor, block_rows)), np.float64)
    return flat.reshape(-1, _WIDTH + 1)[:, 1:]


def all_names(connection: sqlite3.Connection, what: str) -> Names:
    """The names of all devices or clinics."""
    return dict(connection.execute(f"SELECT {what}_no, {what}_id FROM {what}s"))


def _names_of(connection: sqlite3.Connection, select: str, number: str, numbers: SampleMatrix) -> Names:
    """The names of the numbers in a column."""
    wanted = [int(one) for one in np.unique(numbers) if one >= 0]
    return dict(
        connection.execute(f"{select} WHERE {number} IN (SELECT value FROM json_each(?))", (json.dumps(wanted),))
    )
