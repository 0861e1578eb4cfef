"""The commit of a batch: everything that a few thousand deliveries change, in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import aiosqlite

from gateway.store.rows import Batch, CommitResult
from gateway.store.sqlite.batch_names import batch_names
from gateway.store.sqlite.boot_index import BootChanges, boot_changes, remember_boots, write_boots
from gateway.store.sqlite.connection import fetch_one, uncancelled
from gateway.store.sqlite.database import Database, Part
from gateway.store.sqlite.earlier import replace_earlier
from gateway.store.sqlite.hot import APPEND, NOTE_ESTIMATED
from gateway.store.sqlite.ledger_rows import ADD_LEDGER, ADD_QUARANTINE, ledger_values, quarantine_values
from gateway.store.sqlite.mark_rows import REPLACE_MARKS, mark_values
from gateway.store.sqlite.multirow import RowsStatement, write_rows
from gateway.store.sqlite.numbers import Names, Numbers
from gateway.store.sqlite.sample_row import MadeSamples, estimated_values, sample_values
from gateway.store.sqlite.session_rows import ADD_EVENTS, ADD_SESSIONS, event_values, session_values
from gateway.store.sqlite.state_rows import (
    REPLACE_FACTS,
    REPLACE_SIGHTINGS,
    REPLACE_STATES,
    Facts,
    changed_facts,
    fact_values,
    sighting_values,
    state_values,
)

_ADD_REBUILDS: Final = RowsStatement("INSERT OR IGNORE INTO rebuilds (device_no)", 1)


class Commits(Part):
    """Writes batches."""

    async def commit(self, batch: Batch) -> CommitResult:
        """Writes the batch in one transaction, or nothing of it."""
        return await uncancelled(self._commit(batch))

    async def _commit(self, batch: Batch) -> CommitResult:
        database = self._db
        boots = boot_changes(batch.marks, database.boots)
        facts = changed_facts(batch.devices, database.facts)
        learned: list[Names] = []

        async def write(connection: aiosqlite.Connection) -> CommitResult:
            rows = _Rows(connection, database.numbers, batch, learned)
            return await _write(connection, database, rows, boots, facts)

        try:
            result = await database.writer.run(write)
        except BaseException:
            for names in learned:
                database.numbers.forget(names)
            raise
        database.hot.rows += len(batch.samples)
        remember_boots(boots, database.boots)
        database.facts.update(facts)
        database.changes.note((state.device_id for state in batch.devices), result.commit_no)
        database.checkpointer.wrote(len(batch.samples))
        return result


async def next_commit_no(connection: aiosqlite.Connection) -> int:
    """Takes the number of the commit being written."""
    row = await fetch_one(connection, "UPDATE meta SET value = value + 1 WHERE key = 'commit_no' RETURNING value")
    assert row is not None
    return int(row[0])


class _Rows:
    """Writes one table's rows after the other; names that are new are given their numbers first."""

    def __init__(self, connection: aiosqlite.Connection, numbers: Numbers, batch: Batch, learned: list[Names]) -> None:
        self.batch = batch
        self._connection = connection
        self._numbers = numbers
        self._learned = learned

    async def add(self, statement: RowsStatement, make: Callable[[Numbers], list[object]]) -> list[object]:
        """Makes rows and writes them; gives the rows."""
        try:
            values = make(self._numbers)
        except KeyError:
            await self.learn()
            values = make(self._numbers)
        await write_rows(self._connection, statement, values)
        return values

    async def learn(self) -> None:
        """Gives every name of the batch its number."""
        self._learned.append(await self._numbers.learn(self._connection, batch_names(self.batch)))


async def _write(
    connection: aiosqlite.Connection, database: Database, rows: _Rows, boots: BootChanges, facts: dict[str, Facts]
) -> CommitResult:
    batch = rows.batch
    commit_no = await next_commit_no(connection)
    appended = await rows.add(APPEND[database.hot.active], lambda numbers: sample_values(batch.samples, numbers))
    made = MadeSamples(batch.samples, appended)
    await rows.add(NOTE_ESTIMATED, lambda numbers: estimated_values(batch.samples, numbers))
    await rows.add(REPLACE_STATES, lambda numbers: state_values(batch.devices, commit_no, numbers, made))
    await rows.add(REPLACE_FACTS, lambda numbers: fact_values(facts, numbers))
    await rows.add(REPLACE_SIGHTINGS, lambda numbers: sighting_values(batch.sightings, numbers))
    await rows.add(REPLACE_MARKS, lambda numbers: mark_values(batch.marks, numbers))
    await rows.add(ADD_SESSIONS, lambda numbers: session_values(batch.sessions, numbers))
    await rows.add(ADD_EVENTS, lambda numbers: event_values(batch.nozzle_events, numbers))
    await rows.add(ADD_LEDGER, lambda numbers: ledger_values(batch.ledger, numbers))
    await rows.add(ADD_QUARANTINE, lambda _: quarantine_values(batch.quarantine))
    await write_boots(connection, boots, database.boots, database.numbers)
    rebuild = await _rebuild(connection, database, rows)
    return CommitResult(commit_no, rebuild)


async def _rebuild(connection: aiosqlite.Connection, database: Database, rows: _Rows) -> tuple[str, ...]:
    """Replaces what was received earlier than thought; the devices to fold again, which are noted."""
    batch = rows.batch
    changed: set[str] = set()
    if batch.earlier_samples or batch.earlier_sessions or batch.earlier_nozzle_events:
        await rows.learn()
        changed = await replace_earlier(connection, database, batch)
    rebuild = tuple(sorted({*batch.rebuild, *changed}))
    await rows.add(_ADD_REBUILDS, lambda numbers: [numbers.devices[device_id] for device_id in rebuild])
    return rebuild
