"""The SQLite store: opening, closing, and all its parts as one."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import Self

from gateway.errors import StoreError
from gateway.store.service_rows import Retention
from gateway.store.sqlite.access import Access
from gateway.store.sqlite.alerts import Alerts
from gateway.store.sqlite.archives import Archives
from gateway.store.sqlite.audit import Audits
from gateway.store.sqlite.chases import ChaseRows
from gateway.store.sqlite.checkpoint import Checkpointer
from gateway.store.sqlite.commit import Commits
from gateway.store.sqlite.connection import Readers, Writer, dial, translated, uncancelled
from gateway.store.sqlite.database import Database, Tuning, warm
from gateway.store.sqlite.demand import DemandRows
from gateway.store.sqlite.files import copy_store, require_writable
from gateway.store.sqlite.fleet import Fleets
from gateway.store.sqlite.forecasts import ForecastRows
from gateway.store.sqlite.forget import Forgetting
from gateway.store.sqlite.hot import HotTable
from gateway.store.sqlite.lives import ToldLives
from gateway.store.sqlite.maintenance import Maintenance
from gateway.store.sqlite.migrate import Migration, migrate, migrations, store_version
from gateway.store.sqlite.notify_settings import NotifySettings
from gateway.store.sqlite.outbox import Outbox
from gateway.store.sqlite.quarantine import Quarantine
from gateway.store.sqlite.records import RecordReads
from gateway.store.sqlite.registry import Registries
from gateway.store.sqlite.reports import ReportReads
from gateway.store.sqlite.resume import Resume
from gateway.store.sqlite.rollup import RollupReads
from gateway.store.sqlite.samples import SampleReads
from gateway.store.sqlite.seal import MAKE_RUN
from gateway.store.sqlite.silences import SilenceRows
from gateway.store.sqlite.told import Told
from gateway.store.sqlite.transacting import TransactingConnection
from gateway.store.sqlite.use_days import UseDays
from gateway.store.sqlite.work import Work

_READERS = 2


class SqliteStore(
    Commits,
    Fleets,
    SampleReads,
    RollupReads,
    RecordReads,
    Quarantine,
    Registries,
    Alerts,
    Access,
    Audits,
    Maintenance,
    Archives,
    Told,
    SilenceRows,
    ForecastRows,
    Work,
    ChaseRows,
    Forgetting,
    Outbox,
    NotifySettings,
    ReportReads,
    UseDays,
    ToldLives,
    DemandRows,
    Resume,
):
    """One SQLite file as the store; see `gateway.store.base` for what each method promises."""

    @classmethod
    async def open(
        cls,
        path: str,
        *,
        retention: Retention | None = None,
        tuning: Tuning | None = None,
        steps: tuple[Migration, ...] | None = None,
    ) -> Self:
        """Opens the store at `path`, makes it where there is none, and migrates an older one after a backup.

        Raises StoreError with what to do where the file can't be used, StoreVersionError where it is too new.
        """
        require_writable(path)
        await _prepare(path, steps or migrations())
        connections: list[TransactingConnection] = []
        try:
            with translated(path):
                connections.append(await dial(path, writer=True))
                await connections[0].execute(MAKE_RUN)
                connections.append(await dial(path, writer=True))
                for _ in range(_READERS + 1):
                    connections.append(await dial(path, writer=False))  # noqa: PERF401
                database = _database(path, connections, retention or Retention(), tuning or Tuning())
                await warm(database)
        except BaseException:
            for connection in connections:
                await connection.close()
            raise
        return cls(database)

    async def close(self) -> None:
        """Waits for what is under way, folds the log into the file and closes it."""
        await uncancelled(self._close())

    async def _close(self) -> None:
        database = self._db
        await database.sealer.close()
        await database.readers.close()
        await database.checkpointer.close()
        try:
            await database.writer.outside_transaction("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            await database.writer.close()


def _database(path: str, connections: list[TransactingConnection], retention: Retention, tuning: Tuning) -> Database:
    writing, checkpointing, sealing, *reading = connections
    writer = Writer(writing, path)
    return Database(
        path=path,
        writer=writer,
        readers=Readers(reading, path),
        sealer=Readers([sealing], path),
        checkpointer=Checkpointer(checkpointing, writer, path),
        retention=retention,
        tuning=tuning,
        hot=HotTable(0, 0),
    )


async def _prepare(path: str, steps: tuple[Migration, ...]) -> None:
    """Brings the file to this program's version."""
    try:
        connection = await dial(path, writer=True)
    except sqlite3.Error as error:
        raise StoreError(f"the store {path} can't be opened: {error}; give another path in store.url") from error
    try:
        with translated(path):
            version = await store_version(connection, path)
            if 0 < version < steps[-1].version:
                await copy_store(path, f"{path}.version-{version}.backup")
            await migrate(connection, path, steps)
    finally:
        await asyncio.shield(connection.close())
