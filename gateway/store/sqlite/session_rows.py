"""Sessions and swap records as rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gateway.store.rows import TimedNozzleEvent, TimedSession
from gateway.store.sqlite.connection import Row
from gateway.store.sqlite.multirow import RowsStatement
from gateway.store.sqlite.numbers import Numbers
from schemas.records import NozzleEvent, Session

_SESSION_COLUMNS: Final = (
    "(boot_no, seq, device_no, clinic_no, event_ms, received_ms, estimated, at_ms, ts_ms, up_ms, session_id,"
    " started_ms, ended_ms, strikes, depth_mm, nozzle_no, power_source, ended_by)"
)
ADD_SESSIONS: Final = RowsStatement(f"INSERT OR IGNORE INTO sessions {_SESSION_COLUMNS}", 18)
REPLACE_SESSIONS: Final = RowsStatement(f"REPLACE INTO sessions {_SESSION_COLUMNS}", 18)
NAMED_SESSIONS: Final = (
    "SELECT d.device_id, b.boot_id, s.seq, c.clinic_id, s.event_ms, s.received_ms, s.estimated, s.ts_ms, s.up_ms,"
    " s.session_id, s.started_ms, s.ended_ms, s.strikes, s.depth_mm, n.serial, s.power_source, s.ended_by"
    " FROM sessions s JOIN devices d ON d.device_no = s.device_no JOIN boots b ON b.boot_no = s.boot_no"
    " JOIN clinics c ON c.clinic_no = s.clinic_no LEFT JOIN nozzles n ON n.nozzle_no = s.nozzle_no"
)

_EVENT_COLUMNS: Final = (
    "(boot_no, seq, device_no, clinic_no, event_ms, received_ms, estimated, ts_ms, up_ms, action, nozzle_no, strikes,"
    " model, lot, rated_strikes, expires_on)"
)
ADD_EVENTS: Final = RowsStatement(f"INSERT OR IGNORE INTO nozzle_events {_EVENT_COLUMNS}", 16)
REPLACE_EVENTS: Final = RowsStatement(f"REPLACE INTO nozzle_events {_EVENT_COLUMNS}", 16)
NAMED_EVENTS: Final = (
    "SELECT d.device_id, b.boot_id, s.seq, c.clinic_id, s.event_ms, s.received_ms, s.estimated, s.ts_ms, s.up_ms,"
    " s.action, n.serial, s.strikes, s.model, s.lot, s.rated_strikes, s.expires_on"
    " FROM nozzle_events s JOIN devices d ON d.device_no = s.device_no JOIN boots b ON b.boot_no = s.boot_no"
    " JOIN clinics c ON c.clinic_no = s.clinic_no JOIN nozzles n ON n.nozzle_no = s.nozzle_no"
)


def session_values(sessions: Iterable[TimedSession], numbers: Numbers) -> list[object]:
    """The rows of sessions, one after the other. Raises KeyError for a name without a number."""
    values: list[object] = []
    for event_ms, received_ms, estimated, session in sessions:
        values += (
            numbers.boots[session.device_id, session.boot_id],
            session.seq,
            numbers.devices[session.device_id],
            numbers.clinics[session.clinic_id],
            event_ms,
            received_ms,
            int(estimated),
            event_ms if session.ended_ms is None else session.ended_ms,
            session.ts_ms,
            session.up_ms,
            session.session_id,
            session.started_ms,
            session.ended_ms,
            session.strikes,
            session.depth_mm,
            numbers.nozzles[session.nozzle_serial],
            session.power_source,
            session.end,
        )
    return values


def named_session(row: Row) -> TimedSession:
    """The session of a row of NAMED_SESSIONS."""
    device_id, boot_id, seq, clinic_id, event_ms, received_ms, estimated, ts_ms, up_ms, *rest = row
    session = Session(clinic_id, device_id, boot_id, seq, ts_ms, up_ms, *rest)
    return TimedSession(event_ms, received_ms, bool(estimated), session)


def event_values(events: Iterable[TimedNozzleEvent], numbers: Numbers) -> list[object]:
    """The rows of swap records, one after the other. Raises KeyError for a name without a number."""
    values: list[object] = []
    for event_ms, received_ms, estimated, event in events:
        values += (
            numbers.boots[event.device_id, event.boot_id],
            event.seq,
            numbers.devices[event.device_id],
            numbers.clinics[event.clinic_id],
            event_ms,
            received_ms,
            int(estimated),
            event.ts_ms,
            event.up_ms,
            event.action,
            numbers.nozzles[event.serial],
            event.strikes,
            event.model,
            event.lot,
            event.rated_strikes,
            event.expires_on,
        )
    return values


def named_event(row: Row) -> TimedNozzleEvent:
    """The swap record of a row of NAMED_EVENTS."""
    device_id, boot_id, seq, clinic_id, event_ms, received_ms, estimated, ts_ms, up_ms, *rest = row
    event = NozzleEvent(clinic_id, device_id, boot_id, seq, ts_ms, up_ms, *rest)
    return TimedNozzleEvent(event_ms, received_ms, bool(estimated), event)
