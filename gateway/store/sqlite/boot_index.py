"""Which boot of each device was heard last, and which boots have holes: what a start loads marks of.

Kept in memory and written only where it changes, so that a commit's marks cost no index.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import aiosqlite

from gateway.store.rows import Marks
from gateway.store.sqlite.connection import fetch
from gateway.store.sqlite.mark_rows import has_holes
from gateway.store.sqlite.multirow import RowsStatement, write_rows
from gateway.store.sqlite.numbers import Boot, Numbers

_REPLACE_CURRENT: Final = RowsStatement("REPLACE INTO current_boots (device_no, boot_no)", 2)
_ADD_OPEN: Final = RowsStatement("INSERT OR IGNORE INTO open_boots (boot_no)", 1)


@dataclass(slots=True)
class BootIndex:
    """What is in the store."""

    current: dict[str, tuple[str, int]] = field(default_factory=dict)
    """device_id to (boot_id, last_received_ms)"""
    with_holes: set[Boot] = field(default_factory=set)


@dataclass(slots=True)
class BootChanges:
    """What a batch's marks change."""

    current: dict[str, tuple[str, int]] = field(default_factory=dict)
    switched: list[Boot] = field(default_factory=list)
    """The devices' last boots where they are not those in the store."""
    opened: set[Boot] = field(default_factory=set)
    closed: set[Boot] = field(default_factory=set)


def boot_changes(marks: Iterable[Marks], index: BootIndex) -> BootChanges:
    """Compares marks with the index."""
    changes = BootChanges()
    for mark in marks:
        device_id, boot_id = boot = (mark.device_id, mark.boot_id)
        known = changes.current.get(device_id) or index.current.get(device_id)
        if known is None or known[0] == boot_id or known[1] <= mark.last_received_ms:
            changes.current[device_id] = (boot_id, mark.last_received_ms)
        if has_holes(mark):
            if boot not in index.with_holes:
                changes.opened.add(boot)
        elif boot in index.with_holes:
            changes.closed.add(boot)
    for device_id, (boot_id, _) in changes.current.items():
        stored = index.current.get(device_id)
        if stored is None or stored[0] != boot_id:
            changes.switched.append((device_id, boot_id))
    return changes


async def write_boots(connection: aiosqlite.Connection, changes: BootChanges, numbers: Numbers) -> None:
    """Writes the changes; every boot has its number by now."""
    current: list[object] = []
    for boot in changes.switched:
        current += (numbers.devices[boot[0]], numbers.boots[boot])
    await write_rows(connection, _REPLACE_CURRENT, current)
    await write_rows(connection, _ADD_OPEN, [numbers.boots[boot] for boot in changes.opened])
    if changes.closed:
        closed = json.dumps([numbers.boots[boot] for boot in changes.closed])
        await connection.execute("DELETE FROM open_boots WHERE boot_no IN (SELECT value FROM json_each(?))", (closed,))


def remember_boots(changes: BootChanges, index: BootIndex) -> None:
    """Takes over what was committed."""
    index.current.update(changes.current)
    index.with_holes -= changes.closed
    index.with_holes |= changes.opened


async def load_boots(connection: aiosqlite.Connection, index: BootIndex, numbers: Numbers) -> None:
    """Reads the index, and the numbers of its boots."""
    rows = await fetch(
        connection,
        "SELECT d.device_id, b.boot_id, b.boot_no, m.last_received_ms FROM current_boots c"
        " JOIN boots b ON b.boot_no = c.boot_no JOIN devices d ON d.device_no = b.device_no"
        " JOIN marks m ON m.boot_no = c.boot_no",
    )
    for device_id, boot_id, boot_no, last_received_ms in rows:
        numbers.boots[device_id, boot_id] = boot_no
        index.current[device_id] = (boot_id, last_received_ms)
    rows = await fetch(
        connection,
        "SELECT d.device_id, b.boot_id, b.boot_no FROM open_boots o JOIN boots b ON b.boot_no = o.boot_no"
        " JOIN devices d ON d.device_no = b.device_no",
    )
    for device_id, boot_id, boot_no in rows:
        numbers.boots[device_id, boot_id] = boot_no
        index.with_holes.add((device_id, boot_id))
