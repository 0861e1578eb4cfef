"""Silences and maintenance windows: rows that end, and stay."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import astuple
from typing import Final

import aiosqlite

from gateway.store.service_rows import AuditRow
from gateway.store.sqlite.audit import write_audit
from gateway.store.sqlite.connection import Row, fetch, fetch_one
from gateway.store.sqlite.database import Part
from schemas.alert import Matchers, Silence

_COLUMNS: Final = (
    "silence_id, kind, rule, clinic_id, device_id, subject, severity, starts_ms, ends_ms, ends_with_alert, comment,"
    " created_by, created_ms, ended_ms, ended_by"
)
_OPEN: Final = "ended_ms IS NULL AND ends_ms > ?"


class SilenceRows(Part):
    """Silences as people make and end them."""

    async def open_silences(self, now_ms: int) -> tuple[Silence, ...]:
        """Those that count now or later, oldest first."""
        return await self._silences(f"WHERE {_OPEN} ORDER BY silence_id", (now_ms,))

    async def silences(self, *, limit: int, before: int | None, open_at_ms: int | None = None) -> tuple[Silence, ...]:
        """Newest first; `before` is the silence_id of the page before's last row."""
        where = ["(? IS NULL OR silence_id < ?)"] + ([_OPEN] if open_at_ms is not None else [])
        values = (before, before, *(() if open_at_ms is None else (open_at_ms,)), limit)
        return await self._silences(f"WHERE {' AND '.join(where)} ORDER BY silence_id DESC LIMIT ?", values)

    async def silence(self, silence_id: int) -> Silence | None:
        """None where there is none of that id."""
        found = await self._silences("WHERE silence_id = ?", (silence_id,))
        return found[0] if found else None

    async def add_silence(self, silence: Silence, audit: AuditRow) -> Silence:
        """Stores a new one; gives it with its id."""

        async def write(connection: aiosqlite.Connection) -> Row | None:
            await write_audit(connection, audit)
            return await fetch_one(
                connection,
                "INSERT INTO silences (kind, rule, clinic_id, device_id, subject, severity, starts_ms, ends_ms,"
                " ends_with_alert, comment, created_by, created_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                f" RETURNING {_COLUMNS}",
                (
                    silence.kind,
                    *astuple(silence.matchers),
                    silence.starts_ms,
                    silence.ends_ms,
                    silence.ends_with_alert,
                    silence.comment,
                    silence.created_by,
                    silence.created_ms,
                ),
            )

        row = await self._db.writer.run(write)
        assert row is not None
        return _silence(row)

    async def end_silence(self, silence_id: int, by: str, at_ms: int, audit: AuditRow) -> Silence | None:
        """Ends one before its time; one that has ended stays as it is. None where there is none of that id."""

        async def write(connection: aiosqlite.Connection) -> Row | None:
            row = await fetch_one(
                connection,
                "UPDATE silences SET ended_by = iif(ended_ms IS NULL, ?, ended_by), ended_ms = coalesce(ended_ms, ?)"
                f" WHERE silence_id = ? RETURNING {_COLUMNS}",
                (by, at_ms, silence_id),
            )
            if row is not None:
                await write_audit(connection, audit)
            return row

        row = await self._db.writer.run(write)
        return None if row is None else _silence(row)

    async def _silences(self, tail: str, values: Sequence[object]) -> tuple[Silence, ...]:
        async with self._db.readers.snapshot() as connection:
            rows = await fetch(connection, f"SELECT {_COLUMNS} FROM silences {tail}", values)
        return tuple(_silence(row) for row in rows)


async def end_silences(connection: aiosqlite.Connection, silence_ids: Sequence[int], at_ms: int) -> None:
    """Ends silences whose last alert resolves, in the transaction in which it does."""
    await connection.execute(
        "UPDATE silences SET ended_ms = ? WHERE ended_ms IS NULL AND silence_id IN (SELECT value FROM json_each(?))",
        (at_ms, json.dumps(list(silence_ids))),
    )


def _silence(row: Row) -> Silence:
    return Silence(row[0], row[1], Matchers(*row[2:7]), row[7], row[8], bool(row[9]), *row[10:])
