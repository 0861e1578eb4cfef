"""What vendors were told in files: the first word on a window is the last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import aiosqlite

from gateway.store.sqlite.connection import fetch
from gateway.store.sqlite.database import Part
from gateway.store.told_base import ToldPart

_KEEP: Final = "INSERT OR IGNORE INTO vendor_told (name, span, document, k) VALUES (?, ?, ?, ?)"


class Told(Part):
    """See `gateway.store.told_base`."""

    async def keep_told(self, parts: Sequence[ToldPart]) -> tuple[ToldPart, ...]:
        """Keeps each part, unless its window was told already; gives what was told, in the same order."""

        async def write(connection: aiosqlite.Connection) -> dict[tuple[str, str], ToldPart]:
            for part in parts:
                await connection.execute(_KEEP, part)
            rows = await fetch(connection, "SELECT name, span, document, k FROM vendor_told")
            return {(part.name, part.span): part for part in (ToldPart(*row) for row in rows)}

        kept = await self._db.writer.run(write)
        return tuple(kept[part.name, part.span] for part in parts)
