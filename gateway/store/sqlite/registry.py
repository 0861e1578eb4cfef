"""The registry: each entry is kept as one JSON document under its kind and id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar

import aiosqlite

from gateway.store.service_rows import AuditRow
from gateway.store.sqlite.audit import write_audit
from gateway.store.sqlite.connection import fetch, fetch_one
from gateway.store.sqlite.database import Part
from schemas.registry import Clinic, DeviceEntry, Lot, NozzleModel, RegistryEntry

_KINDS: Final[dict[str, type[RegistryEntry]]] = {
    "clinic": Clinic,
    "device": DeviceEntry,
    "nozzle_model": NozzleModel,
    "lot": Lot,
}

E = TypeVar("E", Clinic, DeviceEntry, NozzleModel, Lot)


class Registries(Part):
    """Clinics, devices, nozzle models, lots."""

    async def load_registry(self) -> tuple[RegistryEntry, ...]:
        """Every entry, in order of (kind, id)."""
        async with self._db.readers.snapshot() as connection:
            rows = await fetch(connection, "SELECT kind, document FROM registry ORDER BY kind, entry_id")
        return tuple(_KINDS[kind].model_validate_json(document) for kind, document in rows)

    async def save_registry(self, entries: Sequence[RegistryEntry], audit: AuditRow | None) -> None:
        """Inserts or replaces, all or none."""
        rows = [(*_key(entry), entry.model_dump_json()) for entry in entries]

        async def write(connection: aiosqlite.Connection) -> None:
            await connection.executemany("REPLACE INTO registry (kind, entry_id, document) VALUES (?, ?, ?)", rows)
            if audit is not None:
                await write_audit(connection, audit)

        await self._db.writer.run(write)

    async def clinic(self, clinic_id: str) -> Clinic | None:
        return await self._entry(Clinic, "clinic", clinic_id)

    async def device_entry(self, device_id: str) -> DeviceEntry | None:
        return await self._entry(DeviceEntry, "device", device_id)

    async def nozzle_model(self, model: str) -> NozzleModel | None:
        return await self._entry(NozzleModel, "nozzle_model", model)

    async def lot(self, lot: str) -> Lot | None:
        return await self._entry(Lot, "lot", lot)

    async def _entry(self, entry_type: type[E], kind: str, entry_id: str) -> E | None:
        async with self._db.readers.snapshot() as connection:
            row = await fetch_one(
                connection, "SELECT document FROM registry WHERE kind = ? AND entry_id = ?", (kind, entry_id)
            )
        return None if row is None else entry_type.model_validate_json(row[0])


def _key(entry: RegistryEntry) -> tuple[str, str]:
    match entry:
        case Clinic():
            return ("clinic", entry.clinic_id)
        case DeviceEntry():
            return ("device", entry.device_id)
        case NozzleModel():
            return ("nozzle_model", entry.model)
        case Lot():
            return ("lot", entry.lot)
