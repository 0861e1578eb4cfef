"""Transacting: a whole transaction in one visit to the connection's thread.

aiosqlite passes each statement to a thread and its answer back through the event loop. A transaction of a dozen
statements then waits a dozen times for its turn in a loop that has other things to do, with everybody behind it.
Here the coroutine that makes the transaction runs on that thread from its beginning to its end.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any, ParamSpec, TypeVar

import aiosqlite

T = TypeVar("T")
P = ParamSpec("P")

_ROWS_AT_ONCE = 64


class TransactingConnection(aiosqlite.Connection):
    """A connection that can also run transactions whole."""

    async def transact(self, work: Callable[[aiosqlite.Connection], Awaitable[T]]) -> T:
        """Runs `work` between BEGIN IMMEDIATE and COMMIT, or takes all of it back.

        `work` gets a connection to wait for; waiting for anything else is a RuntimeError.
        """
        done: T = await self._execute(partial(_transaction, self._conn, work))  # type: ignore[no-untyped-call]
        return done

    async def end(self) -> None:
        """Ends a transaction that was left open, even one that was only asked for when its asker was cancelled."""
        await self._execute(partial(_rolled_back, self._conn))  # type: ignore[no-untyped-call]


class _OnItsThread(aiosqlite.Connection):
    """The connection for whoever runs on its thread already: statements are run at once."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(lambda: connection, _ROWS_AT_ONCE)
        self._connection = connection

    async def _execute(self, fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return fn(*args, **kwargs)

    def __del__(self) -> None:
        """Nothing: the connection is another's to close."""


def _transaction(connection: sqlite3.Connection, work: Callable[[aiosqlite.Connection], Awaitable[T]]) -> T:
    try:
        connection.execute("BEGIN IMMEDIATE")
        result = _to_its_end(_awaited(work(_OnItsThread(connection))))
        connection.execute("COMMIT")
    except BaseException:
        _rolled_back(connection)
        raise
    return result


def _rolled_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")


async def _awaited(work: Awaitable[T]) -> T:
    return await work


def _to_its_end(work: Coroutine[Any, Any, T]) -> T:
    try:
        work.send(None)
    except StopIteration as finished:
        result: T = finished.value
        return result
    work.close()
    raise RuntimeError("a transaction can wait for its own connection only")
