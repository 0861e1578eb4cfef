"""Samples past their time are in the archive before they leave the store, each once, and are read from there."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from gateway.clock import ManualClock
from gateway.errors import SilverpointError
from gateway.events import Events
from gateway.export.archive_forget import forget_in_archive
from gateway.export.archiver import Archiver
from gateway.export.archiving import archive_file
from gateway.export.exporter import export
from gateway.export.manifest import Manifest
from gateway.export.sample_archive import SampleArchive
from gateway.store.archive_base import STRAYS
from gateway.store.open import open_export
from gateway.store.rows import Batch
from gateway.store.service_rows import Retention
from gateway.store.sqlite import SqliteStore
from tests.export.conftest import FEW, samples_of
from tests.store.store_records import DAY_MS, NOW_MS, settle

LATER_MS = NOW_MS + 33 * DAY_MS
"""All days but the last are past their time."""
Key = tuple[str, int]


def kept(folder: Path) -> Retention:
    return Retention(samples_days=30, archived=True)


async def opened(folder: Path) -> SqliteStore:
    return await SqliteStore.open(str(folder / "store.db"), retention=kept(folder), tuning=FEW)


@pytest.fixture
async def old(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """A store whose samples have grown old; some strays of long ago too."""
    store = await opened(tmp_path)
    samples = [
        timed if timed.sample.seq % 29 else timed._replace(event_ms=NOW_MS - 90 * DAY_MS + timed.sample.seq)
        for timed in samples_of(3, 300)
    ]
    for part in range(3):
        await store.commit(Batch(samples=tuple(samples[part * 100 : part * 100 + 100])))
        await settle(store)
    yield store
    await store.close()


def in_files(folder: Path) -> Counter[Key]:
    found: Counter[Key] = Counter()
    for path in folder.rglob("*.parquet"):
        table = pq.ParquetFile(path).read(columns=["boot_id", "seq"])
        found.update(zip(table["boot_id"].to_pylist(), table["seq"].to_pylist(), strict=True))
    return found


async def in_store(store: SqliteStore) -> Counter[Key]:
    histories = [await store.device_history(device) for device in ("dev-1", "dev-2", "dev-3")]
    return Counter((timed.sample.boot_id, timed.sample.seq) for history in histories for timed in history.samples)


def exported(tmp_path: Path, name: str) -> Counter[Key]:
    source = open_export(f"sqlite:///{tmp_path / 'store.db'}")
    try:
        asked = Manifest("parquet", None, (None, None), 0, 1 << 62)
        export(source, tmp_path / name, asked, tmp_path / "archive", lambda done, total: None)
    finally:
        source.close()
    return in_files(tmp_path / name / "samples")


async def archive_all(store: SqliteStore, tmp_path: Path) -> None:
    """What the archiver does, without a process for each file."""
    while (job := await store.archive_job(LATER_MS)) is not None:
        made = archive_file(f"sqlite:///{tmp_path / 'store.db'}", tmp_path / "archive", job)
        assert await store.note_archived(made.file, made.keys, LATER_MS)


async def test_nothing_goes_before_it_is_in_a_file(old: SqliteStore) -> None:
    before = await in_store(old)
    await settle(old, LATER_MS)
    assert sum(before.values()) == 300
    assert await in_store(old) == before


async def test_everything_is_in_a_file_or_in_the_store_once_and_exported_once(old: SqliteStore, tmp_path: Path) -> None:
    everything = await in_store(old)
    await archive_all(old, tmp_path)
    assert exported(tmp_path, "between") == everything
    await settle(old, LATER_MS)
    left, archived = await in_store(old), in_files(tmp_path / "archive")
    assert left + archived == everything
    assert sum(archived.values()) > 200
    assert exported(tmp_path, "after") == everything
    assert await old.check() == ()
    source = open_export(f"sqlite:///{tmp_path / 'store.db'}")
    asked = Manifest("csv", None, (None, None), 0, 1 << 62)
    text = export(source, tmp_path / "text", asked, tmp_path / "archive", lambda done, total: None)
    source.close()
    assert sum(entry.rows for entry in text.files if entry.table == "samples") == 300
    assert await old.archive_job(LATER_MS) is None
    assert {file.day for file in await old.archives()} > {STRAYS}


@pytest.mark.parametrize("seed", range(4))
async def test_a_kill_at_any_moment_loses_and_doubles_nothing(old: SqliteStore, tmp_path: Path, seed: int) -> None:
    """Files written and never noted, days that went in part, and the store opened again in between."""
    everything, rng, store = await in_store(old), random.Random(seed), old
    url = f"sqlite:///{tmp_path / 'store.db'}"
    for _ in range(200):
        job = await store.archive_job(LATER_MS)
        if job is None:
            break
        made = archive_file(url, tmp_path / "archive", job)
        if rng.random() < 0.5:
            assert await store.note_archived(made.file, made.keys, LATER_MS)
        for _ in range(rng.randrange(3)):
            await store.maintain(LATER_MS)
        if rng.random() < 0.3:
            if store is not old:
                await store.close()
            store = await opened(tmp_path)
        assert exported(tmp_path, f"out-{rng.random()}") == everything
    await settle(store, LATER_MS)
    assert await in_store(store) + in_files(tmp_path / "archive") == everything
    if store is not old:
        await store.close()


async def test_a_day_that_has_grown_since_its_file_was_written_is_not_noted(old: SqliteStore, tmp_path: Path) -> None:
    job = await old.archive_job(LATER_MS)
    assert job is not None
    made = archive_file(f"sqlite:///{tmp_path / 'store.db'}", tmp_path / "archive", job)
    fewer = made.file._replace(samples=made.file.samples - 1)
    assert not await old.note_archived(fewer, made.keys, LATER_MS)
    assert await old.archives() == ()


async def test_a_series_is_drawn_from_the_archive_as_it_was_before(old: SqliteStore, tmp_path: Path) -> None:
    since_ms, until_ms = NOW_MS - 6 * DAY_MS, NOW_MS
    archive = SampleArchive(old, tmp_path / "archive")

    async def series(points: int) -> list[object]:
        found = await old.sample_series("dev-2", since_ms, until_ms, points)
        return list(await archive.with_archived(found, "dev-2", since_ms, until_ms, points))

    before = await series(1_000)
    await archive_all(old, tmp_path)
    await settle(old, LATER_MS)
    assert len(before) > 50
    assert await series(1_000) == before
    assert len(await series(20)) <= 20


async def test_the_archiver_works_beside_the_gateway(old: SqliteStore, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    archiver = Archiver(old, f"sqlite:///{tmp_path / 'store.db'}", folder, ManualClock(LATER_MS), Events())
    assert await archiver.step()
    assert [file.name.split("/")[0] for file in await old.archives()] == [path.name for path in folder.iterdir()]


async def test_a_folder_that_cannot_be_written_keeps_the_samples(old: SqliteStore, tmp_path: Path) -> None:
    (tmp_path / "archive").write_text("in the way")
    job = await old.archive_job(LATER_MS)
    assert job is not None
    with pytest.raises(SilverpointError, match="choose another"):
        archive_file(f"sqlite:///{tmp_path / 'store.db'}", tmp_path / "archive", job)


async def test_a_clinic_that_is_forgotten_is_forgotten_in_the_archive(old: SqliteStore, tmp_path: Path) -> None:
    await archive_all(old, tmp_path)
    forgotten = forget_in_archive(tmp_path / "archive", "clinic-2")
    tables = [pq.ParquetFile(path).read() for path in (tmp_path / "archive").rglob("*.parquet")]
    assert forgotten > 0
    assert {clinic for table in tables for clinic in table["clinic_id"].to_pylist()} == {"clinic-1"}
    assert forget_in_archive(tmp_path / "archive", "clinic-2") == 0
