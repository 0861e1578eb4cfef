from __future__ import annotations

import dataclasses
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import StoreUnavailableError
from gateway.ingest.rebuild import Refold
from gateway.store.rows import Batch, CommitResult
from gateway.store.sqlite.store import SqliteStore
from schemas.delivery import Delivery
from tests.ingest.rig import Rig, started
from tests.support.recorded_week import WEEK_END_MS, WEEK_START_MS, recorded_week

DAY_MS = 86_400_000


class UnreliableStore(SqliteStore):
    """The real store, on a disk that is full every other time."""

    commits = 0

    async def commit(self, batch: Batch) -> CommitResult:
        self.commits += 1
        if self.commits % 3:
            raise StoreUnavailableError("no space left: free some")
        return await super().commit(batch)


@asynccontextmanager
async def opened(path: Path, kind: type[SqliteStore] = SqliteStore) -> AsyncIterator[SqliteStore]:
    store = await kind.open(str(path))
    try:
        yield store
    finally:
        await store.close()


async def run(store: SqliteStore, batches: Sequence[Sequence[Delivery]]) -> Rig:
    rig = await started(store, batches, now_ms=WEEK_END_MS)
    await rig.pipeline.run()
    await rig.pipeline.ingest([])
    return rig


async def outcome(store: SqliteStore) -> dict[str, Any]:
    """All that the store holds and that must not depend on the order of arrival."""
    snapshot = await store.load_fleet()
    histories = {device.device_id: await store.device_history(device.device_id) for device in snapshot.devices}
    boots = {
        (device_id, timed[3].boot_id)
        for device_id, history in histories.items()
        for timed in (*history.samples, *history.sessions, *history.nozzle_events)
    }
    return {
        "devices": {device.device_id: without_status(device) for device in snapshot.devices},
        "sightings": {(row.serial, row.device_id): row for row in snapshot.sightings},
        "ledger": sorted(snapshot.ledger, key=lambda row: (row.device_id, row.key)),
        "rebuild": snapshot.rebuild,
        "records": histories,
        "marks": set(await store.load_marks(sorted(boots))),
        "rollups": {
            device_id: await store.rollups(device_id, WEEK_START_MS - 30 * DAY_MS, WEEK_END_MS + DAY_MS)
            for device_id in histories
        },
    }


def without_status(device: Any) -> Any:
    """Statuses follow receipt: what they say, and when they were last heard, may depend on order."""
    return dataclasses.replace(
        device, last_seen_ms=0, status_state=None, status_received_ms=None, status_boot_id=None, model=None,
        firmware=None, form=None, interval_s=None,
    )  # fmt: skip


def in_order(deliveries: Sequence[Delivery]) -> list[list[Delivery]]:
    return [list(deliveries[start : start + 50]) for start in range(0, len(deliveries), 50)]


def any_order(deliveries: Sequence[Delivery], dice: random.Random) -> list[list[Delivery]]:
    again = [d._replace(received_ms=d.received_ms + dice.choice((0, 7, 40_000))) for d in deliveries]
    order = [*deliveries, *dice.sample(again, len(again) // 5)]
    dice.shuffle(order)
    batches: list[list[Delivery]] = []
    while order:
        size = dice.choice((1, 10, 100))
        batches.append(order[:size])
        order = order[size:]
    return batches


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_any_order_of_a_recorded_week_ends_in_the_same_store(tmp_path: Path, seed: int) -> None:
    week = recorded_week(seed, 4)
    async with opened(tmp_path / "one.db") as one, opened(tmp_path / "other.db") as other:
        first = await run(one, in_order(week))
        second = await run(other, any_order(week, random.Random(seed)))
        assert await outcome(one) == await outcome(other)
        assert first.fleet.missing_records() == second.fleet.missing_records()


async def test_what_memory_shows_is_what_the_store_restores(tmp_path: Path) -> None:
    week = recorded_week(4, 4)
    async with opened(tmp_path / "store.db") as store:
        rig = await run(store, any_order(week, random.Random(4)))
        restored = await started(store, now_ms=WEEK_END_MS)
        assert {d.device_id: d for d in rig.fleet.devices()} == {d.device_id: d for d in restored.fleet.devices()}
        assert {n.serial: n for n in rig.fleet.nozzles()} == {n.serial: n for n in restored.fleet.nozzles()}
        for device in rig.fleet.devices():
            assert rig.fleet.ledger(device.device_id) == restored.fleet.ledger(device.device_id)
        assert rig.fleet.missing_records() == restored.fleet.missing_records()


async def test_the_state_of_each_device_is_the_fold_of_its_history(tmp_path: Path) -> None:
    async with opened(tmp_path / "store.db") as store:
        rig = await run(store, any_order(recorded_week(5, 4), random.Random(5)))
        for device in rig.fleet.devices():
            history = await store.device_history(device.device_id)
            refold = Refold(history, device, (), (), kept_since_ms=0)
            refold.add(refold.evidence())
            derived = refold.finish()
            assert derived.device == device
            assert derived.ledger == rig.fleet.ledger(device.device_id)


async def test_a_store_that_fails_again_and_again_ends_with_everything_once(tmp_path: Path) -> None:
    week = [d._replace(connection=1, packet_id=number + 1) for number, d in enumerate(recorded_week(6, 3))]
    async with opened(tmp_path / "good.db") as good, opened(tmp_path / "bad.db", UnreliableStore) as bad:
        await run(good, in_order(week))
        rig = await run(bad, in_order(week))
        assert rig.collector.acknowledged == week
        assert rig.counter("store_commit_retries_total") > 0
        assert await outcome(good) == await outcome(bad)


async def test_a_week_redelivered_is_counted_and_changes_nothing(tmp_path: Path) -> None:
    week = recorded_week(7, 3)
    async with opened(tmp_path / "store.db") as store:
        rig = await run(store, in_order(week))
        before = await outcome(store)
        records = sum(len(h.samples) + len(h.sessions) + len(h.nozzle_events) for h in before["records"].values())
        again = await rig.pipeline.ingest(week)
        duplicates_in_the_week = again.duplicates - records
        assert duplicates_in_the_week == rig.counter("records_duplicate_total") - again.duplicates
        assert await outcome(store) == before
