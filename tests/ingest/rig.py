"""A pipeline over a store and a scripted collector, as a test needs it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence

from prometheus_client import CollectorRegistry

from gateway.clock import ManualClock
from gateway.events import Events
from gateway.ingest.feed import CommitFeed
from gateway.ingest.fleet import Fleet
from gateway.ingest.ingest import SecretIngestStore
from gateway.ingest.pipeline import Pipeline
from schemas.delivery import Delivery
from tests.ingest.memory_store import MemoryStore
from tests.ingest.wire import T0


class ScriptedCollector:
    """Hands out the batches it was given, and remembers what was acknowledged."""

    def __init__(self, batches: Iterable[Sequence[Delivery]] = ()) -> None:
        self._batches = deque(batches)
        self.acknowledged: list[Delivery] = []

    async def take(self, max_messages: int, max_age_ms: int) -> Sequence[Delivery]:
        await asyncio.sleep(0)
        return self._batches.popleft() if self._batches else ()

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        self.acknowledged.extend(deliveries)

    def stop_reading(self) -> None:
        self._batches.clear()


class Rig:
    """One start of the gateway's ingest over a store."""

    def __init__(
        self,
        store: SecretIngestStore | None = None,
        batches: Iterable[Sequence[Delivery]] = (),
        *,
        now_ms: int = T0,
        retention_days: int = 90,
    ) -> None:
        self.store = store if store is not None else MemoryStore()
        self.fleet = Fleet()
        self.clock = ManualClock(now_ms)
        self.metrics = CollectorRegistry()
        self.feed = CommitFeed()
        self.collector = ScriptedCollector(batches)
        self.pipeline = Pipeline(
            collector=self.collector,
            store=self.store,
            fleet=self.fleet,
            events=Events(self.metrics),
            feed=self.feed,
            clock=self.clock,
            root="fleet",
            retention_samples_days=retention_days,
            min_retry_ms=1,
        )

    def counter(self, name: str, **labels: str) -> float:
        return self.metrics.get_sample_value(f"silverpoint_{name}", labels) or 0.0


async def started(
    store: SecretIngestStore | None = None, batches: Iterable[Sequence[Delivery]] = (), **more: int
) -> Rig:
    rig = Rig(store, batches, **more)
    await rig.pipeline.start()
    return rig
