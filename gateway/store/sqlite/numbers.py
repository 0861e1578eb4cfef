"""Surrogate numbers: each device, clinic, nozzle and boot is named once and referred to by a small integer.

The writer keeps the numbers that it uses in memory. New ones are made in the transaction that first needs them
and forgotten again if it fails.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import aiosqlite

from gateway.store.sqlite.connection import fetch, fetch_one
from gateway.store.sqlite.multirow import RowsStatement, write_rows

_MOST_BOOTS_KEPT: Final = 500_000

Boot = tuple[str, str]
"""(device_id, boot_id)"""


@dataclass(frozen=True, slots=True)
class Names:
    """The names that a transaction will refer to."""

    devices: set[str] = field(default_factory=set)
    clinics: set[str] = field(default_factory=set)
    nozzles: set[str] = field(default_factory=set)
    boots: set[Boot] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    number: str
    text: str


_DEVICES = _Table("devices", "device_no", "device_id")
_CLINICS = _Table("clinics", "clinic_no", "clinic_id")
_NOZZLES = _Table("nozzles", "nozzle_no", "serial")


class Numbers:
    """Maps from names to numbers, filled by `learn`; a missing name is a KeyError. No nozzle has no number."""

    def __init__(self) -> None:
        self.devices: dict[str, int] = {}
        self.clinics: dict[str, int] = {}
        self.nozzles: dict[str | None, int | None] = {None: None}
        self.boots: dict[Boot, int] = {}

    async def learn(self, connection: aiosqlite.Connection, names: Names) -> Names:
        """Finds or makes the numbers of `names`; gives back the names that were not known in memory.

        Must run in the writer's transaction; if that fails, `forget` what this gave.
        """
        if len(self.boots) > _MOST_BOOTS_KEPT:
            self.boots.clear()
        names.devices.update(device_id for device_id, _ in names.boots)
        # `set - dict.keys()` would go through all that is known, at each commit.
        new = Names(
            devices=names.devices.difference(self.devices),
            clinics=names.clinics.difference(self.clinics),
            nozzles={serial for serial in names.nozzles if serial not in self.nozzles},
            boots=names.boots.difference(self.boots),
        )
        try:
            self.devices.update(await _number(connection, _DEVICES, new.devices))
            self.clinics.update(await _number(connection, _CLINICS, new.clinics))
            self.nozzles.update(await _number(connection, _NOZZLES, new.nozzles))
            self.boots.update(await self._number_boots(connection, new.boots))
        except BaseException:
            self.forget(new)
            raise
        return new

    def forget(self, names: Names) -> None:
        """Takes back what a transaction that failed had learned."""
        for device_id in names.devices:
            self.devices.pop(device_id, None)
        for clinic_id in names.clinics:
            self.clinics.pop(clinic_id, None)
        for serial in names.nozzles:
            self.nozzles.pop(serial, None)
        for boot in names.boots:
            self.boots.pop(boot, None)

    async def _number_boots(self, connection: aiosqlite.Connection, boots: set[Boot]) -> dict[Boot, int]:
        if not boots:
            return {}
        numbers = await find_boots(connection, boots)
        new = sorted(boots - numbers.keys())
        next_no = await _next_number(connection, "boots", "boot_no")
        values: list[object] = []
        for boot_no, boot in enumerate(new, next_no):
            numbers[boot] = boot_no
            values += (boot_no, self.devices[boot[0]], boot[1])
        await write_rows(connection, _NEW_BOOTS, values)
        return numbers


_NEW_BOOTS = RowsStatement("INSERT INTO boots (boot_no, device_no, boot_id)", 3)


async def find_boots(connection: aiosqlite.Connection, boots: Iterable[Boot]) -> dict[Boot, int]:
    """The numbers of those boots that have one."""
    rows = await fetch(
        connection,
        "SELECT d.device_id, b.boot_id, b.boot_no FROM json_each(?) j"
        " JOIN devices d ON d.device_id = j.value ->> 0"
        " JOIN boots b ON b.device_no = d.device_no AND b.boot_id = j.value ->> 1",
        (json.dumps(list(boots)),),
    )
    return {(device_id, boot_id): boot_no for device_id, boot_id, boot_no in rows}


async def _number(connection: aiosqlite.Connection, table: _Table, names: set[str]) -> dict[str, int]:
    if not names:
        return {}
    rows = await fetch(
        connection,
        f"SELECT {table.text}, {table.number} FROM {table.name} WHERE {table.text} IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(names)),),
    )
    numbers: dict[str, int] = {row[0]: row[1] for row in rows}
    next_no = await _next_number(connection, table.name, table.number)
    values: list[object] = []
    for number, name in enumerate(sorted(names - numbers.keys()), next_no):
        numbers[name] = number
        values += (number, name)
    await write_rows(connection, RowsStatement(f"INSERT INTO {table.name} ({table.number}, {table.text})", 2), values)
    return numbers


async def _next_number(connection: aiosqlite.Connection, table: str, number: str) -> int:
    row = await fetch_one(connection, f"SELECT coalesce(max({number}), 0) + 1 FROM {table}")
    return int(row[0]) if row else 1
