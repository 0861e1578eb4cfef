"""Migrations: numbered SQL files, each applied once, in order, in a transaction of its own; a new store's in one."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

import aiosqlite

from gateway.errors import StoreError, StoreVersionError
from gateway.store.sqlite.connection import fetch_one

APPLICATION_ID: Final = 0x53696C76
"""Marks a SQLite file as ours ('Silv')."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step: brings a store from version - 1 to version."""

    version: int
    sql: str


def migrations() -> tuple[Migration, ...]:
    """All migrations of this program, in order."""
    folder = files("gateway.store.sqlite") / "migrations"
    found = [
        Migration(int(file.name.partition("_")[0]), file.read_text(encoding="utf-8"))
        for file in folder.iterdir()
        if file.name.endswith(".sql")
    ]
    return tuple(sorted(found, key=lambda migration: migration.version))


async def store_version(connection: aiosqlite.Connection, path: str) -> int:
    """The version of the store; 0 for a new, empty file. Raises StoreError where the file is somebody else's."""
    version = await fetch_one(connection, "PRAGMA user_version")
    mark = await fetch_one(connection, "PRAGMA application_id")
    tables = await fetch_one(connection, "SELECT count(*) FROM sqlite_schema")
    assert version is not None
    assert mark is not None
    assert tables is not None
    if tables[0] and mark[0] != APPLICATION_ID:
        raise StoreError(f"{path} is a SQLite database, but not a Silverpoint store: give another path in store.url")
    return int(version[0])


async def migrate(connection: aiosqlite.Connection, path: str, steps: tuple[Migration, ...]) -> None:
    """Applies the steps that the store has not had.

    Raises StoreVersionError where a newer program wrote it.
    """
    version = await store_version(connection, path)
    newest = steps[-1].version
    if version > newest:
        raise StoreVersionError(
            f"the store {path} has version {version}, this program knows up to {newest}: use the newer program, or"
            " restore a backup made before it was migrated"
        )
    missing = [step for step in steps if step.version > version]
    if version == 0:
        # Nobody's data is at stake, and every transaction waits for the disk: one takes a third of the time of sixteen.
        await _apply(connection, missing)
        return
    for step in missing:
        await _apply(connection, [step])


async def _apply(connection: aiosqlite.Connection, steps: Sequence[Migration]) -> None:
    sql = "\n;".join(step.sql for step in steps)
    try:
        await connection.executescript(
            f"BEGIN IMMEDIATE;\n{sql}\n;PRAGMA application_id = {APPLICATION_ID};\n"
            f"PRAGMA user_version = {steps[-1].version};\nCOMMIT;"
        )
    except sqlite3.Error:
        if connection.in_transaction:
            await connection.execute("ROLLBACK")
        raise
