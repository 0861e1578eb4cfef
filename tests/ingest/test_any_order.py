from __future__ import annotations

import asyncio
import json
import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.ingest.rebuild import Refold
from schemas.delivery import Delivery
from tests.ingest.memory_store import MemoryStore
from tests.ingest.recorded import record, steps
from tests.ingest.rig import Rig, started
from tests.ingest.wire import T0, backlog

Script = list[tuple[str, str, str, int]]


def outcome(store: MemoryStore) -> dict[str, Any]:
    """All that must not depend on the order of arrival."""
    return {
        "samples": store.samples,
        "sessions": store.sessions,
        "events": store.events,
        "marks": store.marks,
        "devices": store.devices,
        "sightings": store.sightings,
        "ledger": sorted(store.ledger, key=lambda row: (row.device_id, row.key)),
        "to_rebuild": store.to_rebuild,
    }


async def ingest(batches: list[list[Delivery]]) -> Rig:
    rig = await started(MemoryStore(), now_ms=T0 + 10_000_000)
    for batch in batches:
        await rig.pipeline.ingest(batch)
    return rig


def disturbed(deliveries: list[Delivery], dice: random.Random) -> list[Delivery]:
    """The same deliveries, some of them again with a later receipt, and some samples again in another backlog."""
    again = [d._replace(received_ms=d.received_ms + dice.choice((0, 1, 90_000))) for d in deliveries]
    regrouped = [
        one._replace(
            payload=json.dumps(backlog(*_samples(one), *_samples(other))).encode(),
            received_ms=max(one.received_ms, other.received_ms) + dice.choice((0, 50_000)),
        )
        for one, other in zip(deliveries, dice.sample(deliveries, len(deliveries)), strict=True)
        if one.topic == other.topic and one is not other and _samples(one) and _samples(other)
    ]
    return [*deliveries, *(d for d in (*again, *regrouped) if dice.random() < 0.4)]


def _samples(sent: Delivery) -> list[dict[str, Any]]:
    message = json.loads(sent.payload)
    if not sent.topic.endswith("/telemetry") or "mood" in message:
        return []
    return message.get("samples", [message])


def shuffled_and_cut(deliveries: list[Delivery], dice: random.Random) -> list[list[Delivery]]:
    order = list(deliveries)
    dice.shuffle(order)
    batches: list[list[Delivery]] = []
    while order:
        size = dice.randint(1, 6)
        batches.append(order[:size])
        order = order[size:]
    return batches


@settings(max_examples=250, deadline=None)
@given(script=steps, seed=st.integers(0, 2**32))
def test_any_order_any_cut_and_any_redelivery_end_in_the_same(script: Script, seed: int) -> None:
    dice = random.Random(seed)
    plain = record(script)
    deliveries = disturbed(plain, dice)
    in_order = asyncio.run(ingest([[d] for d in sorted(deliveries, key=lambda d: d.received_ms)]))
    any_order = asyncio.run(ingest(shuffled_and_cut(deliveries, dice)))
    assert outcome(any_order.store) == outcome(in_order.store)
    fleet, other = any_order.fleet, in_order.fleet
    assert sorted(fleet.nozzles(), key=lambda n: n.serial) == sorted(other.nozzles(), key=lambda n: n.serial)
    assert fleet.missing_records() == other.missing_records()
    for device in fleet.devices():
        assert fleet.ledger(device.device_id) == other.ledger(device.device_id)
        assert fleet.fitted_serial(device.device_id) == other.fitted_serial(device.device_id)


@settings(max_examples=150, deadline=None)
@given(script=steps, seed=st.integers(0, 2**32))
def test_what_is_merged_as_it_comes_equals_the_fold_of_the_whole_history(script: Script, seed: int) -> None:
    async def scenario() -> None:
        rig = await ingest(shuffled_and_cut(record(script), random.Random(seed)))
        for state in rig.fleet.devices():
            device_id = state.device_id
            history = await rig.store.device_history(device_id)
            refold = Refold(history, state, (), (), kept_since_ms=0)
            refold.add(refold.evidence())
            derived = refold.finish()
            assert derived.device == state
            assert derived.ledger == rig.fleet.ledger(device_id)
            assert {s.serial: s for s in derived.sightings} == {s.serial: s for s in rig.fleet.sightings_of(device_id)}

    asyncio.run(scenario())


@settings(max_examples=100, deadline=None)
@given(script=steps, seed=st.integers(0, 2**32))
def test_a_restart_between_any_two_batches_changes_nothing(script: Script, seed: int) -> None:
    dice = random.Random(seed)
    batches = shuffled_and_cut(disturbed(record(script), dice), dice)

    async def restarting() -> MemoryStore:
        store = MemoryStore()
        for batch in batches:
            rig = await started(store, now_ms=T0 + 10_000_000)
            await rig.pipeline.ingest(batch)
        return store

    assert outcome(asyncio.run(restarting())) == outcome(asyncio.run(ingest(batches)).store)


@settings(max_examples=60, deadline=None)
@given(script=steps)
def test_everything_redelivered_stores_nothing_and_is_counted_exactly(script: Script) -> None:
    async def scenario() -> None:
        deliveries = record(script)
        rig = await ingest([deliveries])
        before = outcome(rig.store)
        records = len(rig.store.samples) + len(rig.store.sessions) + len(rig.store.events)
        again = await rig.pipeline.ingest(deliveries)
        assert (again.stored, again.duplicates) == (0, records)
        assert outcome(rig.store) == before
        assert rig.counter("records_duplicate_total") == records

    asyncio.run(scenario())
