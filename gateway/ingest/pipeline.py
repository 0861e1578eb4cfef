"""The pipeline: takes deliveries from a collector, commits them, and only then lets the collector acknowledge.

Two stages overlap: the next batch is read and decoded while this one is committed. Decoding touches no state, so all
that is ordered, from classifying to acknowledging, stays one batch after another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from collectors.base import Collector
from gateway.clock import Clock
from gateway.events import Events
from gateway.ingest.arrival import Arrival, groups
from gateway.ingest.feed import CommitFeed
from gateway.ingest.fleet import Fleet
from gateway.ingest.ingest import MIN_RETRY_MS, Ingest, Ingested, SecretIngestStore
from gateway.ingest.prepare import DAY_MS
from gateway.ingest.release import Released, sort_out
from gateway.store.rows import LedgerRow, QuarantineEntry
from schemas.delivery import Delivery

MAX_BATCH: Final = 2_000
MAX_AGE_MS: Final = 20


class Pipeline:
    """Runs one collector to its end over one store, and takes in what comes another way meanwhile."""

    def __init__(
        self,
        *,
        collector: Collector,
        store: SecretIngestStore,
        fleet: Fleet,
        events: Events,
        feed: CommitFeed,
        clock: Clock,
        root: str,
        retention_samples_days: int,
        max_batch: int = MAX_BATCH,
        max_age_ms: int = MAX_AGE_MS,
        min_retry_ms: int = MIN_RETRY_MS,
    ) -> None:
        self._collector = collector
        self._store = store
        self._clock = clock
        self._root = root
        self._retention_ms = retention_samples_days * DAY_MS
        self._max_batch = max_batch
        self._max_age_ms = max_age_ms
        self._ingest = Ingest(
            store=store,
            fleet=fleet,
            events=events,
            feed=feed,
            clock=clock,
            root=root,
            retention_samples_days=retention_samples_days,
            min_retry_ms=min_retry_ms,
        )

    async def start(self) -> None:
        """Restores fleet and marks from the store; before anything else. Raises `StoreError`."""
        await self._ingest.start()

    async def run(self) -> None:
        """Works until the collector has ended, or was stopped and all that it had read is committed.

        Cancelled, it stops hard: what is not committed is not acknowledged, and will come again.
        """
        decoded: asyncio.Queue[list[Arrival] | None] = asyncio.Queue(maxsize=1)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._read(decoded), name="ingest: read and decode")
            tasks.create_task(self._ingest.rebuild_until_rest(), name="ingest: rebuild")
            while (group := await decoded.get()) is not None:
                await self._ingest.commit(group)
                self._collector.acknowledge([arrival.delivery for arrival in group])
            self._ingest.rest()

    def stop(self) -> None:
        """Stops cleanly: no more is read, and `run` returns once what was read is committed and acknowledged."""
        self._collector.stop_reading()

    async def _read(self, decoded: asyncio.Queue[list[Arrival] | None]) -> None:
        while deliveries := await self._collector.take(self._max_batch, self._max_age_ms):
            async for group in groups(deliveries, self._root):
                await decoded.put(group)
        await decoded.put(None)

    async def ingest(self, deliveries: Sequence[Delivery]) -> Ingested:
        """Takes deliveries of a recording; returns when they are committed."""
        return await self._ingest.ingest(deliveries)

    async def release(self, entries: Sequence[QuarantineEntry]) -> Released:
        """Takes the complete known parts of quarantined messages in after all, as received then."""
        candidates, refused = sort_out(entries, self._root, self._retention_ms)
        stored = 0
        if candidates:
            done = await self._ingest.take([candidate.arrival for candidate in candidates])
            stored = done.stored
            await self._store.mark_released([candidate.entry_id for candidate in candidates], self._clock.now_ms())
        return Released(tuple(candidate.entry_id for candidate in candidates), stored, tuple(refused))

    async def add_ledger_rows(self, rows: Sequence[LedgerRow]) -> None:
        """Takes what people say of swaps into the ledger, between two batches."""
        await self._ingest.add_ledger_rows(rows)

    @property
    def commit_no(self) -> int:
        """Of the latest commit."""
        return self._ingest.commit_no

    @property
    def commit_fault(self) -> str | None:
        """Why the store can't commit just now; None while it can."""
        return self._ingest.commit_fault

    async def tick(self, connected_ms: int) -> None:
        """To be told, about once a second, for how much longer the gateway was connected; never while it was not."""
        await self._ingest.tick(connected_ms)
