"""Fits, issued forecasts with their outcomes, and the use that turns strikes into days."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import aiosqlite

from gateway.store.forecast_rows import Coverage, IssuedForecast, StoredFit, UseRow
from gateway.store.sqlite.connection import Row, fetch, fetch_one
from gateway.store.sqlite.multirow import RowsStatement, write_rows
from gateway.store.sqlite.wear_bins import WearBins, nozzle_numbers

_DOCUMENTS_KEPT: Final = 3
"""Of each model; what older fits were is still told by their row."""

_LEAST_LIVES: Final = 3
"""A fit of less is a guess, and what came of its forecasts says nothing of later ones."""

_ISSUE: Final = RowsStatement(
    "INSERT OR IGNORE INTO wear_forecasts (nozzle_no, day, as_of_ms, group_name, fit_no, strikes, wear, remaining,"
    " sessions, days, replace_by, tenth, taught_shift, taught_spread)",
    14,
)
ISSUED: Final = (
    "serial, day, as_of_ms, group_name, fit_no, strikes, wear, remaining, sessions, days, replace_by, outcome,"
    " came_strikes, pit, inside_80, scored_ms, tenth, taught_shift, taught_spread"
)
_FIT: Final = "fit_no, model, made_ms, units, lives, document"


class ForecastRows(WearBins):
    """What was fitted, what was forecast, and what came."""

    async def save_fit(self, fit: StoredFit) -> StoredFit:
        """Keeps a new fit beside the earlier ones; gives it with its number. Documents of old ones go."""

        async def write(connection: aiosqlite.Connection) -> int:
            row = await fetch_one(
                connection,
                "INSERT INTO wear_fits (model, made_ms, units, lives, document) VALUES (?, ?, ?, ?, ?)"
                " RETURNING fit_no",
                (fit.model, fit.made_ms, fit.units, fit.lives, fit.document),
            )
            await connection.execute(
                "UPDATE wear_fits SET document = x'' WHERE model = ?1 AND document <> x'' AND fit_no NOT IN"
                " (SELECT fit_no FROM wear_fits WHERE model = ?1 ORDER BY fit_no DESC LIMIT ?2)",
                (fit.model, _DOCUMENTS_KEPT),
            )
            assert row is not None
            return int(row[0])

        return replace(fit, fit_no=await self._db.writer.run(write))

    async def latest_fits(self) -> tuple[StoredFit, ...]:
        """The newest fit of each model."""
        async with self._db.readers.snapshot() as connection:
            rows = await fetch(
                connection,
                f"SELECT {_FIT} FROM wear_fits WHERE fit_no IN (SELECT max(fit_no) FROM wear_fits GROUP BY model)"
                " ORDER BY model",
            )
        return tuple(StoredFit(*row) for row in rows)

    async def issue_forecasts(self, forecasts: Sequence[IssuedForecast]) -> None:
        """Keeps each that is its nozzle's first of its day and tenth of wear."""

        async def write(connection: aiosqlite.Connection) -> None:
            numbers = await nozzle_numbers(connection, [issued.serial for issued in forecasts])
            values: list[object] = []
            for issued in forecasts:
                values += (
                    numbers[issued.serial],
                    issued.day,
                    issued.as_of_ms,
                    issued.group,
                    issued.fit_no,
                    issued.strikes,
                    issued.wear,
                    json.dumps(issued.remaining_strikes),
                    _list(issued.remaining_sessions),
                    _list(issued.remaining_days),
                    issued.replace_by,
                    issued.tenth,
                    issued.taught_shift,
                    issued.taught_spread,
                )
            await write_rows(connection, _ISSUE, values)

        if forecasts:
            await self._db.writer.run(write)

    async def issued_forecasts(self, serial: str) -> tuple[IssuedForecast, ...]:
        """All of one nozzle, oldest first."""
        async with self._db.readers.snapshot() as connection:
            rows = await fetch(
                connection,
                f"SELECT {ISSUED} FROM wear_forecasts JOIN nozzles USING (nozzle_no) WHERE serial = ?"
                " ORDER BY day, as_of_ms, tenth",
                (serial,),
            )
        return tuple(named_issued(row) for row in rows)

    async def past_forecasts(self, serials: Sequence[str], each: int) -> tuple[IssuedForecast, ...]:
        """At most so many of each nozzle, evenly over its life, by fits that had seen lives end."""
        async with self._db.readers.snapshot() as connection:
            rows = await fetch(
                connection,
                f"SELECT {ISSUED} FROM (SELECT f.*, n.serial, row_number() OVER (PARTITION BY f.nozzle_no"
                " ORDER BY f.day, f.as_of_ms, f.tenth) AS place, count(*) OVER (PARTITION BY f.nozzle_no) AS many"
                " FROM wear_forecasts f JOIN nozzles n USING (nozzle_no) JOIN wear_fits w USING (fit_no)"
                " WHERE n.serial IN (SELECT value FROM json_each(?1)) AND w.lives >= ?3)"
                " WHERE place * ?2 / many <> (place - 1) * ?2 / many ORDER BY serial, place",
                (json.dumps(list(serials)), each, _LEAST_LIVES),
            )
        return tuple(named_issued(row) for row in rows)

    async def nozzles_to_score(self) -> tuple[str, ...]:
        """Serials that have forecasts without an outcome."""
        async with self._db.readers.snapshot() as connection:
            row = await fetch_one(
                connection,
                "SELECT json_group_array(serial) FROM nozzles WHERE nozzle_no IN (SELECT nozzle_no FROM wear_forecasts"
                " WHERE outcome IS NULL)",
            )
        return tuple(json.loads(row[0])) if row else ()

    async def score_forecasts(self, forecasts: Sequence[IssuedForecast]) -> None:
        """Writes the outcomes of issued forecasts."""

        async def write(connection: aiosqlite.Connection) -> None:
            scored = [
                (one.serial, one.day, one.tenth, one.outcome, one.came_strikes, one.pit, one.inside_80, one.scored_ms)
                for one in forecasts
            ]
            await connection.execute(
                "UPDATE wear_forecasts SET outcome = s.outcome, came_strikes = s.came, pit = s.pit,"
                " inside_80 = s.inside, scored_ms = s.scored_ms FROM (SELECT nozzle_no, value ->> 1 AS day,"
                " value ->> 2 AS tenth, value ->> 3 AS outcome, value ->> 4 AS came, value ->> 5 AS pit,"
                " value ->> 6 AS inside, value ->> 7 AS scored_ms FROM json_each(?) JOIN nozzles"
                " ON serial = value ->> 0) s WHERE wear_forecasts.nozzle_no = s.nozzle_no"
                " AND wear_forecasts.day = s.day AND wear_forecasts.tenth = s.tenth",
                (json.dumps(scored),),
            )

        if forecasts:
            await self._db.writer.run(write)

    async def coverage(self) -> tuple[Coverage, ...]:
        """How past forecasts turned out, by group."""
        async with self._db.readers.snapshot() as connection:
            rows = await fetch(
                connection,
                "SELECT group_name, count(*), count(pit), sum(outcome IS 'censored'), avg(inside_80), avg(pit),"
                " count(DISTINCT iif(pit IS NULL, NULL, nozzle_no)) FROM wear_forecasts"
                " WHERE outcome IS NOT NULL GROUP BY group_name ORDER BY group_name",
            )
        return tuple(Coverage(*row) for row in rows)

    async def device_use(self, device_ids: Sequence[str], since_ms: int) -> Mapping[str, tuple[UseRow, ...]]:
        """The sessions of these devices that ended from `since_ms` on, oldest first."""
        async with self._db.readers.snapshot() as connection:
            row = await fetch_one(
                connection,
                "SELECT json_group_object(device_id, json(uses)) FROM (SELECT device_id,"
                " json_group_array(json_array(at_ms, strikes)) AS uses FROM (SELECT device_id, at_ms, strikes"
                " FROM devices JOIN sessions USING (device_no) WHERE device_id IN (SELECT value FROM json_each(?))"
                " AND event_ms >= ? ORDER BY at_ms) GROUP BY device_id)",
                (json.dumps(list(device_ids)), since_ms),
            )
        found: dict[str, list[list[int]]] = json.loads(row[0]) if row else {}
        return {device_id: tuple(UseRow(*use) for use in sorted(uses)) for device_id, uses in found.items()}


def _list(values: tuple[float, ...] | None) -> str | None:
    return None if values is None else json.dumps(values)


def named_issued(row: Row) -> IssuedForecast:
    serial, day, as_of_ms, group, fit_no, strikes, wear, remaining, sessions, days, *rest = row
    return IssuedForecast(
        serial,
        day,
        as_of_ms,
        group,
        fit_no,
        strikes,
        wear,
        _tuple(remaining) or (),
        _tuple(sessions),
        _tuple(days),
        *rest,
    )


def _tuple(text: str | None) -> tuple[float, ...] | None:
    return None if text is None else tuple(json.loads(text))
