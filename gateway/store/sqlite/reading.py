"""The store for whoever only reads it: beside a gateway that writes it, or while none runs."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Self

import aiosqlite

from gateway.errors import StoreError, StoreVersionError
from gateway.store.service_rows import Retention
from gateway.store.sqlite.checkpoint import Checkpointer
from gateway.store.sqlite.connection import Readers, Writer, dial, translated, uncancelled
from gateway.store.sqlite.database import Database, Tuning, warm
from gateway.store.sqlite.hot import HotTable
from gateway.store.sqlite.migrate import migrations, store_version
from gateway.store.sqlite.store import SqliteStore
from gateway.store.sqlite.transacting import TransactingConnection

_CONNECTIONS = 3


class SqliteReading(SqliteStore):
    """One SQLite file that is read. Each query sees one state of the store; whatever writes is refused."""

    @classmethod
    async def open_reading(cls, path: str) -> Self:
        """Opens the store at `path` as it is: nothing is made and nothing migrated.

        Raises StoreError with what to do, StoreVersionError where a newer program wrote it.
        """
        if not await asyncio.to_thread(Path(path).is_file):
            raise StoreError(f"there is no store {path} yet: start the gateway, or give another path in store.url")
        connections: list[TransactingConnection] = []
        try:
            with translated(path):
                for _ in range(_CONNECTIONS):
                    connections.append(await dial(path, writer=False))  # noqa: PERF401
                await _require_this_version(connections[0], path)
                database = _database(path, connections)
                await warm(database)
        except BaseException:
            for connection in connections:
                await connection.close()
            raise
        return cls(database)

    async def close(self) -> None:
        """Closes the file; nothing is left to be written."""
        await uncancelled(self._close_reading())

    async def _close_reading(self) -> None:
        await self._db.readers.close()
        await self._db.sealer.close()
        await self._db.writer.close()


def _database(path: str, connections: list[TransactingConnection]) -> Database:
    refusing, sealing, reading = connections
    writer = Writer(refusing, path)
    return Database(
        path=path,
        writer=writer,
        readers=Readers([reading], path),
        sealer=Readers([sealing], path),
        checkpointer=Checkpointer(refusing, writer, path),
        retention=Retention(),
        tuning=Tuning(),
        hot=HotTable(0, 0),
    )


async def _require_this_version(connection: aiosqlite.Connection, path: str) -> None:
    version, newest = await store_version(connection, path), migrations()[-1].version
    if version > newest:
        raise StoreVersionError(f"the store {path} has version {version}, this program knows up to {newest}")
    if version < newest:
        raise StoreError(f"the store {path} has version {version}, not {newest}: run silverpoint store migrate first")
