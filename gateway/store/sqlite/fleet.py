"""What the gateway starts from, marks of older boots, and derived state folded again."""

from __future__ import annotations

import json
from collections.abc import Sequence

import aiosqlite

from gateway.store.rows import Derived, FleetSnapshot, Marks
from gateway.store.sqlite.batch_names import derived_names
from gateway.store.sqlite.commit import next_commit_no
from gateway.store.sqlite.connection import fetch, fetch_one, uncancelled
from gateway.store.sqlite.database import Part
from gateway.store.sqlite.ledger_rows import ADD_LEDGER, NAMED_LEDGER, ledger_values, named_ledger_row
from gateway.store.sqlite.mark_rows import NAMED_MARKS, named_marks
from gateway.store.sqlite.multirow import write_rows
from gateway.store.sqlite.numbers import Names, find_boots
from gateway.store.sqlite.state_rows import (
    NAMED_SIGHTINGS,
    NAMED_STATES,
    PAIR,
    REPLACE_FACTS,
    REPLACE_SIGHTINGS,
    REPLACE_STATES,
    changed_facts,
    fact_values,
    named_sighting,
    named_state,
    sighting_values,
    state_values,
)


class Fleets(Part):
    """Reads and replaces derived state."""

    async def load_fleet(self) -> FleetSnapshot:
        """All derived state, from tables that hold nothing else."""
        async with self._db.readers.snapshot() as connection:
            states = await fetch(connection, f"{NAMED_STATES} ORDER BY d.device_id")
            sightings = await fetch(connection, f"{NAMED_SIGHTINGS} ORDER BY s.pair_no")
            ledger = await fetch(
                connection, f"{NAMED_LEDGER} ORDER BY d.device_id, s.event_ms, s.boot_id, s.seq, s.ledger_no"
            )
            marks = await fetch(
                connection,
                f"{NAMED_MARKS} WHERE m.boot_no IN"
                " (SELECT boot_no FROM current_boots UNION SELECT boot_no FROM open_boots) ORDER BY m.boot_no",
            )
            rebuild = await fetch(
                connection, "SELECT d.device_id FROM rebuilds JOIN devices d USING (device_no) ORDER BY d.device_id"
            )
            commit_no = await fetch_one(connection, "SELECT value FROM meta WHERE key = 'commit_no'")
        return FleetSnapshot(
            devices=tuple(named_state(row) for row in states),
            sightings=tuple(named_sighting(row) for row in sightings),
            ledger=tuple(named_ledger_row(row) for row in ledger),
            marks=tuple(named_marks(row) for row in marks),
            rebuild=tuple(row[0] for row in rebuild),
            commit_no=commit_no[0] if commit_no else 0,
        )

    async def load_marks(self, boots: Sequence[tuple[str, str]]) -> tuple[Marks, ...]:
        """Marks of (device_id, boot_id) pairs; boots never seen are left out."""
        if not boots:
            return ()
        async with self._db.readers.snapshot() as connection:
            numbers = await find_boots(connection, boots)
            rows = await fetch(
                connection,
                f"{NAMED_MARKS} WHERE m.boot_no IN (SELECT value FROM json_each(?))",
                (json.dumps(list(numbers.values())),),
            )
        return tuple(named_marks(row) for row in rows)

    async def replace_derived(self, derived: Derived) -> None:
        """Replaces a device's derived state and strikes it from the devices to rebuild; people's ledger rows stay."""
        await uncancelled(self._replace_derived(derived))

    async def _replace_derived(self, derived: Derived) -> None:
        numbers = self._db.numbers
        device_id = derived.device.device_id
        learned = Names()
        facts = changed_facts((derived.device,), self._db.facts)

        async def write(connection: aiosqlite.Connection) -> int:
            nonlocal learned
            learned = await numbers.learn(connection, derived_names(derived))
            device_no = numbers.devices[device_id]
            commit_no = await next_commit_no(connection)
            await connection.execute(
                "DELETE FROM sightings WHERE pair_no >= ? AND pair_no < ?", (device_no * PAIR, (device_no + 1) * PAIR)
            )
            await connection.execute("DELETE FROM ledger WHERE device_no = ? AND made_by <> 'person'", (device_no,))
            await connection.execute("DELETE FROM rebuilds WHERE device_no = ?", (device_no,))
            await write_rows(connection, REPLACE_STATES, state_values((derived.device,), commit_no, numbers))
            await write_rows(connection, REPLACE_FACTS, fact_values(facts, numbers))
            await write_rows(connection, REPLACE_SIGHTINGS, sighting_values(derived.sightings, numbers))
            made = [row for row in derived.ledger if row.made_by != "person"]
            await write_rows(connection, ADD_LEDGER, ledger_values(made, numbers))
            return commit_no

        try:
            commit_no = await self._db.writer.run(write)
        except BaseException:
            numbers.forget(learned)
            raise
        self._db.facts.update(facts)
        self._db.changes.note((device_id,), commit_no)
