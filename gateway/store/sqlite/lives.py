"""Lives as vendors were told them."""

from __future__ import annotations

import aiosqlite

from gateway.store.sqlite.connection import fetch_one
from gateway.store.sqlite.database import Part


class ToldLives(Part):
    """One document for each quarter; the first one stays."""

    async def told_lives(self, quarter: str) -> str | None:
        """What vendors were told of a quarter; None where nobody has asked."""
        async with self._db.readers.snapshot() as connection:
            row = await fetch_one(connection, "SELECT document FROM lives_told WHERE quarter = ?", (quarter,))
        return row[0] if row else None

    async def tell_lives(self, quarter: str, document: str) -> None:
        """Keeps it, unless something is kept already."""

        async def write(connection: aiosqlite.Connection) -> None:
            await connection.execute(
                "INSERT OR IGNORE INTO lives_told (quarter, document) VALUES (?, ?)", (quarter, document)
            )

        await self._db.writer.run(write)
