"""Many rows by one statement.

sqlite3 lets the interpreter go and takes it back at every step of a statement, and `executemany` makes a step for
each row: beside a busy event loop that is 5 ms a row. One statement over many rows makes one step for all of them.
Statements come in few sizes, so that each is prepared once; the last one is padded and cut by its LIMIT.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import aiosqlite

_MOST_VARIABLES: Final = 32_000
"""SQLite takes 32,766 in one statement unless built otherwise."""

_SIZES: Final = (1, 4, 16, 64, 256, 1024)


@dataclass(frozen=True, slots=True)
class RowsStatement:
    """`INSERT INTO t (a, b)` or the like, how many columns it has, and what follows the rows (an upsert clause)."""

    head: str
    columns: int
    tail: str = ""


async def write_rows(connection: aiosqlite.Connection, statement: RowsStatement, values: Sequence[object]) -> None:
    """Writes rows given as one flat sequence, a row's values after those of the row before."""
    columns = statement.columns
    left = len(values) // columns
    most = min(_SIZES[-1], _MOST_VARIABLES // columns)
    start = 0
    while left:
        rows = min(left, most)
        size = next((size for size in _SIZES if rows <= size <= most), most)
        chunk = list(values[start : start + rows * columns])
        chunk.extend([None] * ((size - rows) * columns))
        chunk.append(rows)
        await connection.execute(_sql(statement, size), chunk)
        start += rows * columns
        left -= rows


@lru_cache(maxsize=256)
def _sql(statement: RowsStatement, size: int) -> str:
    row = "(" + ",".join("?" * statement.columns) + ")"
    rows = ",".join([row] * size)
    return f"{statement.head} SELECT * FROM (VALUES {rows}) WHERE true LIMIT ? {statement.tail}"
