"""Firmware as it was, and lives as vendors were told them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import aiosqlite

from gateway.store.lives_base import FirmwareSince
from gateway.store.sqlite.connection import fetch, fetch_one
from gateway.store.sqlite.database import Part
from gateway.store.told_base import ToldDocument


class ToldLives(Part):
    """One document for each quarter; the first one stays."""

    async def firmware_history(self) -> Mapping[str, Sequence[FirmwareSince]]:
        """Of each device the firmwares that it told, oldest first."""
        async with self._db.readers.snapshot() as connection:
            rows = await fetch(
                connection,
                "SELECT d.device_id, f.since_ms, f.firmware FROM device_firmware f JOIN devices d USING (device_no)"
                " ORDER BY f.device_no, f.since_ms",
            )
        found: dict[str, list[FirmwareSince]] = {}
        for device_id, since_ms, firmware in rows:
            found.setdefault(device_id, []).append(FirmwareSince(since_ms, firmware))
        return found

    async def told_lives(self, quarter: str) -> ToldDocument | None:
        """What vendors were told of a quarter; None where nobody has asked."""
        async with self._db.readers.snapshot() as connection:
            row = await fetch_one(connection, "SELECT document, k FROM lives_told WHERE quarter = ?", (quarter,))
        return ToldDocument(*row) if row else None

    async def tell_lives(self, quarter: str, told: ToldDocument) -> None:
        """Keeps it, unless something is kept already."""

        async def write(connection: aiosqlite.Connection) -> None:
            await connection.execute(
                "INSERT OR IGNORE INTO lives_told (quarter, document, k) VALUES (?, ?, ?)", (quarter, *told)
            )

        await self._db.writer.run(write)
