"""Reads of sessions, ledger and whole histories."""

from __future__ import annotations

from typing import Final

from gateway.store.rows import DeviceHistory, LedgerRow, TimedNozzleEvent, TimedSession
from gateway.store.sqlite.connection import fetch
from gateway.store.sqlite.database import Part
from gateway.store.sqlite.hot import DAY_MS
from gateway.store.sqlite.ledger_rows import NAMED_LEDGER, named_ledger_row
from gateway.store.sqlite.sample_row import named_sample
from gateway.store.sqlite.samples import ALL_TIME, sample_rows
from gateway.store.sqlite.session_rows import NAMED_EVENTS, NAMED_SESSIONS, named_event, named_session

_DEVICE: Final = "s.device_no = (SELECT device_no FROM devices WHERE device_id = ?)"
_BY_KEY: Final = "ORDER BY s.event_ms, b.boot_id, s.seq"


class RecordReads(Part):
    """Reads what devices recorded besides their samples."""

    async def sessions(
        self,
        *,
        device_id: str | None,
        since_ms: int,
        until_ms: int,
        limit: int,
        before: tuple[int, str, str, int] | None,
    ) -> tuple[TimedSession, ...]:
        """Newest first by (event_ms, device_id, boot_id, seq); `before` is the last row of the page before."""
        where, parameters = ["s.event_ms >= ?", "s.event_ms < ?"], [since_ms, until_ms]
        values: list[object] = list(parameters)
        if device_id is not None:
            where.append(_DEVICE)
            values.append(device_id)
        if before is not None:
            where.append("s.event_ms <= ? AND (s.event_ms, d.device_id, b.boot_id, s.seq) < (?, ?, ?, ?)")
            values += (before[0], *before)
        async with self._db.readers.snapshot() as connection:
            rows = await fetch(
                connection,
                f"{NAMED_SESSIONS} WHERE {' AND '.join(where)}"
                " ORDER BY s.event_ms DESC, d.device_id DESC, b.boot_id DESC, s.seq DESC LIMIT ?",
                (*values, limit),
            )
        return tuple(named_session(row) for row in rows)

    async def sessions_by_day(self, since_ms: int, until_ms: int) -> tuple[tuple[str, int, int], ...]:
        """(clinic_id, UTC day start ms, sessions) of the days that have any, in order of (day, clinic)."""
        async with self._db.readers.snapshot() as connection:
            rows = await fetch(
                connection,
                f"SELECT c.clinic_id, g.day * {DAY_MS}, g.sessions FROM (SELECT clinic_no, at_ms / {DAY_MS} AS day,"
                " count(*) AS sessions FROM sessions WHERE at_ms >= ? AND at_ms < ? GROUP BY day, clinic_no) g"
                " JOIN clinics c ON c.clinic_no = g.clinic_no ORDER BY g.day, c.clinic_id",
                (since_ms, until_ms),
            )
        return tuple((row[0], row[1], row[2]) for row in rows)

    async def ledger(self, *, device_id: str | None = None, serial: str | None = None) -> tuple[LedgerRow, ...]:
        """Rows of the device, of the nozzle, or of both, in order of key."""
        where, values = ["true"], []
        if device_id is not None:
            where.append(_DEVICE)
            values.append(device_id)
        if serial is not None:
            where.append("s.nozzle_no = (SELECT nozzle_no FROM nozzles WHERE serial = ?)")
            values.append(serial)
        async with self._db.readers.snapshot() as connection:
            rows = await fetch(
                connection,
                f"{NAMED_LEDGER} WHERE {' AND '.join(where)}"
                " ORDER BY s.event_ms, s.boot_id, s.seq, d.device_id, s.ledger_no",
                values,
            )
        return tuple(named_ledger_row(row) for row in rows)

    async def device_history(self, device_id: str) -> DeviceHistory:
        """Every kept record of a device, each in order of key, to fold its derived state again."""
        async with self._db.readers.snapshot() as connection:
            samples = await sample_rows(connection, device_id, *ALL_TIME, limit=ALL_TIME[1])
            sessions = await fetch(connection, f"{NAMED_SESSIONS} WHERE {_DEVICE} {_BY_KEY}", (device_id,))
            events = await fetch(connection, f"{NAMED_EVENTS} WHERE {_DEVICE} {_BY_KEY}", (device_id,))
        timed_sessions: tuple[TimedSession, ...] = tuple(named_session(row) for row in sessions)
        timed_events: tuple[TimedNozzleEvent, ...] = tuple(named_event(row) for row in events)
        return DeviceHistory(tuple(named_sample(row) for row in samples), timed_sessions, timed_events)
