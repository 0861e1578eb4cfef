"""Work orders, spares and calendars: rows that change by conditional update, a history row for each change."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import aiosqlite

from gateway.store.service_rows import AuditRow
from gateway.store.sqlite.alert_rows import alert_of, of_alias, order_of
from gateway.store.sqlite.audit import write_audit
from gateway.store.sqlite.connection import Row, changed_rows, fetch, fetch_one
from gateway.store.sqlite.database import Part
from gateway.store.work_base import FiredAlert, OrderChange, OrderHistory, SpareRow
from schemas.alert import Alert, Severity
from schemas.alert_facts import write_facts
from schemas.order_told import read_told, write_told
from schemas.work import OrderState, SubjectKind, WorkOrder

_CHANGING: Final = (
    "version", "kind", "subject", "clinic_id", "device_id", "state", "cause", "severity", "summary", "opened_ms",
    "opened_by", "due_ms", "alert_ms", "health_then", "assignee", "claimed_by", "claim_reason", "claimed_ms",
    "ended_ms", "ended_by", "end_reason", "replaced_by", "facts_json",
)  # fmt: skip
_COLUMNS: Final = ", ".join(("order_id", *_CHANGING))
_INSERT: Final = (
    f"INSERT INTO work_orders ({', '.join(_CHANGING)}) VALUES ({', '.join('?' * len(_CHANGING))})"
    " ON CONFLICT DO NOTHING RETURNING order_id"
)
_UPDATE: Final = (
    f"UPDATE OR IGNORE work_orders SET {', '.join(f'{name} = ?' for name in _CHANGING)}"
    " WHERE order_id = ? AND version = ?"
)
_SET_MARK: Final = (
    "INSERT INTO meta (key, value) VALUES ('work_mark', ?) ON CONFLICT DO UPDATE SET value = excluded.value"
)
_FIRED: Final = (
    f"SELECT h.history_no, h.at_ms, h.severity, {of_alias('a')}"
    " FROM alert_history h JOIN alerts a ON a.alert_id = h.alert_id"
    " WHERE h.history_no > ? AND h.to_state = 'firing' AND h.from_state IS NOT 'firing' ORDER BY h.history_no LIMIT ?"
)


class Work(Part):
    """Work orders as the desk and people change them."""

    async def apply_orders(self, changes: Sequence[OrderChange], mark: int | None = None) -> tuple[WorkOrder, ...]:
        """Writes the changes with history and audit, and the mark, in one transaction; gives the orders as stored."""

        async def write(connection: aiosqlite.Connection) -> tuple[WorkOrder, ...]:
            order_ids = [order_id for change in changes if (order_id := await _apply(connection, change))]
            if mark is not None:
                await connection.execute(_SET_MARK, (mark,))
            rows = await fetch(
                connection,
                f"SELECT {_COLUMNS} FROM work_orders WHERE order_id IN (SELECT value FROM json_each(?))"
                " ORDER BY order_id",
                (json.dumps(order_ids),),
            )
            return tuple(order_of(row) for row in rows)

        return await self._db.writer.run(write)

    async def work_mark(self) -> int:
        """The number of the last fired alert that was made work of; a store that has none begins with the newest."""

        async def begin(connection: aiosqlite.Connection) -> int:
            await connection.execute(
                "INSERT INTO meta (key, value) SELECT 'work_mark', coalesce(max(history_no), 0) FROM alert_history"
                " WHERE true ON CONFLICT DO NOTHING"
            )
            row = await fetch_one(connection, "SELECT value FROM meta WHERE key = 'work_mark'")
            return int(row[0]) if row else 0

        return await self._db.writer.run(begin)

    async def fired_alerts(self, after: int, limit: int) -> tuple[FiredAlert, ...]:
        """What began to fire after that one, in order."""
        async with self._db.readers.snapshot() as connection:
            rows = await fetch(connection, _FIRED, (after, limit))
        return tuple(FiredAlert(row[0], _as_it_fired(alert_of(row[3:]), row[1], row[2])) for row in rows)

    async def live_orders(self) -> tuple[WorkOrder, ...]:
        """Every open and claimed order, oldest first."""
        return await self._select_orders("WHERE state IN ('open', 'claimed') ORDER BY order_id", ())

    async def ended_subjects(self) -> tuple[tuple[SubjectKind, str], ...]:
        """The subjects of all orders that are confirmed or closed."""
        async with self._db.readers.snapshot() as connection:
            rows = await fetch(
                connection, "SELECT DISTINCT kind, subject FROM work_orders WHERE state IN ('confirmed', 'closed')"
            )
        return tuple((row[0], row[1]) for row in rows)

    async def latest_orders(self, subjects: Sequence[tuple[SubjectKind, str]]) -> tuple[WorkOrder, ...]:
        """The newest order of each subject; subjects that never had one are left out."""
        return await self._select_orders(
            "WHERE order_id IN (SELECT max(o.order_id) FROM json_each(?) j JOIN work_orders o"
            " ON o.kind = j.value ->> 0 AND o.subject = j.value ->> 1 GROUP BY o.kind, o.subject) ORDER BY order_id",
            (json.dumps(list(subjects)),),
        )

    async def work_orders(
        self,
        *,
        limit: int,
        before: int | None,
        state: OrderState | None = None,
        clinic_id: str | None = None,
        assignee: str | None = None,
    ) -> tuple[WorkOrder, ...]:
        """Newest first; `before` is the order_id of the page before's last row."""
        asked = (
            ("order_id < ?", before),
            ("state = ?", state),
            ("clinic_id = ?", clinic_id),
            ("assignee = ?", assignee),
        )
        where = ["true", *(condition for condition, value in asked if value is not None)]
        values = [value for _, value in asked if value is not None]
        return await self._select_orders(
            f"WHERE {' AND '.join(where)} ORDER BY order_id DESC LIMIT ?", (*values, limit)
        )

    async def work_order(self, order_id: int) -> WorkOrder | None:
        """None where there is none of that id."""
        found = await self._select_orders("WHERE order_id = ?", (order_id,))
        return found[0] if found else None

    async def order_history(self, order_id: int) -> tuple[OrderHistory, ...]:
        """In the order in which it was recorded."""
        async with self._db.readers.snapshot() as connection:
            rows = await fetch(
                connection,
                "SELECT at_ms, recorded_ms, actor, act, to_state, note, told_json FROM work_history WHERE order_id = ?"
                " ORDER BY history_no",
                (order_id,),
            )
        return tuple(_history_of(row) for row in rows)

    async def spares(self) -> tuple[SpareRow, ...]:
        """Every count, in order of (place_kind, place, model)."""
        async with self._db.readers.snapshot() as connection:
            rows = await fetch(
                connection,
                "SELECT place_kind, place, model, on_hand, counted_ms FROM spares ORDER BY place_kind, place, model",
            )
        return tuple(SpareRow(*row) for row in rows)

    async def save_spare(self, row: SpareRow, audit: AuditRow) -> None:
        """Inserts or replaces; an older count than the stored one changes nothing but is audited."""

        async def write(connection: aiosqlite.Connection) -> None:
            await connection.execute(
                "INSERT INTO spares (place_kind, place, model, on_hand, counted_ms) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET on_hand = excluded.on_hand, counted_ms = excluded.counted_ms"
                " WHERE excluded.counted_ms >= counted_ms",
                (row.place_kind, row.place, row.model, row.on_hand, row.counted_ms),
            )
            await write_audit(connection, audit)

        await self._db.writer.run(write)

    async def calendar_turn(self, owner: str) -> int:
        """How often a person's calendar address was made new; 0: never."""
        async with self._db.readers.snapshot() as connection:
            row = await fetch_one(connection, "SELECT turn FROM calendars WHERE owner = ?", (owner,))
        return int(row[0]) if row else 0

    async def renew_calendar(self, owner: str, audit: AuditRow) -> int:
        """Makes the old address invalid; gives the new turn."""

        async def write(connection: aiosqlite.Connection) -> int:
            row = await fetch_one(
                connection,
                "INSERT INTO calendars (owner, turn) VALUES (?, 1) ON CONFLICT DO UPDATE SET turn = turn + 1"
                " RETURNING turn",
                (owner,),
            )
            assert row is not None
            await write_audit(connection, audit)
            return int(row[0])

        return await self._db.writer.run(write)

    async def _select_orders(self, tail: str, values: Sequence[object]) -> tuple[WorkOrder, ...]:
        async with self._db.readers.snapshot() as connection:
            rows = await fetch(connection, f"SELECT {_COLUMNS} FROM work_orders {tail}", values)
        return tuple(order_of(row) for row in rows)


def _history_of(row: Row) -> OrderHistory:
    fields: Row = (*row[:-1], read_told(row[-1]))
    return OrderHistory(*fields)


async def _apply(connection: aiosqlite.Connection, change: OrderChange) -> int | None:
    """Writes one change; the order's id, or None where somebody else was first."""
    order = change.order
    values = (*(getattr(order, name) for name in _CHANGING[:-1]), write_facts(order.facts))
    if order.order_id == 0:
        row = await fetch_one(connection, _INSERT, values)
        order_id = int(row[0]) if row else None
    else:
        changed = await changed_rows(connection, _UPDATE, (*values, order.order_id, change.expected_version))
        order_id = order.order_id if changed else None
    if order_id is None:
        return None
    await connection.executemany(
        "INSERT INTO work_history (order_id, at_ms, recorded_ms, actor, act, to_state, note, told_json)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (order_id, row.at_ms, row.recorded_ms, row.actor, row.act, row.to_state, row.note, write_told(row.told))
            for row in change.history
        ],
    )
    if change.audit is not None:
        await write_audit(connection, change.audit)
    return order_id


def _as_it_fired(alert: Alert, at_ms: int, severity: Severity) -> Alert:
    return replace(alert, state="firing", severity=severity, firing_since_ms=at_ms, resolved_ms=None)
