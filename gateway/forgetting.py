"""Forgetting a clinic that has left, in a store that nothing else writes: its own rows, and the archive's."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from gateway.clock import SystemClock
from gateway.config import Config
from gateway.export.archive_forget import forget_in_archive
from gateway.export.parquet import require_pyarrow
from gateway.lock import StoreLock
from gateway.serve.access import audit_row
from gateway.store.service_rows import Retention
from gateway.store.sqlite import SqliteStore, Tuning
from gateway.store.work_base import Forgotten


async def forget_clinic(config: Config, clinic_id: str, actor: str) -> Forgotten:
    """Erases it and writes the store's file anew.

    Raises NotFoundError where nothing is known of the clinic, AlreadyRunningError where a gateway holds the store.
    """
    now_ms = SystemClock().now_ms()
    kept, archive = config.retention, config.retention.archive_dir
    if archive is not None:
        require_pyarrow()
    retention = Retention(kept.samples_days, kept.sessions_days, kept.quarantine_days, archived=archive is not None)
    with StoreLock(config.store.path):
        # Sealed to the last sample, so that each is in one place only.
        store = await SqliteStore.open(str(config.store.path), retention=retention, tuning=Tuning(seal_rows=1))
        try:
            while (await store.maintain(now_ms)).more:
                pass
            done = await store.forget_clinic(clinic_id, audit_row(now_ms, actor, "forget_clinic", clinic_id, {}))
            if archive is None:
                return done
            gone = await asyncio.to_thread(forget_in_archive, archive, clinic_id)
            return replace(done, rows=done.rows + gone)
        finally:
            await store.close()
