"""Connections: one that writes, some that read, and what SQLite's errors mean to the rest of the gateway.

A commit is durable (WAL, `synchronous=FULL`); readers see a snapshot and never wait for the writer. Whatever
began on the writer ends, in commit or rollback, before a cancellation goes on.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from typing import Any, Final, TypeAlias, TypeVar

import aiosqlite

from gateway.errors import StoreError, StoreUnavailableError
from gateway.store.sqlite.transacting import TransactingConnection

T = TypeVar("T")
Row: TypeAlias = tuple[Any, ...]

_ROWS_AT_ONCE: Final = 64
_BUSY_TIMEOUT_MS: Final = 5_000
_STATEMENTS_KEPT: Final = 512
_WRITER_CACHE_KIB: Final = 64 * 1024
_READER_CACHE_KIB: Final = 16 * 1024
_WAL_KEPT_BYTES: Final = 64 * 1024 * 1024

_WAL_AUTOCHECKPOINT_PAGES: Final = 32_768
"""A floor only: checkpoints are taken off the writer's path, see `checkpoint`."""


@contextmanager
def translated(path: str) -> Iterator[None]:
    """Turns SQLite's errors into ours: what the disk or another user of the file does may pass."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:
            raise StoreError(f"the store {path} refused: {error}") from error
        raise StoreUnavailableError(
            f"the store {path} can't be used just now: {error}; check free space, rights and other users of the file"
        ) from error
    except sqlite3.Error as error:
        raise StoreError(f"the store {path} refused: {error}") from error


async def dial(path: str, *, writer: bool) -> TransactingConnection:
    """Opens one connection to the database at `path`; a reader can't write.

    Raises sqlite3.Error.
    """
    connect = partial(sqlite3.connect, path, isolation_level=None, cached_statements=_STATEMENTS_KEPT)
    connection = TransactingConnection(connect, _ROWS_AT_ONCE)
    await connection
    try:
        for pragma in _pragmas(writer=writer):
            await connection.execute_fetchall(f"PRAGMA {pragma}")
    except BaseException:
        await connection.close()
        raise
    return connection


def _pragmas(*, writer: bool) -> tuple[str, ...]:
    common = (f"busy_timeout = {_BUSY_TIMEOUT_MS}", "temp_store = MEMORY", "mmap_size = 0")
    if not writer:
        return (*common, f"cache_size = -{_READER_CACHE_KIB}", "query_only = ON")
    return (
        *common,
        "journal_mode = WAL",
        "synchronous = FULL",
        "secure_delete = OFF",
        f"cache_size = -{_WRITER_CACHE_KIB}",
        f"wal_autocheckpoint = {_WAL_AUTOCHECKPOINT_PAGES}",
        f"journal_size_limit = {_WAL_KEPT_BYTES}",
    )


async def fetch(connection: aiosqlite.Connection, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
    """All rows of one query, in one hop to the connection's thread."""
    return [tuple(row) for row in await connection.execute_fetchall(sql, parameters)]


async def fetch_one(connection: aiosqlite.Connection, sql: str, parameters: Sequence[object] = ()) -> Row | None:
    """The first row of one query."""
    rows = await fetch(connection, sql, parameters)
    return rows[0] if rows else None


async def changed_rows(connection: aiosqlite.Connection, sql: str, parameters: Sequence[object] = ()) -> int:
    """Runs one statement and says how many rows it changed."""
    cursor = await connection.execute(sql, parameters)
    return max(0, cursor.rowcount)


async def uncancelled(work: Coroutine[Any, Any, T]) -> T:
    """Runs `work` to its end; a cancellation waits for it and then goes on."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([task])
        if not task.cancelled():
            task.exception()
        raise


def _require_open(path: str, *, closed: bool) -> None:
    if closed:
        raise StoreError(f"the store {path} is closed")


class Writer:
    """The one connection that writes, a transaction at a time."""

    def __init__(self, connection: TransactingConnection, path: str) -> None:
        self._connection = connection
        self._path = path
        self._lock = asyncio.Lock()
        self._closed = False

    async def run(self, work: Callable[[aiosqlite.Connection], Awaitable[T]]) -> T:
        """Runs `work` in a transaction of its own: all of it is committed, or nothing. `work` runs on the connection's
        thread and waits for nothing else.

        Raises StoreUnavailableError where trying again may help, StoreError otherwise.
        """
        return await uncancelled(self._run(work))

    async def _run(self, work: Callable[[aiosqlite.Connection], Awaitable[T]]) -> T:
        async with self._lock:
            _require_open(self._path, closed=self._closed)
            with translated(self._path):
                return await self._connection.transact(work)

    async def outside_transaction(self, sql: str) -> list[Row]:
        """Runs one statement that can't be part of a transaction (a checkpoint)."""
        return await uncancelled(self._outside(sql))

    async def _outside(self, sql: str) -> list[Row]:
        async with self._lock:
            _require_open(self._path, closed=self._closed)
            with translated(self._path):
                return await fetch(self._connection, sql)

    async def close(self) -> None:
        async with self._lock:
            self._closed = True
            await self._connection.close()


class Readers:
    """Connections that only read; each is lent to one reader at a time."""

    def __init__(self, connections: Sequence[TransactingConnection], path: str) -> None:
        self._connections = tuple(connections)
        self._path = path
        self._free: asyncio.LifoQueue[TransactingConnection] = asyncio.LifoQueue()
        for connection in connections:
            self._free.put_nowait(connection)
        self._closed = False

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[aiosqlite.Connection]:
        """Lends a connection that sees the store as it stands at its first query, until the end."""
        _require_open(self._path, closed=self._closed)
        connection = await self._free.get()
        try:
            with translated(self._path):
                await connection.execute("BEGIN")
                yield connection
        finally:
            await uncancelled(self._give_back(connection))

    async def _give_back(self, connection: TransactingConnection) -> None:
        try:
            await connection.end()
        finally:
            self._free.put_nowait(connection)

    async def close(self) -> None:
        """Waits for those lent to come back; whoever waits for one already still gets it."""
        self._closed = True
        for _ in self._connections:
            await (await self._free.get()).close()
