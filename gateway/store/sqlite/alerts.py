"""Alerts: rows that change by conditional update, a history row for each change, and the engine's mark."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

import aiosqlite

from gateway.errors import ConflictError
from gateway.store.resume_base import Position
from gateway.store.service_rows import AlertChange, AlertHistoryRow, AuditRow, EndedSilences
from gateway.store.sqlite.alert_rows import ALERT_COLUMNS, alert_of
from gateway.store.sqlite.audit import write_audit
from gateway.store.sqlite.connection import Row, changed_rows, fetch, fetch_one
from gateway.store.sqlite.database import Part
from gateway.store.sqlite.outbox import write_intent
from gateway.store.sqlite.resume import keep_position
from gateway.store.sqlite.silences import end_silences
from schemas.alert import Alert, Rule
from schemas.alert_facts import write_facts

_INSERT: Final = (
    "INSERT INTO alerts (rule, subject, clinic_id, device_id, severity, state, value, summary, pending_since_ms,"
    " firing_since_ms, clearing_since_ms, resolved_ms, last_evidence_ms, facts_json)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING alert_id"
)
_UPDATE: Final = (
    "UPDATE OR IGNORE alerts SET rule = ?, subject = ?, clinic_id = ?, device_id = ?, severity = ?, state = ?,"
    " value = ?, summary = ?, pending_since_ms = ?, firing_since_ms = ?, clearing_since_ms = ?, resolved_ms = ?,"
    " last_evidence_ms = ?, facts_json = ?, acknowledged_by = iif(? = 'resolved', ?, acknowledged_by),"
    " acknowledged_ms = iif(? = 'resolved', ?, acknowledged_ms) WHERE alert_id = ? AND state = ?"
)


class Alerts(Part):
    """Alerts as the engine changes them and people read them."""

    async def open_alerts(self) -> tuple[Alert, ...]:
        """All pending and firing alerts, oldest first."""
        return await self._select("WHERE state <> 'resolved' ORDER BY alert_id", ())

    async def alert_mark(self) -> int:
        """The commit up to which the engine has evaluated."""
        async with self._db.readers.snapshot() as connection:
            row = await fetch_one(connection, "SELECT value FROM meta WHERE key = 'alert_mark'")
        return int(row[0]) if row else 0

    async def changed_since(self, commit_no: int) -> tuple[str, ...]:
        """Ids of devices with a commit after `commit_no`."""
        return self._db.changes.since(commit_no)

    async def apply_alerts(
        self,
        changes: Sequence[AlertChange],
        mark: int,
        ended_silences: EndedSilences | None = None,
        position: Position | None = None,
    ) -> tuple[Alert, ...]:
        """Writes the changes, a history row for each, and the mark; gives the alerts as stored.

        A change whose `expected_state` no longer holds is left out. Acknowledgement belongs to people: only a
        resolved alert that opens again takes what the change says of it.
        """

        async def write(connection: aiosqlite.Connection) -> list[Row]:
            made: dict[tuple[str, str], int] = {}
            for change in changes:
                place = (change.alert.rule, change.alert.subject)
                alert_id = await _apply(connection, change, made.get(place, change.alert.alert_id))
                if alert_id is not None:
                    made[place] = alert_id
            if ended_silences is not None:
                await end_silences(connection, ended_silences.silence_ids, ended_silences.at_ms)
            alert_ids = list(made.values())
            await connection.execute("UPDATE meta SET value = ? WHERE key = 'alert_mark'", (mark,))
            if position is not None:
                await keep_position(connection, position)
            return await fetch(
                connection,
                f"SELECT {ALERT_COLUMNS} FROM alerts WHERE alert_id IN (SELECT value FROM json_each(?))"
                " ORDER BY alert_id",
                (json.dumps(alert_ids),),
            )

        return tuple(alert_of(row) for row in await self._db.writer.run(write))

    async def alerts(
        self,
        *,
        limit: int,
        before: int | None,
        state: str | None = None,
        rule: str | None = None,
        clinic_id: str | None = None,
        device_id: str | None = None,
    ) -> tuple[Alert, ...]:
        """Newest alert first; `before` is the alert_id of the page before's last row."""
        asked = (
            ("alert_id < ?", before),
            ("state = ?", state),
            ("rule = ?", rule),
            ("clinic_id = ?", clinic_id),
            ("device_id = ?", device_id),
        )
        where = ["true", *(condition for condition, value in asked if value is not None)]
        values = [value for _, value in asked if value is not None]
        return await self._select(f"WHERE {' AND '.join(where)} ORDER BY alert_id DESC LIMIT ?", (*values, limit))

    async def alert(self, alert_id: int) -> Alert | None:
        """None where there is none of that id."""
        found = await self._select("WHERE alert_id = ?", (alert_id,))
        return found[0] if found else None

    async def latest_alerts(self, subjects: Sequence[tuple[Rule, str]]) -> tuple[Alert, ...]:
        """The newest alert of each (rule, subject), open or resolved."""
        return await self._select(
            "WHERE alert_id IN (SELECT max(a.alert_id) FROM json_each(?) j JOIN alerts a"
            " ON a.rule = j.value ->> 0 AND a.subject = j.value ->> 1 GROUP BY a.rule, a.subject) ORDER BY alert_id",
            (json.dumps(list(subjects)),),
        )

    async def alert_history(self, alert_id: int) -> tuple[AlertHistoryRow, ...]:
        """Every change of one alert, oldest first."""
        async with self._db.readers.snapshot() as connection:
            rows = await fetch(
                connection,
                "SELECT history_no, alert_id, at_ms, from_state, to_state, severity, note FROM alert_history"
                " WHERE alert_id = ? ORDER BY history_no",
                (alert_id,),
            )
        return tuple(AlertHistoryRow(*row) for row in rows)

    async def acknowledge(self, alert_id: int, by: str, at_ms: int, audit: AuditRow) -> Alert | None:
        """Notes who saw the alert; the first who did stays. None where there is none of that id.

        Raises ConflictError where the alert is resolved.
        """

        async def write(connection: aiosqlite.Connection) -> Row | None:
            row = await fetch_one(connection, f"SELECT {ALERT_COLUMNS} FROM alerts WHERE alert_id = ?", (alert_id,))
            if row is None:
                return None
            if alert_of(row).state == "resolved":
                raise ConflictError(f"alert {alert_id} is resolved: there is nothing left to acknowledge")
            await write_audit(connection, audit)
            return await fetch_one(
                connection,
                "UPDATE alerts SET acknowledged_by = coalesce(acknowledged_by, ?),"
                f" acknowledged_ms = coalesce(acknowledged_ms, ?) WHERE alert_id = ? RETURNING {ALERT_COLUMNS}",
                (by, at_ms, alert_id),
            )

        stored = await self._db.writer.run(write)
        return None if stored is None else alert_of(stored)

    async def _select(self, tail: str, values: Sequence[object]) -> tuple[Alert, ...]:
        async with self._db.readers.snapshot() as connection:
            rows = await fetch(connection, f"SELECT {ALERT_COLUMNS} FROM alerts {tail}", values)
        return tuple(alert_of(row) for row in rows)


async def _apply(connection: aiosqlite.Connection, change: AlertChange, known_id: int) -> int | None:
    """Writes one change; the alert's id, or None where somebody else was first.

    `known_id` is the alert's, also of one that was opened by a change before this one.
    """
    alert = change.alert
    values = (
        alert.rule,
        alert.subject,
        alert.clinic_id,
        alert.device_id,
        alert.severity,
        alert.state,
        alert.value,
        alert.summary,
        alert.pending_since_ms,
        alert.firing_since_ms,
        alert.clearing_since_ms,
        alert.resolved_ms,
        alert.last_evidence_ms,
        write_facts(alert.facts),
    )
    expected = change.expected_state
    if expected is None:
        row = await fetch_one(connection, _INSERT, values)
        alert_id = row[0] if row else None
    else:
        acknowledged = (expected, alert.acknowledged_by, expected, alert.acknowledged_ms)
        changed = await changed_rows(connection, _UPDATE, (*values, *acknowledged, known_id, expected))
        alert_id = known_id if changed else None
    if alert_id is not None:
        await connection.execute(
            "INSERT INTO alert_history (alert_id, at_ms, from_state, to_state, severity, note)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (alert_id, change.at_ms, expected, alert.state, alert.severity, change.note),
        )
        await write_intent(connection, alert_id, change)
    return alert_id
