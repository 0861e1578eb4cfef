"""Samples that are read packed are what they are where they are read plainly, to the last bit."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from gateway.store.export_base import SAMPLE_FIELDS, SampleMatrix
from gateway.store.sqlite import SqliteStore, export_samples
from gateway.store.sqlite.export_packing import fits
from gateway.store.sqlite.hot import DAY_MS, FAR, day_table
from gateway.store.sqlite.sample_row import COLUMN_COUNT

DAY: Final = 20_500
BEGIN_MS: Final = DAY * DAY_MS
LARGE: Final = {
    "seq": (1 << 31) - 1,
    "delay_ms": (1 << 34) - 1,
    "ts_ms": 4_102_444_800_000,
    "up_ms": (1 << 41) - 2,
    "strikes": (1 << 31) - 2,
    "sessions_total": (1 << 21) - 1,
}
"""The largest that fit."""


@pytest.fixture
async def connection(tmp_path: Path) -> sqlite3.Connection:
    await (await SqliteStore.open(str(tmp_path / "store.db"))).close()
    opened = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    export_samples.prepare(opened)
    for number in range(1, 9):
        name = f"d-{(number * 5) % 8}"
        opened.execute("INSERT INTO devices (device_no, device_id) VALUES (?, ?)", (number * 1_000, name))
    (made,) = opened.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (day_table(FAR),)).fetchone()
    opened.execute(str(made).replace(day_table(FAR), day_table(DAY), 1))
    opened.execute("INSERT INTO days (day, samples, first_event_ms) VALUES (?, 0, ?)", (DAY, BEGIN_MS))
    return opened


def rows(seed: int, count: int) -> Iterator[tuple[object, ...]]:
    """Any values, every third field as large or as small as can be."""
    rng = random.Random(seed)
    for number in range(count):
        whole = {name: rng.choice((0, 1, rng.randrange(most), most)) for name, most in LARGE.items()}
        whole["delay_ms"] *= rng.choice((1, -1))
        measured = [rng.choice((None, 0.0, 1.0, rng.random(), 229.9)) for _ in range(5)]
        yield (
            1_000 * rng.randrange(1, 9), BEGIN_MS + rng.choice((0, DAY_MS - 1, rng.randrange(DAY_MS))),
            rng.choice((1, 7, (1 << 31) - 1 - number)), whole["seq"], rng.choice((1, (1 << 20) - 1)),
            whole["delay_ms"], rng.randrange(16), rng.choice((-1, whole["ts_ms"])),
            rng.choice((-1, whole["up_ms"])), measured[0], measured[1], rng.choice((-1, measured[2])),
            rng.choice((None, 1, (1 << 31) - 3)), rng.choice((None, whole["strikes"])), measured[3], measured[4],
            whole["sessions_total"],
        )  # fmt: skip


def put(connection: sqlite3.Connection, *given: tuple[object, ...]) -> None:
    places = ", ".join("?" * COLUMN_COUNT)
    connection.executemany(f"INSERT OR IGNORE INTO {day_table(DAY)} VALUES ({places})", given)


def read(connection: sqlite3.Connection, since_ms: int = BEGIN_MS, until_ms: int = BEGIN_MS + DAY_MS) -> SampleMatrix:
    blocks = export_samples.day_blocks(connection, DAY, since_ms, until_ms, block_rows=64, unsealed=False)
    return np.concatenate([block.values for block in blocks])


@pytest.mark.parametrize("seed", range(4))
def test_packed_is_what_plain_is(connection: sqlite3.Connection, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    put(connection, *rows(seed, 500))
    spans = ((BEGIN_MS, BEGIN_MS + DAY_MS), (BEGIN_MS + 1_234_567, BEGIN_MS + DAY_MS - 1))
    assert fits(connection, day_table(DAY), *spans[0])
    packed = [read(connection, *span) for span in spans]
    monkeypatch.setattr(export_samples, "fits", lambda *_: False)
    for span, found in zip(spans, packed, strict=True):
        np.testing.assert_array_equal(found, read(connection, *span))
    assert len(packed[0]) > len(packed[1]) > 100


@pytest.mark.parametrize("name", [name for name in LARGE if name != "ts_ms"])
def test_what_does_not_fit_is_read_all_the_same(connection: sqlite3.Connection, name: str) -> None:
    put(connection, *rows(9, 20))
    (plain,) = rows(10, 1)
    place = SAMPLE_FIELDS.index(name)
    put(connection, (*plain[:place], LARGE[name] + 1, *plain[place + 1 :]))
    assert not fits(connection, day_table(DAY), BEGIN_MS, BEGIN_MS + DAY_MS)
    assert (read(connection)[:, place] == LARGE[name] + 1).sum() == 1
