"""Pages of what a viewer may see, out of rows that the store pages by its own order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, NamedTuple, TypeVar

R = TypeVar("R")
C = TypeVar("C")

CHUNK_ROWS: Final = 1_000
_MAX_CHUNKS: Final = 20
"""A scope that matches next to nothing gets a short page and a cursor instead of a scan of the whole store."""


class Page(NamedTuple, Generic[R, C]):
    """Rows, and where the next page begins; None: there is none."""

    rows: tuple[R, ...]
    next: C | None


async def filled_page(
    fetch: Callable[[int, C | None], Awaitable[Sequence[R]]],
    *,
    cursor_of: Callable[[R], C],
    keep: Callable[[R], bool],
    limit: int,
    before: C | None,
) -> Page[R, C]:
    """Up to `limit` rows that pass `keep`. `fetch(n, before)` gives the next n rows of the store's order."""
    kept: list[R] = []
    ask = max(limit + 1, 100)
    for _ in range(_MAX_CHUNKS):
        rows = await fetch(ask, before)
        for row in rows:
            if keep(row):
                if len(kept) == limit:
                    return Page(tuple(kept), before)
                kept.append(row)
            before = cursor_of(row)
        if len(rows) < ask:
            return Page(tuple(kept), None)
        ask = CHUNK_ROWS
    return Page(tuple(kept), before)
