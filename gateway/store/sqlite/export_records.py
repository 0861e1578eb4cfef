"""What an export reads besides samples: sessions, ledgers, forecasts, alerts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from gateway.store.export_base import NozzleSeen, RecordKind, Row
from gateway.store.sqlite.hot import DAY_MS
from gateway.store.sqlite.ledger_rows import NAMED_LEDGER

DATED: Final[Mapping[RecordKind, tuple[str, str]]] = {
    "sessions": ("sessions", "event_ms"),
    "forecasts": ("wear_forecasts", "as_of_ms"),
    "alerts": ("alerts", "pending_since_ms"),
}
"""Table and time of what is exported by day."""

SESSIONS: Final = (
    "SELECT d.device_id, s.event_ms, c.clinic_id, s.session_id, s.started_ms, s.ended_ms, s.strikes, s.depth_mm,"
    " n.serial, s.power_source, s.ended_by, s.estimated, s.received_ms"
    " FROM sessions s JOIN devices d USING (device_no) JOIN clinics c USING (clinic_no)"
    " LEFT JOIN nozzles n ON n.nozzle_no = s.nozzle_no"
    " WHERE s.event_ms >= ? AND s.event_ms < ? ORDER BY d.device_id, s.event_ms, s.boot_no, s.seq"
)

FORECASTS: Final = (
    "SELECT n.serial, f.as_of_ms, f.group_name, f.strikes, f.wear, f.remaining, f.sessions, f.days, f.replace_by,"
    " f.outcome, f.came_strikes, f.pit, f.inside_80, f.scored_ms"
    " FROM (SELECT nozzle_no, serial FROM nozzles ORDER BY serial) n CROSS JOIN wear_forecasts f USING (nozzle_no)"
    f" WHERE f.day >= ?1 / {DAY_MS} AND f.day <= ?2 / {DAY_MS} AND f.as_of_ms >= ?1 AND f.as_of_ms < ?2"
    " ORDER BY n.serial, f.as_of_ms"
)

ALERTS: Final = (
    "SELECT alert_id, rule, severity, state, clinic_id, device_id, subject, value, summary, pending_since_ms,"
    " firing_since_ms, resolved_ms, acknowledged_by, acknowledged_ms"
    " FROM alerts WHERE pending_since_ms >= ? AND pending_since_ms < ?"
    " ORDER BY device_id, pending_since_ms, alert_id"
)

FIRINGS: Final = (
    "SELECT a.rule, a.clinic_id FROM alert_history h JOIN alerts a USING (alert_id)"
    " WHERE h.to_state = 'firing' AND h.from_state IS NOT 'firing' AND h.at_ms >= ? AND h.at_ms < ?"
)

LEDGER: Final = f"{NAMED_LEDGER} ORDER BY d.device_id, s.event_ms, s.boot_id, s.seq"

SEEN: Final = (
    "SELECT n.serial, s.info, s.strikes, s.coating_ratio, s.last_event_ms FROM sightings s"
    " JOIN nozzles n ON n.nozzle_no = s.pair_no % ?3 WHERE s.pair_no >= ?1 AND s.pair_no < ?2"
)
"""Parameters: the first and the end of the device's pair numbers, and what lies between two devices."""


def nozzle_seen(row: Row) -> NozzleSeen:
    """What a row of SEEN says."""
    serial, info, strikes, coating_ratio, last_event_ms = row
    model, lot, rated_strikes, expires_on = json.loads(info)[:4] if info else (None,) * 4
    return NozzleSeen(serial, model, lot, rated_strikes, expires_on, strikes, coating_ratio, last_event_ms)
