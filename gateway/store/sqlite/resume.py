"""Where the alert rules resume: a row of the hot table, kept with the changes of alerts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import aiosqlite

from gateway.store.resume_base import Position
from gateway.store.sqlite.connection import fetch, fetch_one
from gateway.store.sqlite.database import Part
from gateway.store.sqlite.hot import Phase, seal_state

_KEEP: Final = "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"
_FIRST: Final = (
    "SELECT d.device_id, min(s.event_ms) FROM hot_{table} s JOIN devices d USING (device_no)"
    " WHERE s.rowid > ? GROUP BY s.device_no"
)


class Resume(Part):
    """Reads where rows stand; who writes alerts keeps it with them."""

    async def sample_position(self) -> Position:
        """The place after the newest sample."""
        async with self._db.readers.snapshot() as connection:
            generation, active = await _turn(connection)
            row = await fetch_one(connection, f"SELECT coalesce(max(rowid), 0) FROM hot_{active}")
            commit = await fetch_one(connection, "SELECT value FROM meta WHERE key = 'commit_no'")
            return Position(int(commit[0]) if commit else 0, generation, int(row[0]) if row else 0)

    async def unlooked_since_ms(self) -> Mapping[str, int] | None:
        """The earliest event time of each device's samples past the kept place."""
        async with self._db.readers.snapshot() as connection:
            kept = await fetch(
                connection, "SELECT value FROM meta WHERE key IN ('alert_generation', 'alert_row') ORDER BY key"
            )
            if len(kept) < 2:
                return None
            generation, active = await _turn(connection)
            behind = generation - int(kept[0][0])
            if behind == 0:
                return dict(await fetch(connection, _FIRST.format(table=active), (int(kept[1][0]),)))
            if behind > 1 or (await seal_state(connection)).phase != Phase.SEALING:
                return None
            found: dict[str, int] = dict(await fetch(connection, _FIRST.format(table=1 - active), (int(kept[1][0]),)))
            for device_id, at_ms in await fetch(connection, _FIRST.format(table=active), (0,)):
                found[device_id] = min(at_ms, found.get(device_id, at_ms))
            return found


async def keep_position(connection: aiosqlite.Connection, position: Position) -> None:
    """Notes that all samples before it have been looked at."""
    await connection.execute(_KEEP, ("alert_generation", position.generation))
    await connection.execute(_KEEP, ("alert_row", position.row))


async def _turn(connection: aiosqlite.Connection) -> tuple[int, int]:
    row = await fetch_one(connection, "SELECT generation, active FROM seal")
    assert row is not None
    return int(row[0]), int(row[1])
