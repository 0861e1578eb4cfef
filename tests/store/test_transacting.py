"""A transaction runs whole on its connection's thread: nothing else can get into it, and nothing of it stays behind."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from contextlib import suppress
from functools import partial
from pathlib import Path

import aiosqlite
import pytest

from gateway.store.sqlite.connection import Readers, dial
from gateway.store.sqlite.transacting import TransactingConnection


async def opened(path: Path) -> TransactingConnection:
    connection = TransactingConnection(partial(sqlite3.connect, path, isolation_level=None), 64)
    await connection
    await connection.execute("CREATE TABLE t (x INTEGER)")
    return connection


async def rows(connection: aiosqlite.Connection) -> list[int]:
    return [row[0] for row in await connection.execute_fetchall("SELECT x FROM t ORDER BY x")]


async def test_a_transaction_is_committed_with_what_it_gave(tmp_path: Path) -> None:
    connection = await opened(tmp_path / "t.db")

    async def work(inside: aiosqlite.Connection) -> tuple[int, list[int], str]:
        await inside.execute("INSERT INTO t VALUES (1)")
        cursor = await inside.execute("INSERT INTO t VALUES (2)")
        return cursor.rowcount, await rows(inside), threading.current_thread().name

    changed, seen, thread = await connection.transact(work)
    assert (changed, seen) == (1, [1, 2])
    assert thread != threading.current_thread().name
    assert await rows(connection) == [1, 2]
    await connection.close()


async def test_whatever_goes_wrong_takes_all_of_it_back(tmp_path: Path) -> None:
    connection = await opened(tmp_path / "t.db")

    async def fails(inside: aiosqlite.Connection) -> None:
        await inside.execute("INSERT INTO t VALUES (1)")
        await inside.execute("INSERT INTO nowhere VALUES (1)")

    with pytest.raises(sqlite3.OperationalError):
        await connection.transact(fails)
    assert await rows(connection) == []
    assert not connection.in_transaction
    await connection.close()


async def test_waiting_for_anything_else_is_refused_and_taken_back(tmp_path: Path) -> None:
    connection = await opened(tmp_path / "t.db")

    async def waits(inside: aiosqlite.Connection) -> None:
        await inside.execute("INSERT INTO t VALUES (1)")
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="its own connection only"):
        await connection.transact(waits)
    assert await rows(connection) == []
    await connection.close()


async def test_a_reader_that_is_cancelled_at_its_beginning_leaves_no_transaction_behind(tmp_path: Path) -> None:
    await (await opened(tmp_path / "t.db")).close()
    readers = Readers([await dial(str(tmp_path / "t.db"), writer=False)], "t.db")

    async def read() -> None:
        async with readers.snapshot() as connection:
            await rows(connection)

    for turns in range(12):
        reading = asyncio.create_task(read())
        for _ in range(turns):
            await asyncio.sleep(0)
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading
        await read()
    await readers.close()
