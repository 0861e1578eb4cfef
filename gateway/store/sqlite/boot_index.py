"""Which boot of each device was heard last, and which boots have holes: what a start loads marks of.

Kept in memory and written only where it changes, so that a commit's marks cost no index.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
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
    """What is in the store, by device."""

    current: dict[str, str] = field(default_factory=dict)
    with_holes: dict[str, set[str]] = field(default_factory=dict)
    """Only devices that have a boot with holes."""


@dataclass(slots=True)
class BootChanges:
    """What a batch's marks change."""

    others: dict[Boot, int] = field(default_factory=dict)
    """Boots that are not their devices' current ones, with their last receipt."""
    opened: set[Boot] = field(default_factory=set)
    closed: set[Boot] = field(default_factory=set)
    current: dict[str, str] = field(default_factory=dict)
    """The boots that became current; known once they are written."""


def boot_changes(marks: Iterable[Marks], index: BootIndex) -> BootChanges:
    """Compares marks with the index."""
    current, with_holes = index.current, index.with_holes
    changes = BootChanges()
    for mark in marks:
        device_id, boot_id = mark.device_id, mark.boot_id
        if current.get(device_id) != boot_id:
            changes.others[device_id, boot_id] = mark.last_received_ms
        known = device_id in with_holes and boot_id in with_holes[device_id]
        if has_holes(mark) != known:
            (changes.closed if known else changes.opened).add((device_id, boot_id))
    return changes


async def write_boots(
    connection: aiosqlite.Connection, changes: BootChanges, index: BootIndex, numbers: Numbers
) -> None:
    """Writes the changes, after the marks; every boot has its number by now."""
    if changes.others:
        changes.current = await _newly_current(connection, changes.others, index, numbers)
    current: list[object] = []
    for device_id, boot_id in changes.current.items():
        current += (numbers.devices[device_id], numbers.boots[device_id, boot_id])
    await write_rows(connection, _REPLACE_CURRENT, current)
    await write_rows(connection, _ADD_OPEN, [numbers.boots[boot] for boot in changes.opened])
    if changes.closed:
        closed = json.dumps([numbers.boots[boot] for boot in changes.closed])
        await connection.execute("DELETE FROM open_boots WHERE boot_no IN (SELECT value FROM json_each(?))", (closed,))


async def _newly_current(
    connection: aiosqlite.Connection, others: Mapping[Boot, int], index: BootIndex, numbers: Numbers
) -> dict[str, str]:
    """Of each device the boot received last, where that is another one than before."""
    devices = {device_id for device_id, _ in others}
    rows = await fetch(
        connection,
        "SELECT d.device_id, m.last_received_ms FROM json_each(?) j JOIN current_boots c ON c.device_no = j.value"
        " JOIN marks m ON m.boot_no = c.boot_no JOIN devices d ON d.device_no = c.device_no",
        (json.dumps([numbers.devices[device_id] for device_id in devices]),),
    )
    last_ms: dict[str, int] = dict(rows)
    current: dict[str, str] = {}
    for (device_id, boot_id), received_ms in others.items():
        if received_ms >= last_ms.get(device_id, received_ms):
            last_ms[device_id] = received_ms
            current[device_id] = boot_id
    return current


def remember_boots(changes: BootChanges, index: BootIndex) -> None:
    """Takes over what was committed."""
    index.current.update(changes.current)
    for device_id, boot_id in changes.closed:
        boots = index.with_holes[device_id]
        boots.discard(boot_id)
        if not boots:
            del index.with_holes[device_id]
    for device_id, boot_id in changes.opened:
        index.with_holes.setdefault(device_id, set()).add(boot_id)


async def load_boots(connection: aiosqlite.Connection, index: BootIndex, numbers: Numbers) -> None:
    """Reads the index, and the numbers of its boots."""
    rows = await fetch(
        connection,
        "SELECT d.device_id, b.boot_id, b.boot_no FROM current_boots c"
        " JOIN boots b ON b.boot_no = c.boot_no JOIN devices d ON d.device_no = b.device_no",
    )
    for device_id, boot_id, boot_no in rows:
        numbers.boots[device_id, boot_id] = boot_no
        index.current[device_id] = boot_id
    rows = await fetch(
        connection,
        "SELECT d.device_id, b.boot_id, b.boot_no FROM open_boots o JOIN boots b ON b.boot_no = o.boot_no"
        " JOIN devices d ON d.device_no = b.device_no",
    )
    for device_id, boot_id, boot_no in rows:
        numbers.boots[device_id, boot_id] = boot_no
        index.with_holes.setdefault(device_id, set()).add(boot_id)
