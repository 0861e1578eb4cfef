"""A store with samples in all its places: sealed days, both hot tables, out of range."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.store.rows import Batch, TimedSample
from gateway.store.service_rows import Retention
from gateway.store.sqlite import SqliteStore, Tuning
from tests.store.store_records import DAY_MS, NOW_MS, ledger_row, sample, session, settle, sighting, state, swap

FEW = Tuning(seal_rows=60, seal_step_rows=20, clear_step_rows=50, delete_step_rows=7)
DEVICES = ("dev-3", "dev-1", "dev-2")
DAYS = 5


def samples_of(seed: int, count: int) -> list[TimedSample]:
    """In random order; some estimated, some of a clock that went wrong."""
    rng = random.Random(seed)
    made: list[TimedSample] = []
    for seq in range(count):
        event_ms = NOW_MS - rng.randrange(DAYS * DAY_MS)
        if seq % 29 == 0:
            event_ms = NOW_MS + 40 * DAY_MS + seq
        device = rng.choice(DEVICES)
        made.append(
            sample(
                seq,
                event_ms=event_ms,
                received_ms=NOW_MS,
                estimated=seq % 11 == 0,
                device=device,
                boot=f"boot-{device}-{seq // 50}",
                clinic="clinic-2" if device == "dev-3" else "clinic-1",
                serial=rng.choice(("noz-1", "noz-2", None)),
                coating=rng.choice((None, round(rng.random(), 4))),
            )
        )
    return made


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """Open while it is exported, as beside a running gateway."""
    opened = await SqliteStore.open(str(tmp_path / "store.db"), retention=Retention(samples_days=400), tuning=FEW)
    for part in range(6):
        await opened.commit(Batch(samples=tuple(samples_of(1, 300)[part * 50 : part * 50 + 50])))
        if part % 2:
            await settle(opened)
    await opened.commit(
        Batch(
            sessions=tuple(session(1_000 + n, event_ms=NOW_MS - n * DAY_MS) for n in range(3)),
            nozzle_events=(swap(2_000),),
            devices=(state(),),
            sightings=(sighting(),),
            ledger=(ledger_row(2_000),),
        )
    )
    yield opened
    await opened.close()
