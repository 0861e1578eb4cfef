"""Hot samples: the two tables without an index that take turns in taking appends, and how far the full one is sealed.

A sample is in one place for a reader: the active table, the frozen one past the seal's mark, or its day's table.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

import aiosqlite

from gateway.store.sqlite.connection import fetch, fetch_one
from gateway.store.sqlite.multirow import RowsStatement
from gateway.store.sqlite.sample_row import COLUMN_COUNT, COLUMNS

DAY_MS: Final = 86_400_000
FAR: Final = -1
"""In place of a day: the table of the samples whose time lies outside what is kept by day."""

_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()

BEFORE_ALL: Final = (-(2**63), 0, 0, 0, 0)


class Phase:
    """What happens to the table that is not active."""

    IDLE: Final = 0
    SEALING: Final = 1
    CLEARING: Final = 2


class Mark(NamedTuple):
    """Place in the order of sealing; the frozen table's samples up to it are in their days' tables."""

    day: int
    device_no: int
    event_ms: int
    boot_no: int
    seq: int


@dataclass(frozen=True, slots=True)
class SealState:
    """The row of table `seal`."""

    active: int
    phase: int
    sealed_rows: int
    first_day: int
    last_day: int
    mark: Mark

    @property
    def frozen(self) -> int:
        return 1 - self.active

    def day_sql(self) -> str:
        """The day whose table a frozen sample goes to."""
        first_ms, end_ms = self.first_day * DAY_MS, (self.last_day + 1) * DAY_MS
        return f"CASE WHEN event_ms >= {first_ms} AND event_ms < {end_ms} THEN event_ms / {DAY_MS} ELSE {FAR} END"

    def past_mark_sql(self) -> str:
        """True for the frozen samples that are not sealed yet."""
        mark = ", ".join(str(part) for part in self.mark)
        return f"({self.day_sql()}, device_no, event_ms, boot_no, seq) > ({mark})"

    def unsealed(self) -> tuple[str, ...]:
        """Sources (a table or a subquery each) that hold every sample not in a day's table."""
        active = f"hot_{self.active}"
        if self.phase != Phase.SEALING:
            return (active,)
        rest = f"(SELECT rowid, * FROM hot_{self.frozen} WHERE {self.past_mark_sql()})"
        return (active, rest)


@dataclass(slots=True)
class HotTable:
    """The active table and about how many samples it has."""

    active: int
    rows: int


async def seal_state(connection: aiosqlite.Connection) -> SealState:
    """How far sealing is."""
    row = await fetch_one(
        connection,
        "SELECT active, phase, sealed_rows, first_day, last_day,"
        " mark_day, mark_device_no, mark_event_ms, mark_boot_no, mark_seq FROM seal",
    )
    assert row is not None
    return SealState(row[0], row[1], row[2], row[3], row[4], Mark(*row[5:]))


async def hot_table(connection: aiosqlite.Connection) -> HotTable:
    """The active table as it stands."""
    state = await seal_state(connection)
    row = await fetch_one(connection, f"SELECT count(*) FROM hot_{state.active}")
    return HotTable(state.active, row[0] if row else 0)


async def sealed_days(connection: aiosqlite.Connection, since_ms: int, until_ms: int) -> list[int]:
    """The days with a table that overlap since <= time < until, oldest first."""
    rows = await fetch(
        connection,
        "SELECT day FROM days WHERE day >= 0 AND day >= ? AND day <= ? ORDER BY day",
        (since_ms // DAY_MS, (until_ms - 1) // DAY_MS),
    )
    return [row[0] for row in rows]


def day_table(day: int) -> str:
    """The name of a day's table, as samples_20250131."""
    if day == FAR:
        return "samples_far"
    return f"samples_{date.fromordinal(_EPOCH_ORDINAL + day):%Y%m%d}"


APPEND: Final = tuple(RowsStatement(f"INSERT INTO hot_{table} ({COLUMNS})", COLUMN_COUNT) for table in (0, 1))
"""The append to each hot table."""

NOTE_ESTIMATED: Final = RowsStatement("REPLACE INTO estimated (boot_no, seq, event_ms)", 3)
