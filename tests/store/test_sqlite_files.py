"""The store as a file: faults told clearly, migrations, backup and restore."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.errors import StoreError, StoreUnavailableError, StoreVersionError
from gateway.store.open import open_store, restore, store_path
from gateway.store.rows import Batch
from gateway.store.sqlite import SqliteStore
from gateway.store.sqlite.migrate import Migration, migrations
from tests.store.store_records import (
    NOW_MS,
    commit_samples,
    ledger_row,
    marks,
    sample,
    settle,
    sighting,
    state,
    swap,
)
from tests.store.stored_once import everything, fill, opened

DATABASES = Path(__file__).parent / "databases"


async def _one_sample(path: Path) -> None:
    store = await SqliteStore.open(str(path))
    await commit_samples(store, sample(1))
    await store.close()


async def test_a_full_disk_keeps_the_store_as_it_was_and_is_worth_another_try(tmp_path: Path) -> None:
    store = await SqliteStore.open(str(tmp_path / "store.db"))
    await commit_samples(store, sample(1))
    (pages,) = (await store._db.writer.outside_transaction("PRAGMA page_count"))[0]
    await store._db.writer.outside_transaction(f"PRAGMA max_page_count = {pages}")
    many = tuple(sample(seq, device=f"dev-{seq}", boot=f"boot-{seq}", serial=f"noz-{seq}") for seq in range(2, 900))
    with pytest.raises(StoreUnavailableError, match="full"):
        await store.commit(Batch(samples=many, marks=(marks((0, 1)),)))
    assert (await store.stats()).samples == 1
    await store._db.writer.outside_transaction("PRAGMA max_page_count = 1000000")
    await store.commit(Batch(samples=many))
    assert (await store.stats()).samples == 899
    assert await store.check() == ()
    await store.close()


async def test_a_store_locked_by_another_program_is_worth_another_try(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = await SqliteStore.open(str(path))
    await store._db.writer.outside_transaction("PRAGMA busy_timeout = 20")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailableError, match="locked"):
        await commit_samples(store, sample(1))
    other.execute("ROLLBACK")
    other.close()
    await commit_samples(store, sample(1))
    assert (await store.stats()).samples == 1
    await store.close()


async def test_a_path_that_cannot_be_a_store_is_told_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no folder"):
        await SqliteStore.open(str(tmp_path / "none" / "store.db"))
    with pytest.raises(StoreError, match=r"/proc/store\.db can't be opened"):
        await SqliteStore.open("/proc/store.db")
    with pytest.raises(StoreError, match="is a folder"):
        await SqliteStore.open(str(tmp_path))
    text = tmp_path / "letter.txt"
    text.write_text("not a database " * 100)
    with pytest.raises(StoreError, match=r"letter\.txt.*not a database"):
        await SqliteStore.open(str(text))
    other = sqlite3.connect(tmp_path / "other.db")
    other.execute("CREATE TABLE recipes (name TEXT)")
    other.close()
    with pytest.raises(StoreError, match="not a Silverpoint store"):
        await SqliteStore.open(str(tmp_path / "other.db"))


async def test_a_newer_store_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    newer = (*migrations(), Migration(99, "CREATE TABLE later (x)"))
    store = await SqliteStore.open(str(path), steps=tuple(newer))
    await store.close()
    before = path.read_bytes()
    with pytest.raises(StoreVersionError, match="version 99"):
        await SqliteStore.open(str(path))
    assert path.read_bytes() == before


async def test_an_older_store_is_backed_up_and_migrated(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    await _one_sample(path)
    version = migrations()[-1].version
    store = await SqliteStore.open(str(path), steps=(*migrations(), Migration(version + 1, "CREATE TABLE later (x);")))
    assert (await store.stats()).samples == 1
    await store.close()
    old = await SqliteStore.open(f"{path}.version-{version}.backup")
    assert (await old.stats()).samples == 1
    await old.close()


async def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    await _one_sample(path)
    version = migrations()[-1].version
    broken = Migration(version + 1, "CREATE TABLE later (x); INSERT INTO nowhere VALUES (1);")
    with pytest.raises(StoreError, match="nowhere"):
        await SqliteStore.open(str(path), steps=(*migrations(), broken))
    store = await SqliteStore.open(str(path))
    assert (await store.stats()).samples == 1
    await store.close()


def _of_version(version: int, path: Path) -> Path:
    """A store as the program of that version left it."""
    old = sqlite3.connect(path)
    old.executescript((DATABASES / f"v{version}.sql").read_text(encoding="utf-8"))
    assert old.execute("PRAGMA user_version").fetchone() == (version,)
    old.close()
    return path


async def test_a_store_of_the_first_version_is_migrated_with_what_it_holds(tmp_path: Path) -> None:
    store = await SqliteStore.open(str(_of_version(1, tmp_path / "store.db")))
    fleet = await store.load_fleet()
    assert fleet.devices == (state(sample(7)),)
    assert fleet.sightings == (sighting(),)
    assert fleet.ledger == (ledger_row(1),)
    assert [timed.sample.seq for timed in (await store.device_history("dev-1")).samples] == list(range(8))
    assert sum(row.samples for row in await store.rollups("dev-1", 0, 2 * NOW_MS)) == 8
    assert await store.check() == ()
    await store.close()


@pytest.mark.parametrize("version", [11, 15])
async def test_a_store_of_an_earlier_version_reads_as_one_that_was_always_new(version: int, tmp_path: Path) -> None:
    migrated, new = await opened(_of_version(version, tmp_path / "old.db")), await opened(tmp_path / "new.db")
    await fill(new)
    found, expected = await everything(migrated), await everything(new)
    # When a device's row was received is worked out from its record, which earlier versions kept beside it.
    expected["ledger"] = (replace(ledger_row(10), received_ms=swap(10).received_ms),)
    assert found == expected
    assert await migrated.check() == ()
    await settle(migrated)
    assert [timed.sample.seq for timed in (await migrated.device_history("dev-1")).samples] == list(range(8))
    await commit_samples(migrated, sample(11))
    assert (await migrated.stats()).samples == 9
    await migrated.close()
    await new.close()


def test_the_version_before_the_newest_is_among_those_that_are_tried() -> None:
    """Its store is made by tests/store/stored_once.py before the next migration is written."""
    assert (DATABASES / f"v{migrations()[-1].version - 1}.sql").exists()


async def test_a_backup_taken_while_commits_go_on_is_restored(tmp_path: Path) -> None:
    path, backup = tmp_path / "store.db", tmp_path / "copy.db"
    store = await SqliteStore.open(str(path))
    await commit_samples(store, sample(1))
    await store.backup(str(backup))
    await commit_samples(store, sample(2))
    with pytest.raises(StoreError, match="already"):
        await store.backup(str(backup))
    await store.close()

    url = f"sqlite:///{path}"
    await restore(url, str(backup))
    restored = await open_store(url)
    assert (await restored.stats()).samples == 1
    await restored.close()
    kept = await SqliteStore.open(f"{path}.before-restore")
    assert (await kept.stats()).samples == 2
    await kept.close()


async def test_a_damaged_backup_is_not_restored(tmp_path: Path) -> None:
    path, backup = tmp_path / "store.db", tmp_path / "copy.db"
    await _one_sample(path)
    backup.write_bytes(path.read_bytes()[:20_000])
    with pytest.raises(StoreError):
        await restore(f"sqlite:///{path}", str(backup))
    store = await SqliteStore.open(str(path))
    assert (await store.stats()).samples == 1
    await store.close()


async def test_check_finds_a_day_that_lost_samples(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    await _one_sample(path)
    damaged = sqlite3.connect(path)
    damaged.execute("UPDATE days SET samples = 5 WHERE day = -1")
    damaged.commit()
    damaged.close()
    store = await SqliteStore.open(str(path))
    (fault,) = await store.check()
    assert "5 samples noted" in fault
    await store.close()


def test_a_store_url_names_a_file() -> None:
    assert store_path("sqlite:///silverpoint.db") == "silverpoint.db"
    assert store_path("sqlite:////var/lib/silverpoint.db") == "/var/lib/silverpoint.db"
    for url in ("sqlite:///", "silverpoint.db", "postgresql://host/db"):
        with pytest.raises(StoreError, match=r"sqlite:///relative\.db"):
            store_path(url)
