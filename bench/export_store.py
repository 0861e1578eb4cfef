"""A store to export: samples of a simulated fleet, taken in as always, and laid again over more days.

Every day of the whole differs from every other within its own file: what is laid again is moved by whole spans, so that
no file has the same rows twice and compresses better for it.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from collectors.replay import ReplayCollector
from collectors.simulator.fleet import SimulatedFleet
from collectors.simulator.settings import DAY_MS, SimulatorSettings
from gateway.clock import ManualClock
from gateway.events import Events
from gateway.ingest.feed import CommitFeed
from gateway.ingest.fleet import Fleet
from gateway.ingest.pipeline import Pipeline
from gateway.store.sqlite import SqliteStore
from gateway.store.sqlite.database import Tuning
from gateway.store.sqlite.hot import DAY_MS as STORE_DAY_MS
from gateway.store.sqlite.hot import day_table
from schemas.delivery import Delivery

_BATCH = 4_000
_START_MS = 1_767_571_200_000  # a Monday
_FIRST_DAYS = 3


async def make_store(path: Path, *, devices: int, days: int, samples: int, seed: int = 1) -> int:
    """Simulates so many devices and days, takes all of it in, and lays it again until the store has `samples`; gives
    the number that it has in the end."""
    now_ms = _START_MS + days * DAY_MS
    store = await SqliteStore.open(str(path), tuning=Tuning(seal_rows=200_000))
    clock = ManualClock(now_ms)
    pipeline = Pipeline(
        collector=ReplayCollector([]),
        store=store,
        fleet=Fleet(),
        events=Events(),
        feed=CommitFeed(),
        clock=clock,
        root="fleet",
        retention_samples_days=400,
    )
    await pipeline.start()
    fleet = SimulatedFleet(
        SimulatorSettings(start_ms=_START_MS, devices=devices, clinics=max(12, devices // 8), seed=seed)
    )
    for batch in _batches(fleet, now_ms):
        await pipeline.ingest(batch)
        while (await store.maintain(now_ms)).more:
            pass
    stats = await store.stats()
    await store.close()
    return lay_again(path, days, samples) if stats.samples < samples else stats.samples


def lay_again(path: Path, days: int, samples: int) -> int:
    """Copies the days' tables to later days until the store has about `samples`; gives how many it has."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous = OFF")
    (first, last) = connection.execute("SELECT min(day), max(day) FROM days WHERE day >= 0").fetchone()
    sizes = dict(connection.execute("SELECT day, samples FROM days WHERE day >= 0"))
    total = sum(sizes.values())
    for turn in itertools.count(1):
        for day in range(first + _FIRST_DAYS, last):
            if total >= samples:
                connection.commit()
                connection.close()
                return total
            total += _lay(connection, day, day + turn * days)
    raise AssertionError


def _lay(connection: sqlite3.Connection, day: int, later: int) -> int:
    source, target = day_table(day), day_table(later)
    if connection.execute("SELECT 1 FROM days WHERE day = ?", (later,)).fetchone():
        return 0
    made = connection.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (source,)).fetchone()[0]
    connection.execute(str(made).replace(source, target, 1))
    moved = (later - day) * STORE_DAY_MS
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({source})")]
    values = ", ".join(f"event_ms + {moved}" if name == "event_ms" else name for name in columns)
    connection.execute(f"INSERT INTO {target} SELECT {values} FROM {source}")
    connection.execute(
        f"INSERT INTO days (day, samples, first_event_ms) SELECT ?, samples, first_event_ms + {moved} FROM days"
        " WHERE day = ?",
        (later, day),
    )
    connection.commit()
    return int(connection.execute("SELECT samples FROM days WHERE day = ?", (later,)).fetchone()[0])


def _batches(fleet: SimulatedFleet, until_ms: int) -> Iterator[list[Delivery]]:
    deliveries = fleet.advance(until_ms)
    while batch := list(itertools.islice(deliveries, _BATCH)):
        yield batch
