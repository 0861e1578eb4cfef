"""A store whose process is killed at any moment has every batch that it confirmed, once, and goes on."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from pathlib import Path

from gateway.store.sqlite import SqliteStore
from tests.store.conftest import TINY
from tests.store.store_records import NOW_MS, settle

_CHILD = """
import asyncio, sys
from gateway.store.rows import Batch
from gateway.store.service_rows import Retention
from gateway.store.sqlite import SqliteStore
from tests.store.conftest import TINY
from tests.store.store_records import NOW_MS, marks, sample

async def main(path, first):
    store = await SqliteStore.open(path, retention=Retention(samples_days=30), tuning=TINY)
    while True:
        made = tuple(sample(seq, event_ms=NOW_MS + seq * 7_000_000 % 200_000_000) for seq in range(first, first + 4))
        await store.commit(Batch(samples=made, marks=(marks((0, first + 3)),)))
        first += 4
        print(first, flush=True)
        for _ in range(3):
            await store.maintain(NOW_MS)

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


def _confirmed_before_kill(path: str, first: int, lines: int) -> int:
    """Runs the child until it confirmed some batches, then kills it in the middle of whatever it does."""
    child = subprocess.Popen(
        [sys.executable, "-c", _CHILD, path, str(first)], stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    )
    assert child.stdout is not None
    for _ in range(lines):
        first = int(child.stdout.readline())
    child.kill()
    for line in child.stdout.read().splitlines():
        first = int(line)
    child.wait()
    return first


async def test_a_kill_at_any_moment_loses_nothing_confirmed(tmp_path: Path) -> None:
    path = str(tmp_path / "store.db")
    chance = random.Random(7)
    stored = 0
    for _ in range(8):
        confirmed = await asyncio.to_thread(_confirmed_before_kill, path, stored, chance.randint(1, 12))
        store = await SqliteStore.open(path, tuning=TINY)
        (mark,) = await store.load_marks([("dev-1", "boot-1")])
        stored = mark.stored[0][1] + 1
        assert stored in (confirmed, confirmed + 4)
        history = await store.device_history("dev-1")
        assert sorted(timed.sample.seq for timed in history.samples) == list(range(stored))
        assert sum(row.samples for row in await store.rollups("dev-1", 0, 2 * NOW_MS)) == stored
        assert await store.check() == ()
        await store.close()
    store = await SqliteStore.open(path, tuning=TINY)
    await settle(store)
    assert (await store.stats()).samples == stored
    assert sum(row.samples for row in await store.rollups("dev-1", 0, 2 * NOW_MS)) == stored
    await store.close()
