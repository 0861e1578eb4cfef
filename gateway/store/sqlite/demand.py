"""Battery histories, demand forecasts as they were issued, and what came."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final

import aiosqlite

from gateway.store.demand_rows import BatteryWeek, DemandScore, IssuedDemand
from gateway.store.sqlite.connection import Row, fetch, fetch_one
from gateway.store.sqlite.database import Part
from gateway.store.sqlite.multirow import RowsStatement, write_rows

_ISSUE: Final = RowsStatement(
    "INSERT OR IGNORE INTO demand_forecasts (made_day, region, item, weeks, quantiles, before)", 6
)
_ISSUED: Final = "made_day, region, item, weeks, quantiles, before, came, loss, naive_loss, inside_80"
_AT_ONCE: Final = 2_000


class DemandRows(Part):
    """Demand, by region and item."""

    async def note_batteries(self, rows: Sequence[BatteryWeek]) -> None:
        """Keeps the first of each device and week."""
        known = self._db.numbers.devices
        values = [
            (known[row.device_id], row.week, row.at_ms, row.health_ratio) for row in rows if row.device_id in known
        ]
        for first in range(0, len(values), _AT_ONCE):
            part = json.dumps(values[first : first + _AT_ONCE])

            async def write(connection: aiosqlite.Connection, part: str = part) -> None:
                await connection.execute(
                    "INSERT OR IGNORE INTO battery_weeks (device_no, week, at_ms, health_ratio)"
                    " SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?)",
                    (part,),
                )

            await self._db.writer.run(write)

    async def battery_weeks(self, since_week: int) -> Mapping[str, tuple[tuple[int, float], ...]]:
        """(at_ms, health) of each device from that week on, oldest first."""
        async with self._db.readers.snapshot() as connection:
            rows = await fetch(
                connection,
                "SELECT device_id, json_group_array(json_array(at_ms, health_ratio)) FROM (SELECT * FROM battery_weeks"
                " WHERE week >= ? ORDER BY device_no, week) JOIN devices USING (device_no) GROUP BY device_no",
                (since_week,),
            )
        return {
            device_id: tuple((at_ms, health) for at_ms, health in sorted(json.loads(seen))) for device_id, seen in rows
        }

    async def issue_demand(self, forecasts: Sequence[IssuedDemand]) -> None:
        """Keeps each that is the first of its day, region, item and length."""
        values: list[object] = []
        for one in forecasts:
            values += (one.made_day, one.region, one.item, one.weeks, json.dumps(one.quantiles), one.before)

        async def write(connection: aiosqlite.Connection) -> None:
            await write_rows(connection, _ISSUE, values)

        if values:
            await self._db.writer.run(write)

    async def last_demand_day(self) -> int | None:
        """The last day of which forecasts are kept."""
        async with self._db.readers.snapshot() as connection:
            row = await fetch_one(connection, "SELECT max(made_day) FROM demand_forecasts")
        return row[0] if row else None

    async def open_demand(self, until_day: int) -> tuple[IssuedDemand, ...]:
        """Forecasts without an outcome whose weeks are over by that day."""
        async with self._db.readers.snapshot() as connection:
            rows = await fetch(
                connection,
                f"SELECT {_ISSUED} FROM demand_forecasts WHERE came IS NULL AND made_day + 7 * weeks <= ?"
                " ORDER BY made_day, region, item, weeks",
                (until_day,),
            )
        return tuple(_issued(row) for row in rows)

    async def score_demand(self, forecasts: Sequence[IssuedDemand]) -> None:
        """Writes what came of issued forecasts."""
        scored = [
            (one.made_day, one.region, one.item, one.weeks, one.came, one.loss, one.naive_loss, one.inside_80)
            for one in forecasts
        ]

        async def write(connection: aiosqlite.Connection) -> None:
            await connection.execute(
                "UPDATE demand_forecasts AS f SET came = s.came, loss = s.loss, naive_loss = s.naive_loss,"
                " inside_80 = s.inside FROM (SELECT value ->> 0 AS made_day, value ->> 1 AS region,"
                " value ->> 2 AS item, value ->> 3 AS weeks, value ->> 4 AS came, value ->> 5 AS loss,"
                " value ->> 6 AS naive_loss, value ->> 7 AS inside FROM json_each(?)) s WHERE f.made_day = s.made_day"
                " AND f.region = s.region AND f.item = s.item AND f.weeks = s.weeks",
                (json.dumps(scored),),
            )

        if scored:
            await self._db.writer.run(write)

    async def demand_scores(self) -> tuple[DemandScore, ...]:
        """Of all that have an outcome, by item and length."""
        async with self._db.readers.snapshot() as connection:
            rows = await fetch(
                connection,
                "SELECT item, weeks, count(*), avg(inside_80), avg(loss), avg(naive_loss),"
                " avg(iif(naive_loss IS NULL, NULL, loss)) FROM demand_forecasts WHERE came IS NOT NULL"
                " GROUP BY item, weeks ORDER BY item, weeks",
            )
        return tuple(DemandScore(*row) for row in rows)


def _issued(row: Row) -> IssuedDemand:
    made_day, region, item, weeks, quantiles, before, came, loss, naive_loss, inside = row
    known = None if inside is None else bool(inside)
    return IssuedDemand(
        made_day, region, item, weeks, tuple(json.loads(quantiles)), before, came, loss, naive_loss, known
    )
