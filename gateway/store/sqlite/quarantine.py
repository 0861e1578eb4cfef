"""Reads of the quarantine, and the note that an entry was taken in after all."""

from __future__ import annotations

import json
from collections.abc import Sequence

import aiosqlite

from gateway.store.rows import QuarantineEntry
from gateway.store.sqlite.connection import Row, fetch
from gateway.store.sqlite.database import Part
from schemas.rejection import Rejection


class Quarantine(Part):
    """What was rejected."""

    async def quarantine(
        self, *, limit: int, before: int | None, reason: str | None = None, released: bool | None = None
    ) -> tuple[QuarantineEntry, ...]:
        """Newest entry first; `before` is the entry_id of the page before's last row."""
        where: list[str] = ["true"]
        values: list[object] = []
        if before is not None:
            where.append("entry_id < ?")
            values.append(before)
        if reason is not None:
            where.append("reason = ?")
            values.append(reason)
        if released is not None:
            where.append("released_ms IS NOT NULL" if released else "released_ms IS NULL")
        async with self._db.readers.snapshot() as connection:
            rows = await fetch(
                connection,
                "SELECT entry_id, topic, payload_hash, first_received_ms, last_received_ms, count, released_ms,"
                " reason, path, kind, clinic_id, device_id, boot_id, seq, size_bytes, known_json FROM quarantine"
                f" WHERE {' AND '.join(where)} ORDER BY entry_id DESC LIMIT ?",
                (*values, limit),
            )
        return tuple(_entry(row) for row in rows)

    async def mark_released(self, entry_ids: Sequence[int], now_ms: int) -> None:
        """Notes that entries were released; one that was keeps its first time."""

        async def write(connection: aiosqlite.Connection) -> None:
            await connection.execute(
                "UPDATE quarantine SET released_ms = coalesce(released_ms, ?)"
                " WHERE entry_id IN (SELECT value FROM json_each(?))",
                (now_ms, json.dumps(list(entry_ids))),
            )

        await self._db.writer.run(write)


def _entry(row: Row) -> QuarantineEntry:
    return QuarantineEntry(
        entry_id=row[0],
        topic=row[1],
        rejection=Rejection(*row[7:]),
        payload_hash=row[2],
        first_received_ms=row[3],
        last_received_ms=row[4],
        count=row[5],
        released_ms=row[6],
    )
