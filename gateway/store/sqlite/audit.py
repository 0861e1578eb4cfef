"""Audit rows, written in the transaction of the act that they tell of."""

from __future__ import annotations

import aiosqlite

from gateway.store.service_rows import AuditRow
from gateway.store.sqlite.connection import fetch
from gateway.store.sqlite.database import Part


async def write_audit(connection: aiosqlite.Connection, row: AuditRow) -> None:
    """Adds one row."""
    await connection.execute(
        "INSERT INTO audit (at_ms, recorded_ms, actor, action, subject, detail_json) VALUES (?, ?, ?, ?, ?, ?)",
        (row.at_ms, row.recorded_ms, row.actor, row.action, row.subject, row.detail_json),
    )


class Audits(Part):
    """The audit trail; it is never cut."""

    async def add_audit(self, row: AuditRow) -> None:
        """Adds one row on its own."""

        async def write(connection: aiosqlite.Connection) -> None:
            await write_audit(connection, row)

        await self._db.writer.run(write)

    async def audit(self, *, limit: int, before: int | None) -> tuple[AuditRow, ...]:
        """Newest first; `before` is the audit_id of the page before's last row."""
        async with self._db.readers.snapshot() as connection:
            rows = await fetch(
                connection,
                "SELECT audit_id, at_ms, recorded_ms, actor, action, subject, detail_json FROM audit"
                " WHERE ? IS NULL OR audit_id < ? ORDER BY audit_id DESC LIMIT ?",
                (before, before, limit),
            )
        return tuple(AuditRow(*row) for row in rows)
