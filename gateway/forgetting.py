"""Forgetting a clinic that has left, in a store that nothing else writes: its own rows, the archive's, and the advice
to its devices that the broker retains."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace

from collectors.errors import CollectorError
from collectors.mqtt_publish import Publisher
from gateway.clock import SystemClock
from gateway.config import Config
from gateway.export.archive_forget import forget_in_archive
from gateway.export.parquet import require_pyarrow
from gateway.lock import StoreLock
from gateway.serve.access import audit_row
from gateway.store.open import retention_of
from gateway.store.sqlite import SqliteStore, Tuning
from gateway.store.work_base import Forgotten
from schemas.topics import device_topic


async def forget_clinic(config: Config, clinic_id: str, actor: str) -> Forgotten:
    """Erases it and writes the store's file anew; then clears what the broker retains for its devices.

    Raises NotFoundError where nothing is known of the clinic, AlreadyRunningError where a gateway holds the store.
    """
    done = await _forget(config, clinic_id, actor)
    return replace(done, advice_left=await _clear_advice(config, clinic_id, done.devices))


async def _clear_advice(config: Config, clinic_id: str, device_ids: Iterable[str]) -> str | None:
    """Why retained advice may be left at the broker; None where none is. It is no reason to take anything back: the
    broker drops it by itself when it has run out."""
    if not config.notify.advice:
        return None
    settings = config.broker.mqtt_settings(client_id=f"{config.broker.client_id}-advice")
    try:
        async with Publisher(settings) as outlet:
            for device_id in device_ids:
                # Without a payload, a retained message is a clear.
                await outlet.publish(device_topic(clinic_id, device_id, "advice", config.broker.root), b"", retain=True)
    except CollectorError as error:
        return str(error)
    return None


async def _forget(config: Config, clinic_id: str, actor: str) -> Forgotten:
    now_ms, archive = SystemClock().now_ms(), config.retention.archive_dir
    if archive is not None:
        require_pyarrow()
    with StoreLock(config.store.path):
        # Sealed to the last sample, so that each is in one place only.
        retention = retention_of(config.retention)
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
