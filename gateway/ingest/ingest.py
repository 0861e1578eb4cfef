"""Ingest: the one writer of the fleet. Arrivals in, one commit, memory after it, devices folded again where needed.

Deliveries from the broker, from a recording and from quarantine all go this way, one batch after another.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from collectors.backoff import Backoff
from gateway.clock import Clock
from gateway.errors import StoreUnavailableError
from gateway.events import Events
from gateway.ingest.arrival import Arrival, groups
from gateway.ingest.feed import CommitFeed
from gateway.ingest.fleet import Fleet
from gateway.ingest.memory import Memory
from gateway.ingest.prepare import DAY_MS, Prepared, boots_to_load, prepare
from gateway.ingest.quarantine import HASH_KEY_NAME, Quarantine
from gateway.ingest.rebuild import CHUNK, Refold, last_receipts
from gateway.store.base import IngestStore
from gateway.store.rows import Batch, Derived, DeviceHistory, DeviceState, LedgerRow
from schemas.delivery import Delivery

T = TypeVar("T")

KEPT_MARGIN_DAYS: Final = 2
"""Retention drops whole days: samples this much younger than it may be gone already."""
PROBE_AFTER_MS: Final = 15_000
"""So long without a commit, and whether one goes through is tried with an empty one."""
MIN_RETRY_MS: Final = 100
MAX_RETRY_MS: Final = 5_000


class SecretIngestStore(IngestStore, Protocol):
    """The store as ingest needs it."""

    async def secret(self, name: str) -> bytes: ...

    async def mark_released(self, entry_ids: Sequence[int], now_ms: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of some deliveries. Records, not deliveries, but for the first."""

    deliveries: int
    stored: int
    duplicates: int
    rejected: int

    def __add__(self, other: Ingested) -> Ingested:
        return Ingested(
            self.deliveries + other.deliveries,
            self.stored + other.stored,
            self.duplicates + other.duplicates,
            self.rejected + other.rejected,
        )


class Ingest:
    """Takes batches one after another; `start` it before anything else.

    A store that is unavailable is tried again for ever: what was taken is held meanwhile. Any other error of the
    store is fatal for this object, since its memory is then ahead of the store.
    """

    def __init__(
        self,
        *,
        store: SecretIngestStore,
        fleet: Fleet,
        events: Events,
        feed: CommitFeed,
        clock: Clock,
        root: str,
        retention_samples_days: int,
        min_retry_ms: int = MIN_RETRY_MS,
    ) -> None:
        self._store = store
        self._fleet = fleet
        self._events = events
        self._feed = feed
        self._clock = clock
        self._root = root
        self._retention_days = retention_samples_days
        self._min_retry_ms = min_retry_ms
        self._memory = Memory(fleet)
        self._quarantine = Quarantine(b"")
        self._one_writer = asyncio.Lock()
        self.commit_fault: str | None = None
        """Why the store does not take what we have just now; None while it does."""
        self._to_rebuild: dict[str, None] = {}
        self._rebuild_due = asyncio.Event()
        self.commit_no = 0
        """Of the latest commit."""
        self._resting = False
        self._idle_ms = 0

    async def start(self) -> None:
        """Restores the fleet from the store, and finishes the rebuilds that a crash cut off."""
        self._quarantine = Quarantine(await self._store.secret(HASH_KEY_NAME))
        snapshot = await self._store.load_fleet()
        self._fleet.restore(snapshot)
        self._memory.remember(snapshot.marks)
        self._fleet.set_missing(self._memory.missing())
        self.commit_no = snapshot.commit_no
        self._queue_rebuilds(snapshot.rebuild)
        await self.rebuild_all()

    async def ingest(self, deliveries: Sequence[Delivery]) -> Ingested:
        """Takes deliveries that nobody waits to have acknowledged; returns when all that follows from them is done."""
        total = Ingested(0, 0, 0, 0)
        async for group in groups(deliveries, self._root):
            total += await _to_the_end(self.commit(group))
        await self.rebuild_all()
        return total

    async def take(self, group: Sequence[Arrival]) -> Ingested:
        """Takes what is decoded already, as `ingest` does."""
        done = await _to_the_end(self.commit(group))
        await self.rebuild_all()
        return done

    async def add_ledger_rows(self, rows: Sequence[LedgerRow]) -> None:
        """Takes what people say of swaps; returns when it is on disk and the devices are folded again with it.

        A row that came too late for its place is put there; nothing that was said before is erased.
        """
        await _to_the_end(self._add_ledger_rows(rows))
        await self.rebuild_all()

    async def _add_ledger_rows(self, rows: Sequence[LedgerRow]) -> None:
        device_ids = tuple(sorted({row.device_id for row in rows}))
        async with self._one_writer:
            result = await self._insist(lambda: self._store.commit(Batch(ledger=tuple(rows), rebuild=device_ids)))
            self._fleet.apply((), (), rows)
            self.commit_no = result.commit_no
            self._queue_rebuilds(result.rebuild)

    async def commit(self, group: Sequence[Arrival]) -> Ingested:
        """Commits one group of arrivals; returns once it is on disk and in the fleet.

        Cancelled, it leaves memory ahead of the store: that ends the life of this object.
        """
        async with self._one_writer:
            loaded = boots_to_load(group, self._memory)
            await self._load_marks(loaded)
            prepared = prepare(group, self._memory, self._quarantine, self._retention_days)
            result = await self._insist(lambda: self._store.commit(prepared.batch))
            self._apply(prepared)
            self._memory.forget_old_boots({device_id for device_id, _ in loaded})
            self.commit_no = result.commit_no
            self._queue_rebuilds(result.rebuild)
            if prepared.changed:
                self._feed.publish(result.commit_no, prepared.changed)
        counts = prepared.counts
        self._events.batch_committed(
            received=counts.received,
            rejected=counts.rejected,
            stored=counts.stored,
            duplicates=counts.duplicates,
            latencies_ms=self._latencies(group),
        )
        return Ingested(len(group), counts.stored.total(), counts.duplicates, counts.rejected.total())

    def _apply(self, prepared: Prepared) -> None:
        """Shows what is committed."""
        batch = prepared.batch
        self._fleet.apply(batch.devices, batch.sightings, batch.ledger)
        for device_id, event_ms in prepared.overtaken:
            self._fleet.overtake(device_id, event_ms)
        if batch.quarantine:
            self._fleet.faults.reject(batch.quarantine)
        for boot in prepared.boots:
            self._memory.count_missing(boot)
        self._fleet.set_missing(self._memory.missing())

    def _latencies(self, group: Sequence[Arrival]) -> Counter[int]:
        """From receipt to now, of what a broker waits to have acknowledged."""
        now_ms = self._clock.now_ms()
        return Counter([max(0, now_ms - delivery.received_ms) for delivery, _ in group if delivery.connection])

    async def _insist(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Tries until the store takes it."""
        backoff = Backoff(self._min_retry_ms, MAX_RETRY_MS)
        while True:
            try:
                result = await attempt()
            except StoreUnavailableError as error:
                self.commit_fault = str(error)
                retry_in_ms = backoff.next_ms()
                self._events.commit_retried(str(error), retry_in_ms)
                await asyncio.sleep(retry_in_ms / 1000)
            else:
                self.commit_fault = None
                self._idle_ms = 0
                return result

    async def tick(self, connected_ms: int) -> None:
        """Tells that the gateway was connected for so much longer; gives up holes that were open for too long."""
        self._memory.connected_ms += connected_ms
        self._idle_ms += connected_ms
        if self._memory.overdue():
            await _to_the_end(self._give_up())
        elif self._idle_ms >= PROBE_AFTER_MS:
            await self._probe()

    async def _probe(self) -> None:
        """Commits nothing, so that a store that takes no more is known of before a message waits for it."""
        async with self._one_writer:
            self.commit_no = (await self._insist(lambda: self._store.commit(Batch()))).commit_no

    async def _give_up(self) -> None:
        async with self._one_writer:
            given_up, marks = self._memory.give_up()
            if marks:
                result = await self._insist(lambda: self._store.commit(Batch(marks=marks)))
                self.commit_no = result.commit_no
            self._fleet.set_missing(self._memory.missing())
        for lost in given_up:
            if lost.seqs:
                self._fleet.faults.lose(lost.device_id, lost.seqs, self._clock.now_ms())
                self._events.records_lost(lost.device_id, lost.boot_id, lost.seqs)

    def _queue_rebuilds(self, device_ids: Sequence[str]) -> None:
        if device_ids:
            self._fleet.doubtful.update(device_ids)
            self._to_rebuild.update(dict.fromkeys(device_ids))
            self._rebuild_due.set()

    async def rebuild_all(self) -> None:
        """Folds every device again that a late record made doubtful."""
        while self._to_rebuild:
            await _to_the_end(self._rebuild_next())

    async def rebuild_until_rest(self) -> None:
        """Folds devices again as they become doubtful, one between two batches, until `rest`. What is left then is
        done at the next start."""
        while not self._resting:
            self._rebuild_due.clear()
            if self._to_rebuild:
                await self._rebuild_next()
            else:
                await self._rebuild_due.wait()
        self._resting = False

    def rest(self) -> None:
        """Lets `rebuild_until_rest` return after the device that it is at."""
        self._resting = True
        self._rebuild_due.set()

    async def _rebuild_next(self) -> None:
        async with self._one_writer:
            if not self._to_rebuild:
                return
            device_id = next(iter(self._to_rebuild))
            await self._rebuild(device_id)
            del self._to_rebuild[device_id]
            self._fleet.doubtful.discard(device_id)
            self._feed.publish(self.commit_no, (device_id,))

    async def _rebuild(self, device_id: str) -> None:
        old = self._fleet.device(device_id)
        if old is None:
            return
        history = await self._insist(lambda: self._store.device_history(device_id))
        derived = await self._fold(old, history)
        await self._lower_receipts(device_id, last_receipts(history))
        await self._insist(lambda: self._store.replace_derived(derived))
        self._fleet.replace(derived)
        self._memory.work(device_id).adopt(derived.device, derived.sightings, self._fleet.ledger(device_id))

    async def _lower_receipts(self, device_id: str, last: Mapping[str, int]) -> None:
        await self._load_marks([(device_id, boot) for boot in last if not self._memory.knows(device_id, boot)])
        marks = self._memory.lower_receipts(device_id, last)
        if marks:
            await self._insist(lambda: self._store.commit(Batch(marks=marks)))
        self._memory.forget_old_boots((device_id,))

    async def _fold(self, old: DeviceState, history: DeviceHistory) -> Derived:
        """Folds a device's history, letting others run in between."""
        device_id = old.device_id
        kept_since_ms = self._clock.now_ms() - (self._retention_days - KEPT_MARGIN_DAYS) * DAY_MS
        refold = Refold(history, old, self._fleet.sightings_of(device_id), self._fleet.ledger(device_id), kept_since_ms)
        evidence = refold.evidence()
        for start in range(0, len(evidence), CHUNK):
            refold.add(evidence[start : start + CHUNK])
            await asyncio.sleep(0)
        return refold.finish()

    async def _load_marks(self, boots: Sequence[tuple[str, str]]) -> None:
        if boots:
            self._memory.remember(await self._insist(lambda: self._store.load_marks(boots)))


async def _to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Lets it go through although whoever waits for it is cancelled: memory and store stay in step."""
    return await asyncio.shield(asyncio.ensure_future(work))
