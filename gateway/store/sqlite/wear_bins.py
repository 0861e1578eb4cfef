"""Wear bins: committed readings summed by use, read past a mark from the hot tables, each exactly once.

The mark is a row of a generation of the hot table. Frozen rows stay until they are all sealed, so a follower that
keeps up reads every row where it was appended. One that does not makes nozzles again from all their samples, as is
done where an earlier receipt has replaced a sample.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Sequence
from dataclasses import astuple
from itertools import groupby
from typing import Final

import aiosqlite

from gateway.errors import ConflictError
from gateway.store.forecast_rows import (
    MOST_BINS,
    NozzleBins,
    WearBacklog,
    WearBin,
    WearMark,
    WearState,
    WearUpdate,
    coarser,
    merged,
    shift_for,
)
from gateway.store.sqlite.connection import Row, fetch, fetch_one
from gateway.store.sqlite.database import Part
from gateway.store.sqlite.hot import DAY_MS, FAR, Phase, day_table, seal_state, sealed_days
from gateway.store.sqlite.multirow import RowsStatement, write_rows
from gateway.store.sqlite.numbers import Numbers
from gateway.store.sqlite.rollup import BUCKET_MS
from gateway.store.sqlite.samples import ALL_TIME
from schemas.records import Sample

_MASK: Final = 4_294_967_295

_SUMS: Final = (
    "count(*) AS readings, sum(strikes) AS strikes_sum,"
    " sum(CAST(round(coating_ratio * 1000000) AS INTEGER)) AS coating_sum_u"
)
_MEASURED: Final = "nozzle_no IS NOT NULL AND strikes IS NOT NULL AND coating_ratio IS NOT NULL"
_AS_JSON: Final = "SELECT json_group_array(json_array(serial, shift, bin, readings, strikes_sum, coating_sum_u))"
"""One row, whatever it holds: see `multirow`."""

_NEW_SHIFT: Final = f"SELECT min(value) FROM json_each('{list(range(64))}') WHERE last >> value < {MOST_BINS}"
"""What `shift_for` gives for a nozzle that was never seen."""

_UPSERT: Final = RowsStatement(
    "INSERT INTO wear_bins (nozzle_no, bin, readings, strikes_sum, coating_sum_u)",
    5,
    "ON CONFLICT (nozzle_no, bin) DO UPDATE SET readings = readings + excluded.readings,"
    " strikes_sum = strikes_sum + excluded.strikes_sum, coating_sum_u = coating_sum_u + excluded.coating_sum_u",
)
_REPLACE_STATES: Final = RowsStatement("REPLACE INTO wear_states (nozzle_no, shift, last_bin, fit_no, filter)", 5)


async def note_stale(connection: aiosqlite.Connection, numbers: Numbers, replaced: Iterable[Sample]) -> None:
    """Notes that the bins of these samples' devices must be made again: what they were summed from has changed."""
    for sample in replaced:
        await connection.execute(
            f"INSERT INTO wear_stale (nozzle_no) SELECT pair_no & {_MASK} FROM sightings WHERE pair_no >> 32 = ?1"
            " UNION SELECT ?2 WHERE ?2 IS NOT NULL",
            (numbers.devices[sample.device_id], numbers.nozzles.get(sample.nozzle_serial)),
        )


class WearBins(Part):
    """Reads what is to be summed, and keeps the sums with the states that they make."""

    async def wear_backlog(self, *, most_rows: int, most_remade: int) -> WearBacklog:
        """A slice of the samples committed past the mark; once none is left, a few nozzles to make again."""
        async with self._db.readers.snapshot() as connection:
            seen = await _mark(connection)
            state = await seal_state(connection)
            row = await fetch_one(connection, "SELECT generation FROM seal")
            assert row is not None
            generation = int(row[0])
            active = seen.generation == generation
            if not active and (seen.generation != generation - 1 or state.phase != Phase.SEALING):
                end = await _last_row(connection, state.active)
                return WearBacklog(seen, WearMark(generation, end), end, (), (), 0, missed=True, more=True)
            table = state.active if active else state.frozen
            end = await _last_row(connection, table)
            to = seen.slice_end or min(seen.row_no + most_rows, end)
            added = await _appended(connection, table, seen, to) if to > seen.row_no else ()
            if not active:
                mark = WearMark(generation, 0) if to == end else WearMark(seen.generation, to)
                return WearBacklog(seen, mark, to, added, (), 0, missed=False, more=True)
            mark = WearMark(generation, to)
            if to < end:
                return WearBacklog(seen, mark, to, added, (), 0, missed=False, more=True)
            remade, up_to, more = await _remade(connection, most_remade)
        made_again = {bins.serial for bins in remade}
        added = tuple(bins for bins in added if bins.serial not in made_again)
        return WearBacklog(seen, mark, to, added, remade, up_to, missed=False, more=more)

    async def apply_wear(self, update: WearUpdate) -> None:
        """Writes bins, states and the mark. Raises ConflictError where the mark has moved since it was read."""
        backlog = update.backlog
        shifts = {state.serial: state.shift for state in update.states}

        async def write(connection: aiosqlite.Connection) -> None:
            if await _mark(connection) != backlog.seen:
                raise ConflictError("the wear of nozzles is being followed twice: run one gateway on a store")
            numbers = await nozzle_numbers(connection, [bins.serial for bins in (*backlog.added, *backlog.remade)])
            if backlog.missed:
                await connection.execute("INSERT INTO wear_stale (nozzle_no) SELECT nozzle_no FROM nozzles")
            await _widen(connection, [(numbers[s.serial], s.shift) for s in update.states])
            await _clear(connection, [numbers[bins.serial] for bins in backlog.remade], backlog.remade_up_to)
            values: list[object] = []
            for bins in (*backlog.added, *backlog.remade):
                values += _bin_values(numbers[bins.serial], bins, shifts.get(bins.serial, bins.shift))
            await write_rows(connection, _UPSERT, values)
            await _write_states(connection, numbers, update.states)
            await connection.execute(
                "UPDATE wear_mark SET generation = ?, row_no = ?, slice_end = ?, done = ?", astuple(backlog.mark)
            )

        await self._db.writer.run(write)

    async def save_wear_states(self, states: Sequence[WearState]) -> None:
        """Replaces the filters of these nozzles."""

        async def write(connection: aiosqlite.Connection) -> None:
            numbers = await nozzle_numbers(connection, [state.serial for state in states])
            await _write_states(connection, numbers, states)

        await self._db.writer.run(write)

    async def wear_states(self) -> tuple[WearState, ...]:
        """Every nozzle's."""
        async with self._db.readers.snapshot() as connection:
            row = await fetch_one(
                connection,
                "SELECT json_group_array(json_array(serial, shift, bin, readings, strikes_sum, coating_sum_u, fit_no,"
                " json(iif(filter = '', '[]', filter)))) FROM wear_states s JOIN nozzles USING (nozzle_no)"
                " JOIN wear_bins b ON b.nozzle_no = s.nozzle_no AND b.bin = s.last_bin",
            )
        found = json.loads(row[0]) if row else []
        return tuple(
            WearState(serial, shift, WearBin(*last), fit_no, tuple(kept))
            for serial, shift, *last, fit_no, kept in found
        )

    async def wear_bins(self, serials: Sequence[str]) -> tuple[NozzleBins, ...]:
        """The kept bins of these nozzles."""
        async with self._db.readers.snapshot() as connection:
            return await _read(
                connection,
                f"{_AS_JSON} FROM (SELECT serial, s.shift AS shift, bin, readings, strikes_sum, coating_sum_u"
                " FROM json_each(?) j JOIN nozzles n ON n.serial = j.value JOIN wear_states s USING (nozzle_no)"
                " JOIN wear_bins USING (nozzle_no) ORDER BY serial, bin)",
                (json.dumps(list(serials)),),
            )


def _bin_values(nozzle_no: int, bins: NozzleBins, shift: int) -> list[object]:
    """The rows of bins, at a shift that is at least theirs."""
    values: list[object] = []
    for place, readings, strikes_sum, coating_sum_u in coarser(bins, shift).bins:
        values += (nozzle_no, place, readings, strikes_sum, coating_sum_u)
    return values


async def _mark(connection: aiosqlite.Connection) -> WearMark:
    row = await fetch_one(connection, "SELECT generation, row_no, slice_end, done FROM wear_mark")
    assert row is not None
    return WearMark(*row)


async def _last_row(connection: aiosqlite.Connection, table: int) -> int:
    row = await fetch_one(connection, f"SELECT coalesce(max(rowid), 0) FROM hot_{table}")
    return int(row[0]) if row else 0


async def _appended(connection: aiosqlite.Connection, table: int, seen: WearMark, to: int) -> tuple[NozzleBins, ...]:
    """Sums of the rows past the mark and up to `to`, in the bins that the store has for each nozzle."""
    return await _read(
        connection,
        "WITH part AS (SELECT nozzle_no, strikes, coating_ratio"
        f" FROM hot_{table} WHERE rowid > ? AND rowid <= ? AND {_MEASURED}),"
        f" width AS (SELECT p.nozzle_no, serial, coalesce(shift, ({_NEW_SHIFT})) AS shift"
        " FROM (SELECT nozzle_no, max(strikes) AS last FROM part GROUP BY nozzle_no) p"
        " JOIN nozzles USING (nozzle_no) LEFT JOIN wear_states USING (nozzle_no) WHERE serial > ?)"
        f" {_AS_JSON} FROM (SELECT serial, shift, strikes >> shift AS bin, {_SUMS}"
        " FROM part JOIN width USING (nozzle_no) GROUP BY serial, bin ORDER BY serial, bin)",
        (seen.row_no, to, seen.done),
    )


async def _remade(connection: aiosqlite.Connection, most: int) -> tuple[tuple[NozzleBins, ...], int, bool]:
    """All sums of a few of the nozzles to make again; up to which note they are, and whether others are left."""
    noted = await fetch(
        connection,
        "SELECT nozzle_no, serial FROM wear_stale JOIN nozzles USING (nozzle_no) GROUP BY nozzle_no LIMIT ?",
        (most + 1,),
    )
    if not noted:
        return (), 0, False
    last = await fetch_one(connection, "SELECT max(stale_no) FROM wear_stale")
    nozzles = json.dumps([row[0] for row in noted[:most]])
    devices = await fetch_one(
        connection,
        f"SELECT json_group_array(DISTINCT pair_no >> 32) FROM sightings WHERE pair_no & {_MASK}"
        " IN (SELECT value FROM json_each(?))",
        (nozzles,),
    )
    assert devices is not None
    chosen = (devices[0], nozzles)
    sources = await _sources(connection)
    ends: dict[int, int] = {}
    for source in sources:
        for nozzle_no, strikes in await fetch(connection, f"SELECT nozzle_no, max(strikes) {_of(source)}", chosen):
            ends[nozzle_no] = max(strikes, ends.get(nozzle_no, 0))
    shifts = json.dumps({f"n{nozzle_no}": shift_for(strikes) for nozzle_no, strikes in ends.items()})
    parts: list[NozzleBins] = []
    for source in sources:
        parts += await _read(
            connection,
            f"{_AS_JSON} FROM (SELECT serial, g.* FROM (SELECT nozzle_no, shift, strikes >> shift AS bin, {_SUMS}"
            f" FROM (SELECT *, ?3 ->> ('n' || nozzle_no) AS shift {_of(source, grouped=False)})"
            " GROUP BY nozzle_no, bin) g JOIN nozzles USING (nozzle_no) ORDER BY serial, bin)",
            (*chosen, shifts),
        )
    remade = tuple(_together(serial, parts) for serial in sorted(row[1] for row in noted[:most]))
    return remade, last[0] if last else 0, len(noted) > most


def _of(source: str, *, grouped: bool = True) -> str:
    """The readings of some devices (?1) and nozzles (?2) in a source."""
    return (
        f"FROM {source} WHERE device_no IN (SELECT value FROM json_each(?1))"
        f" AND nozzle_no IN (SELECT value FROM json_each(?2)) AND {_MEASURED}"
        + (" GROUP BY nozzle_no" if grouped else "")
    )


async def _sources(connection: aiosqlite.Connection) -> list[str]:
    """Everything that holds a reading once: samples, and the rollups of days whose samples are gone."""
    dropped = await fetch_one(connection, "SELECT value FROM meta WHERE key = 'dropped_before_ms'")
    sources = [*(await seal_state(connection)).unsealed(), day_table(FAR)]
    sources += [day_table(day) for day in await sealed_days(connection, *ALL_TIME)]
    if dropped and dropped[0]:
        sources.append(
            "(SELECT device_no, nozzle_no, (strikes_min + strikes_max) / 2 AS strikes,"
            " coating_sum_u / 1000000.0 / coating_n AS coating_ratio FROM rollups"
            f" WHERE coating_n > 0 AND bucket < {dropped[0] // DAY_MS * DAY_MS // BUCKET_MS})"
        )
    return sources


async def _read(connection: aiosqlite.Connection, sql: str, values: Sequence[object]) -> tuple[NozzleBins, ...]:
    row = await fetch_one(connection, sql, values)
    return await asyncio.to_thread(_bins, row[0]) if row else ()


def _bins(listed: str) -> tuple[NozzleBins, ...]:
    found: list[Row] = json.loads(listed)
    return tuple(
        NozzleBins(serial, shift, tuple(WearBin(*one[2:]) for one in group))
        for (serial, shift), group in groupby(found, key=lambda one: (one[0], one[1]))
    )


def _together(serial: str, parts: Sequence[NozzleBins]) -> NozzleBins:
    """The sums of one nozzle from all sources; they have one shift."""
    whole = NozzleBins(serial, 0, ())
    for bins in parts:
        if bins.serial == serial:
            whole = merged(whole, bins)
    return whole


async def nozzle_numbers(connection: aiosqlite.Connection, serials: Sequence[str]) -> dict[str, int]:
    row = await fetch_one(
        connection,
        "SELECT json_group_object(serial, nozzle_no) FROM nozzles WHERE serial IN (SELECT value FROM json_each(?))",
        (json.dumps(list(serials)),),
    )
    found: dict[str, int] = json.loads(row[0]) if row else {}
    return found


async def _widen(connection: aiosqlite.Connection, shifts: Sequence[tuple[int, int]]) -> None:
    """Merges kept bins that are narrower than the shift wants."""
    kept = await fetch(
        connection,
        "SELECT s.nozzle_no, j.value ->> 1 - s.shift FROM json_each(?) j JOIN wear_states s"
        " ON s.nozzle_no = j.value ->> 0 WHERE j.value ->> 1 > s.shift",
        (json.dumps(shifts),),
    )
    if not kept:
        return
    # All of them by three statements: each waits its turn beside a busy loop. Negative places keep the merged bins
    # apart from those that they are made of.
    chosen = (json.dumps([list(row) for row in kept]),)
    await connection.execute(
        "INSERT INTO wear_bins SELECT w.nozzle_no, -1 - (w.bin >> (j.value ->> 1)), sum(readings), sum(strikes_sum),"
        " sum(coating_sum_u) FROM json_each(?) j CROSS JOIN wear_bins w ON w.nozzle_no = j.value ->> 0"
        " WHERE w.bin >= 0 GROUP BY w.nozzle_no, w.bin >> (j.value ->> 1)",
        chosen,
    )
    of_them = "nozzle_no IN (SELECT value ->> 0 FROM json_each(?))"
    await connection.execute(f"DELETE FROM wear_bins WHERE {of_them} AND bin >= 0", chosen)
    await connection.execute(f"UPDATE wear_bins SET bin = -1 - bin WHERE {of_them} AND bin < 0", chosen)


async def _clear(connection: aiosqlite.Connection, nozzle_nos: Sequence[int], up_to: int) -> None:
    if not nozzle_nos:
        return
    chosen = (json.dumps(list(nozzle_nos)),)
    for table in ("wear_bins", "wear_states"):
        await connection.execute(f"DELETE FROM {table} WHERE nozzle_no IN (SELECT value FROM json_each(?))", chosen)
    await connection.execute(
        "DELETE FROM wear_stale WHERE nozzle_no IN (SELECT value FROM json_each(?)) AND stale_no <= ?", (*chosen, up_to)
    )


async def _write_states(connection: aiosqlite.Connection, numbers: dict[str, int], states: Sequence[WearState]) -> None:
    values: list[object] = []
    for state in states:
        kept = json.dumps(state.filter) if state.filter else ""
        values += (numbers[state.serial], state.shift, state.last.bin, state.fit_no, kept)
    await write_rows(connection, _REPLACE_STATES, values)
