"""What the parts of the SQLite store share: connections, numbers, and the little that is kept in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import takewhile

import aiosqlite

from gateway.store.service_rows import Retention
from gateway.store.sqlite.boot_index import BootIndex, load_boots
from gateway.store.sqlite.checkpoint import Checkpointer
from gateway.store.sqlite.connection import Readers, Writer, fetch
from gateway.store.sqlite.hot import HotTable, hot_table
from gateway.store.sqlite.numbers import Numbers
from gateway.store.sqlite.state_rows import Facts


@dataclass(frozen=True, slots=True)
class Tuning:
    """How work is cut up; the defaults suit millions of samples, tests use tiny ones."""

    seal_rows: int = 500_000
    """A hot table of so many samples is sealed."""
    seal_step_rows: int = 5_000
    clear_step_rows: int = 40_000
    delete_step_rows: int = 4_000
    most_raw_rows: int = 200_000
    """A series over more samples than this is drawn from rollups."""


class Changes:
    """Which commit changed each device last, in order of commits."""

    def __init__(self) -> None:
        self._commit_no: dict[str, int] = {}

    def note(self, device_ids: Iterable[str], commit_no: int) -> None:
        """Commits are noted in their order."""
        for device_id in device_ids:
            self._commit_no.pop(device_id, None)
            self._commit_no[device_id] = commit_no

    def since(self, commit_no: int) -> tuple[str, ...]:
        """The devices changed after `commit_no`."""
        newest_first: Iterator[tuple[str, int]] = reversed(self._commit_no.items())
        return tuple(device_id for device_id, _ in takewhile(lambda change: change[1] > commit_no, newest_first))


@dataclass(slots=True)
class Database:
    """One open store."""

    path: str
    writer: Writer
    readers: Readers
    sealer: Readers
    checkpointer: Checkpointer
    retention: Retention
    tuning: Tuning
    hot: HotTable
    numbers: Numbers = field(default_factory=Numbers)
    changes: Changes = field(default_factory=Changes)
    boots: BootIndex = field(default_factory=BootIndex)
    facts: dict[str, Facts] = field(default_factory=dict)
    """The device facts in the store: they are written only when they change."""


async def warm(database: Database) -> None:
    """Fills what is kept in memory from the store."""
    async with database.readers.snapshot() as connection:
        await _load_numbers(connection, database.numbers)
        await load_boots(connection, database.boots, database.numbers)
        rows = await fetch(
            connection,
            "SELECT device_id, commit_no FROM device_states JOIN devices USING (device_no) ORDER BY commit_no",
        )
        for device_id, commit_no in rows:
            database.changes.note((device_id,), commit_no)
        facts = await fetch(
            connection,
            "SELECT d.device_id, first_seen_ms, status_state, status_received_ms, status_boot_id, model, firmware,"
            " form, interval_s FROM device_facts JOIN devices d USING (device_no)",
        )
        database.facts.update((row[0], row[1:]) for row in facts)
        database.hot = await hot_table(connection)


async def _load_numbers(connection: aiosqlite.Connection, numbers: Numbers) -> None:
    numbers.devices.update(dict(await fetch(connection, "SELECT device_id, device_no FROM devices")))
    numbers.clinics.update(dict(await fetch(connection, "SELECT clinic_id, clinic_no FROM clinics")))
    numbers.nozzles.update(dict(await fetch(connection, "SELECT serial, nozzle_no FROM nozzles")))


class Part:
    """Base of the store's parts: each sees the one open database."""

    def __init__(self, database: Database) -> None:
        self._db = database
