"""Reads of samples: hot and sealed together, in order of key."""

from __future__ import annotations

from typing import Final

import aiosqlite

from gateway.store.rows import RollupRow, SamplePoint
from gateway.store.sqlite.connection import Row, fetch, fetch_one
from gateway.store.sqlite.database import Part
from gateway.store.sqlite.hot import FAR, day_table, seal_state, sealed_days
from gateway.store.sqlite.rollup import read_rollups
from gateway.store.sqlite.sample_row import NAMED, NAMES, point

_DEVICE: Final = "s.device_no = (SELECT device_no FROM devices WHERE device_id = ?)"
_RANGE: Final = f"{_DEVICE} AND s.event_ms >= ? AND s.event_ms < ?"
ALL_TIME: Final = (-(2**62), 2**62)


class SampleReads(Part):
    """Reads samples of one device."""

    async def samples(self, device_id: str, since_ms: int, until_ms: int, limit: int) -> tuple[SamplePoint, ...]:
        """Samples with since <= event time < until, oldest first."""
        async with self._db.readers.snapshot() as connection:
            rows = await sample_rows(connection, device_id, since_ms, until_ms, limit)
        return tuple(point(row) for row in rows)

    async def sample_series(self, device_id: str, since_ms: int, until_ms: int, points: int) -> tuple[SamplePoint, ...]:
        """At most `points` points of since <= event time < until, in order of time."""
        if points < 1 or until_ms <= since_ms:
            return ()
        async with self._db.readers.snapshot() as connection:
            dropped_before_ms = await _dropped_before_ms(connection)
            raw_since_ms = min(max(since_ms, dropped_before_ms), until_ms)
            rows = await sample_rows(connection, device_id, raw_since_ms, until_ms, points + 1)
            if raw_since_ms == since_ms and len(rows) <= points:
                return tuple(point(row) for row in rows)
            if await _count(connection, device_id, raw_since_ms, until_ms) > self._db.tuning.most_raw_rows:
                raw_since_ms = until_ms
            step_ms = -(-(until_ms - since_ms) // points)
            rollups = await read_rollups(connection, device_id, since_ms, raw_since_ms)
            last = {(row.bucket_ms - since_ms) // step_ms: _rollup_point(row) for row in rollups}
            for row in await _last_of_steps(connection, device_id, raw_since_ms, until_ms, since_ms, step_ms):
                last[(row[1] - since_ms) // step_ms] = point(row)
        return tuple(last[step] for step in sorted(last))


async def sample_rows(
    connection: aiosqlite.Connection, device_id: str, since_ms: int, until_ms: int, limit: int
) -> list[Row]:
    """Rows of NAMED columns in order of key."""
    in_range = (device_id, since_ms, until_ms)
    tail = f"{NAMES} WHERE {_RANGE} ORDER BY s.event_ms, b.boot_id, s.seq LIMIT ?"
    rows: list[Row] = []
    for source in (*(await seal_state(connection)).unsealed(), day_table(FAR)):
        rows += await fetch(connection, f"SELECT {NAMED} FROM {source} s{tail}", (*in_range, limit))
    of_days = 0
    for day in await sealed_days(connection, since_ms, until_ms):
        if of_days >= limit:
            break
        found = await fetch(connection, f"SELECT {NAMED} FROM {day_table(day)} s{tail}", (*in_range, limit - of_days))
        of_days += len(found)
        rows += found
    rows.sort(key=_key)
    return rows[:limit]


async def _last_of_steps(
    connection: aiosqlite.Connection, device_id: str, since_ms: int, until_ms: int, origin_ms: int, step_ms: int
) -> list[Row]:
    """The sample with the largest key of each step, in order."""
    sql = (
        f"SELECT {NAMED}, row_number() OVER (PARTITION BY (s.event_ms - {origin_ms}) / {step_ms}"
        " ORDER BY s.event_ms DESC, b.boot_id DESC, s.seq DESC) AS place"
    )
    sources = [*(await seal_state(connection)).unsealed(), day_table(FAR)]
    sources += [day_table(day) for day in await sealed_days(connection, since_ms, until_ms)]
    rows: list[Row] = []
    for source in sources:
        rows += await fetch(
            connection,
            f"SELECT * FROM ({sql} FROM {source} s{NAMES} WHERE {_RANGE}) WHERE place = 1",
            (device_id, since_ms, until_ms),
        )
    rows.sort(key=_key)
    return rows


async def _count(connection: aiosqlite.Connection, device_id: str, since_ms: int, until_ms: int) -> int:
    """How many sealed samples lie in the range; hot ones are bounded anyway."""
    samples = 0
    for day in await sealed_days(connection, since_ms, until_ms):
        row = await fetch_one(
            connection, f"SELECT count(*) FROM {day_table(day)} s WHERE {_RANGE}", (device_id, since_ms, until_ms)
        )
        samples += row[0] if row else 0
    return samples


async def _dropped_before_ms(connection: aiosqlite.Connection) -> int:
    row = await fetch_one(connection, "SELECT value FROM meta WHERE key = 'dropped_before_ms'")
    return int(row[0]) if row else 0


def _key(row: Row) -> Row:
    return row[1:4]


def _rollup_point(row: RollupRow) -> SamplePoint:
    """A bucket as a point at its start: means of what is noisy, the last of what only grows."""
    return SamplePoint(
        ts_ms=row.bucket_ms,
        clinic_id=row.clinic_id,
        power_source="mains" if row.mains * 2 >= row.samples else "battery",
        charge_ratio=_mean(row.charge_sum_u, row.charge_n),
        voltage_v=_mean(row.voltage_sum_u, row.voltage_n),
        health_ratio=None,
        nozzle_serial=row.serial or None,
        strikes=row.strikes_max,
        coating_ratio=_mean(row.coating_sum_u, row.coating_n),
        depth_mm=None,
        sessions_total=row.sessions_max,
        session_active=row.active > 0,
        estimated=False,
    )


def _mean(sum_u: int, count: int) -> float | None:
    return sum_u / count / 1_000_000 if count else None
