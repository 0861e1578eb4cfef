"""The store as files: check before opening, backup, restore, integrity."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Final

import aiosqlite

from gateway.errors import StoreError
from gateway.store.sqlite.connection import dial, fetch, fetch_one, translated
from gateway.store.sqlite.hot import FAR, day_table
from gateway.store.sqlite.migrate import migrations, store_version

_SIDE_FILES: Final = ("-wal", "-shm", "-journal")


def require_writable(path: str) -> None:
    """Raises StoreError, with what to do, where a store can't be at `path`."""
    file = Path(path)
    folder = file.resolve().parent
    if not folder.is_dir():
        raise StoreError(f"the store {path} can't be opened: there is no folder {folder}; make it or change store.url")
    if file.is_dir():
        raise StoreError(f"the store {path} can't be opened: it is a folder; name a file in store.url")
    if not os.access(folder, os.W_OK):
        raise StoreError(f"the store {path} can't be opened: the folder {folder} is not writable for this user")
    if file.exists() and not os.access(file, os.R_OK | os.W_OK):
        raise StoreError(f"the store {path} can't be opened: the file is not writable for this user")


async def copy_store(path: str, target: str) -> None:
    """Writes a consistent, compact copy of the store at `path` to `target`, which must not be there yet."""
    part = f"{target}.part"
    _require_new(target)
    _discard(part)
    try:
        with translated(path):
            connection = await dial(path, writer=False)
            try:
                await connection.execute("PRAGMA query_only = OFF")
                await connection.execute("VACUUM INTO ?", (part,))
            finally:
                await connection.close()
        await asyncio.to_thread(_put, part, target)
    finally:
        _discard(part)


async def restore_store(backup: str, path: str) -> None:
    """Puts a backup in the store's place; the store that was there is kept beside it as `….before-restore`.

    No gateway may run. Raises StoreError where the backup is no sound store of ours.
    """
    _require_file(backup)
    require_writable(path)
    incoming = f"{path}.incoming"
    _discard(incoming)
    await copy_store(backup, incoming)
    try:
        faults = await faults_of(incoming)
        if faults:
            raise StoreError(f"{backup} can't be restored: {faults[0]}")
        await _fold_log(path)
        _set_aside(path)
        await asyncio.to_thread(_put, incoming, path)
    finally:
        _discard(incoming)


async def check_store(connection: aiosqlite.Connection) -> tuple[str, ...]:
    """Faults of the file, and of what the store promises about itself."""
    faults = [str(row[0]) for row in await fetch(connection, "PRAGMA integrity_check(20)") if row[0] != "ok"]
    if faults:
        return tuple(faults)
    for day, samples in await fetch(connection, "SELECT day, samples FROM days"):
        counted = await fetch_one(connection, f"SELECT count(*) FROM {day_table(day)}")
        if counted is None or counted[0] != samples:
            name = "the far samples" if day == FAR else day_table(day)
            faults.append(f"{name}: {samples} samples noted, {counted and counted[0]} there")
    for what, where in _INVARIANTS:
        row = await fetch_one(connection, f"SELECT count(*) FROM {where}")
        if row is not None and row[0]:
            faults.append(f"{what}: {row[0]}")
    return tuple(faults)


_INVARIANTS: Final = (
    ("hot samples of unknown boots", "hot_0 WHERE boot_no NOT IN (SELECT boot_no FROM boots)"),
    ("hot samples of unknown boots", "hot_1 WHERE boot_no NOT IN (SELECT boot_no FROM boots)"),
    ("marks of unknown boots", "marks WHERE boot_no NOT IN (SELECT boot_no FROM boots)"),
    ("states of unknown devices", "device_states WHERE device_no NOT IN (SELECT device_no FROM devices)"),
    ("states of commits to come", "device_states WHERE commit_no > (SELECT value FROM meta WHERE key = 'commit_no')"),
)


async def faults_of(path: str) -> tuple[str, ...]:
    """What is wrong with the store at `path`; reads only, also while a gateway runs on it."""
    with translated(path):
        connection = await dial(path, writer=False)
        try:
            version = await store_version(connection, path)
            newest = migrations()[-1].version
            if not 0 < version <= newest:
                return (f"it has store version {version}, this program knows 1 to {newest}",)
            return await check_store(connection)
        finally:
            await connection.close()


async def _fold_log(path: str) -> None:
    """Brings the write-ahead log of the old store into its file, so that the file alone is all of it."""
    if not _exists(path):
        return
    with suppress(sqlite3.Error):
        connection = await dial(path, writer=True)
        try:
            await connection.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            await connection.close()


def _require_new(target: str) -> None:
    if Path(target).exists():
        raise StoreError(f"{target} is there already: give the backup a new name")
    require_writable(target)


def _require_file(backup: str) -> None:
    if not Path(backup).is_file():
        raise StoreError(f"there is no backup {backup}")


def _exists(path: str) -> bool:
    return Path(path).exists()


def _set_aside(path: str) -> None:
    file = Path(path)
    if file.exists():
        file.replace(f"{path}.before-restore")
    for suffix in _SIDE_FILES:
        _discard(path + suffix)


def _discard(path: str) -> None:
    Path(path).unlink(missing_ok=True)


def _put(part: str, target: str) -> None:
    """Gives a finished file its name, durably."""
    _sync(Path(part))
    Path(part).replace(target)
    _sync(Path(target).resolve().parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
