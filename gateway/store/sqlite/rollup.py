"""Rollups: 15-minute buckets of mergeable fields, made by the same SQL for sealed samples and for those still hot."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeVar

import aiosqlite

from gateway.store.rows import RollupRow
from gateway.store.sqlite.connection import Row, fetch
from gateway.store.sqlite.database import Part
from gateway.store.sqlite.hot import FAR, day_table, seal_state, sealed_days

BUCKET_MS: Final = 900_000

N = TypeVar("N", int, float)


def _mean_fields(column: str) -> str:
    in_millionths = f"CAST(round({column} * 1000000) AS INTEGER)"
    return f"min({column}), max({column}), coalesce(sum({in_millionths}), 0), count({column})"


_AGGREGATES: Final = ", ".join(
    (
        "count(*), sum(flags >> 1 & 1), sum(flags >> 3 & 1)",
        _mean_fields("charge_ratio"),
        _mean_fields("voltage_v"),
        _mean_fields("coating_ratio"),
        "min(strikes), max(strikes), min(sessions_total), max(sessions_total)",
    )
)
_VALUES: Final = (
    "samples, mains, active, charge_min, charge_max, charge_sum_u, charge_n, voltage_min, voltage_max, voltage_sum_u,"
    " voltage_n, coating_min, coating_max, coating_sum_u, coating_n, strikes_min, strikes_max, sessions_min,"
    " sessions_max"
)


def _merge(column: str) -> str:
    if column.endswith(("_min", "_max")):
        both = f"coalesce({column}, excluded.{column}), coalesce(excluded.{column}, {column})"
        return f"{column} = {column[-3:]}({both})"
    return f"{column} = {column} + excluded.{column}"


_MERGE: Final = ", ".join(_merge(column) for column in _VALUES.split(", "))


def merge_rollups_sql(source: str) -> str:
    """Merges the samples of `source` (a FROM and WHERE clause over sample columns) into the rollups."""
    return (
        f"INSERT INTO rollups (device_no, bucket, clinic_no, nozzle_no, {_VALUES})"
        f" SELECT device_no, event_ms / {BUCKET_MS} AS bucket, clinic_no, coalesce(nozzle_no, 0) AS nozzle,"
        f" {_AGGREGATES} FROM {source} GROUP BY device_no, bucket, clinic_no, nozzle"
        f" ON CONFLICT (device_no, bucket, clinic_no, nozzle_no) DO UPDATE SET {_MERGE}"
    )


async def recompute_bucket(connection: aiosqlite.Connection, device_no: int, event_ms: int) -> None:
    """Makes the sealed rollups of a device's bucket again, from the sealed samples."""
    start_ms = event_ms - event_ms % BUCKET_MS
    range_ = (device_no, start_ms, start_ms + BUCKET_MS)
    await connection.execute(
        "DELETE FROM rollups WHERE device_no = ? AND bucket = ?", (device_no, start_ms // BUCKET_MS)
    )
    for day in (FAR, *await sealed_days(connection, start_ms, start_ms + BUCKET_MS)):
        await connection.execute(
            merge_rollups_sql(f"{day_table(day)} WHERE device_no = ? AND event_ms >= ? AND event_ms < ?"), range_
        )


class RollupReads(Part):
    """Reads rollups."""

    async def rollups(self, device_id: str, since_ms: int, until_ms: int) -> tuple[RollupRow, ...]:
        """Buckets that begin in since <= time < until, in order of (bucket, clinic, serial)."""
        async with self._db.readers.snapshot() as connection:
            return await read_rollups(connection, device_id, since_ms, until_ms)


async def read_rollups(
    connection: aiosqlite.Connection, device_id: str, since_ms: int, until_ms: int
) -> tuple[RollupRow, ...]:
    """Sealed rollups merged with those of the samples that are not sealed yet."""
    first, end = -(-since_ms // BUCKET_MS), -(-until_ms // BUCKET_MS)
    device = "(SELECT device_no FROM devices WHERE device_id = ?)"
    rows = await fetch(
        connection,
        f"SELECT bucket, c.clinic_id, coalesce(n.serial, ''), {_VALUES} FROM rollups r"
        " JOIN clinics c ON c.clinic_no = r.clinic_no LEFT JOIN nozzles n ON n.nozzle_no = r.nozzle_no"
        f" WHERE r.device_no = {device} AND r.bucket >= ? AND r.bucket < ?",
        (device_id, first, end),
    )
    state = await seal_state(connection)
    for source in state.unsealed():
        rows += await fetch(
            connection,
            f"SELECT bucket, c.clinic_id, coalesce(n.serial, ''), g.* FROM (SELECT event_ms / {BUCKET_MS} AS bucket,"
            f" clinic_no, nozzle_no, {_AGGREGATES} FROM {source} WHERE device_no = {device}"
            " AND event_ms >= ? AND event_ms < ? GROUP BY bucket, clinic_no, nozzle_no) g"
            " JOIN clinics c ON c.clinic_no = g.clinic_no LEFT JOIN nozzles n ON n.nozzle_no = g.nozzle_no",
            (device_id, first * BUCKET_MS, end * BUCKET_MS),
        )
    return _merged(device_id, rows)


def _merged(device_id: str, rows: Iterable[Row]) -> tuple[RollupRow, ...]:
    merged: dict[tuple[int, str, str], RollupRow] = {}
    for row in rows:
        bucket, clinic_id, serial = key = (row[0], row[1], row[2])
        rollup = RollupRow(device_id, clinic_id, bucket * BUCKET_MS, serial, *row[-19:])
        known = merged.get(key)
        merged[key] = rollup if known is None else merge(known, rollup)
    return tuple(merged[key] for key in sorted(merged))


def merge(one: RollupRow, other: RollupRow) -> RollupRow:
    """Two rollups of the same device, clinic, nozzle and bucket as one."""
    return RollupRow(
        one.device_id,
        one.clinic_id,
        one.bucket_ms,
        one.serial,
        one.samples + other.samples,
        one.mains + other.mains,
        one.active + other.active,
        _least(one.charge_min, other.charge_min),
        _most(one.charge_max, other.charge_max),
        one.charge_sum_u + other.charge_sum_u,
        one.charge_n + other.charge_n,
        _least(one.voltage_min, other.voltage_min),
        _most(one.voltage_max, other.voltage_max),
        one.voltage_sum_u + other.voltage_sum_u,
        one.voltage_n + other.voltage_n,
        _least(one.coating_min, other.coating_min),
        _most(one.coating_max, other.coating_max),
        one.coating_sum_u + other.coating_sum_u,
        one.coating_n + other.coating_n,
        _least(one.strikes_min, other.strikes_min),
        _most(one.strikes_max, other.strikes_max),
        min(one.sessions_min, other.sessions_min),
        max(one.sessions_max, other.sessions_max),
    )


def _least(one: N | None, other: N | None) -> N | None:
    return other if one is None else one if other is None else min(one, other)


def _most(one: N | None, other: N | None) -> N | None:
    return other if one is None else one if other is None else max(one, other)
