"""Background work a step at a time, and what is known of the store as a whole."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from gateway.store.service_rows import MaintenanceReport, StoreStats
from gateway.store.sqlite.connection import fetch, fetch_one
from gateway.store.sqlite.database import Database, Part
from gateway.store.sqlite.files import check_store, copy_store
from gateway.store.sqlite.hot import seal_state
from gateway.store.sqlite.retention import limits, retire
from gateway.store.sqlite.seal import Sealer

_RETENTION_EVERY_MS: Final = 3_600_000


class Maintenance(Part):
    """Sealing, retention, backup, check."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._sealer = Sealer(database)
        self._retired_ms: int | None = None
        """When retention last found nothing more to do."""

    async def maintain(self, now_ms: int) -> MaintenanceReport:
        """One short step of sealing or retention; `more` says whether another is due now."""
        if await self._sealer.due():
            sealed = await self._sealer.step(now_ms)
            return MaintenanceReport(more=True, sealed_rows=sealed, dropped_days=0)
        if self._retired_ms is not None and 0 <= now_ms - self._retired_ms < _RETENTION_EVERY_MS:
            return MaintenanceReport(more=False, sealed_rows=0, dropped_days=0)
        removed = await retire(self._db, limits(self._db, now_ms))
        if not removed.more:
            self._retired_ms = now_ms
        return MaintenanceReport(more=removed.more, sealed_rows=0, dropped_days=removed.days)

    async def backup(self, path: str) -> None:
        """Writes a consistent copy to a new file, while commits go on. Raises StoreError."""
        await copy_store(self._db.path, path)

    async def check(self) -> tuple[str, ...]:
        """Faults found; empty where all is well."""
        async with self._db.readers.snapshot() as connection:
            return await check_store(connection)

    async def stats(self) -> StoreStats:
        """Counts and sizes, told from counters wherever there are some."""
        async with self._db.readers.snapshot() as connection:
            state = await seal_state(connection)
            hot = 0
            oldest: list[int] = []
            for source in state.unsealed():
                row = await fetch_one(connection, f"SELECT count(*), min(event_ms) FROM {source}")
                hot += row[0] if row else 0
                oldest += [row[1]] if row and row[1] is not None else []
            days = await fetch(connection, "SELECT samples, first_event_ms FROM days WHERE samples > 0")
            oldest += [first_event_ms for _, first_event_ms in days]
            sessions = await fetch_one(connection, "SELECT count(*) FROM sessions")
            quarantined = await fetch_one(connection, "SELECT count(*) FROM quarantine")
        return StoreStats(
            samples=hot + sum(samples for samples, _ in days),
            hot_samples=hot,
            sessions=sessions[0] if sessions else 0,
            quarantined=quarantined[0] if quarantined else 0,
            size_bytes=_size_bytes(self._db.path),
            free_bytes=_free_bytes(self._db.path),
            oldest_sample_ms=min(oldest, default=None),
        )


def _size_bytes(path: str) -> int:
    return sum(file.stat().st_size for suffix in ("", "-wal") if (file := Path(path + suffix)).exists())


def _free_bytes(path: str) -> int:
    return shutil.disk_usage(Path(path).resolve().parent).free
