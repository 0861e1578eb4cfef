"""Checkpoints off the writer's path: the log is copied into the database while commits go on.

SQLite starts its log anew only when all of it was copied. So one connection copies the bulk in its own thread,
and a last, short checkpoint between two commits copies what came meanwhile.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

import aiosqlite

from gateway.errors import StoreError
from gateway.store.sqlite.connection import Writer, fetch, translated

_ROWS_BETWEEN: Final = 60_000
_COMMITS_BETWEEN: Final = 500

_ROUNDS: Final = 4
_SHORT_PAGES: Final = 2_000
"""So many pages are copied in a few milliseconds. More are left where a reader still needs what was before."""


class Checkpointer:
    """Takes a checkpoint in the background after enough was written."""

    def __init__(self, connection: aiosqlite.Connection, writer: Writer, path: str) -> None:
        self._connection = connection
        self._writer = writer
        self._path = path
        self._rows = 0
        self._commits = 0
        self._running: asyncio.Task[None] | None = None

    def wrote(self, rows: int) -> None:
        """Told of each commit."""
        self._rows += rows
        self._commits += 1
        due = self._rows >= _ROWS_BETWEEN or self._commits >= _COMMITS_BETWEEN
        if due and (self._running is None or self._running.done()):
            self._rows = self._commits = 0
            self._running = asyncio.create_task(self._run(), name="store checkpoint")

    async def _run(self) -> None:
        # A checkpoint that fails loses nothing: the log keeps what it has, and the next one tries again.
        with suppress(StoreError), translated(self._path):
            for _ in range(_ROUNDS):
                ((_, logged, copied),) = await fetch(self._connection, "PRAGMA wal_checkpoint(PASSIVE)")
                if logged - copied <= _SHORT_PAGES:
                    await self._writer.outside_transaction("PRAGMA wal_checkpoint(PASSIVE)")
                    return

    async def close(self) -> None:
        """Waits for a running checkpoint, then closes the connection."""
        if self._running is not None:
            await self._running
        await self._connection.close()
