"""Chased claims: a row for each receiver and claim, written with the message that it stands for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import aiosqlite

from gateway.errors import ConflictError
from gateway.store.chase_base import Chase
from gateway.store.notify_rows import NewMessage
from gateway.store.sqlite.connection import changed_rows, fetch
from gateway.store.sqlite.database import Part
from gateway.store.sqlite.outbox import write_messages
from schemas.work import BY_GATEWAY

_ADD: Final = (
    "INSERT INTO work_chases (order_id, claimed_ms, step, receiver, at_ms) SELECT ?, ?, ?, ?, ? WHERE EXISTS"
    " (SELECT 1 FROM work_orders WHERE order_id = ? AND state = 'claimed' AND claimed_ms = ?) ON CONFLICT DO NOTHING"
)
_NOTE: Final = (
    "INSERT INTO work_history (order_id, at_ms, recorded_ms, actor, act, to_state, note)"
    " VALUES (?, ?, ?, ?, 'noted', 'claimed', ?)"
)


class ChaseRows(Part):
    """Who was told of which overdue claim."""

    async def chases(self) -> tuple[Chase, ...]:
        """Of the orders that are claimed."""
        async with self._db.readers.snapshot() as connection:
            rows = await fetch(
                connection,
                "SELECT c.order_id, c.claimed_ms, c.step, c.receiver, c.at_ms FROM work_orders o"
                " JOIN work_chases c ON c.order_id = o.order_id AND c.claimed_ms = o.claimed_ms"
                " WHERE o.state = 'claimed'",
            )
        return tuple(Chase(*row) for row in rows)

    async def apply_chase(self, message: NewMessage, chases: Sequence[Chase], note: str, now_ms: int) -> None:
        """Writes message, chases and notes, or nothing. Raises ConflictError."""

        async def write(connection: aiosqlite.Connection) -> None:
            for chase in chases:
                if not await changed_rows(connection, _ADD, (*chase, chase.order_id, chase.claimed_ms)):
                    raise ConflictError(f"work order {chase.order_id} has changed, or {chase.receiver} was told of it")
            noted = [(chase.order_id, now_ms, now_ms, BY_GATEWAY, note) for chase in chases]
            await connection.executemany(_NOTE, noted)
            await write_messages(connection, [message], now_ms)

        await self._db.writer.run(write)
