"""Ledger and quarantine rows, to be written with a commit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gateway.store.rows import LedgerRow, QuarantineRow
from gateway.store.sqlite.connection import Row
from gateway.store.sqlite.multirow import RowsStatement
from gateway.store.sqlite.numbers import Numbers

ADD_LEDGER: Final = RowsStatement(
    "INSERT INTO ledger (device_no, clinic_no, event_ms, boot_id, seq, action, nozzle_no, strikes, made_by, reason,"
    " lot, received_ms)",
    12,
)
NAMED_LEDGER: Final = (
    "SELECT d.device_id, c.clinic_id, s.event_ms, s.boot_id, s.seq, s.action, n.serial, s.strikes, s.made_by, s.reason,"
    " s.lot, s.received_ms"
    " FROM ledger s JOIN devices d ON d.device_no = s.device_no JOIN clinics c ON c.clinic_no = s.clinic_no"
    " JOIN nozzles n ON n.nozzle_no = s.nozzle_no"
)
ADD_QUARANTINE: Final = RowsStatement(
    "INSERT INTO quarantine (topic, payload_hash, path, reason, kind, clinic_id, device_id, boot_id, seq, size_bytes,"
    " known_json, first_received_ms, last_received_ms, count)",
    14,
    "ON CONFLICT (topic, payload_hash, path) DO UPDATE SET count = count + 1,"
    " first_received_ms = min(first_received_ms, excluded.first_received_ms),"
    " last_received_ms = max(last_received_ms, excluded.last_received_ms)",
)


def ledger_values(rows: Iterable[LedgerRow], numbers: Numbers) -> list[object]:
    """The rows, one after the other. Raises KeyError for a name without a number."""
    values: list[object] = []
    for row in rows:
        values += (
            numbers.devices[row.device_id],
            numbers.clinics[row.clinic_id],
            row.event_ms,
            row.boot_id,
            row.seq,
            row.action,
            numbers.nozzles[row.serial],
            row.strikes,
            row.made_by,
            row.reason,
            row.lot,
            row.received_ms,
        )
    return values


def named_ledger_row(row: Row) -> LedgerRow:
    """The ledger row of a row of NAMED_LEDGER."""
    return LedgerRow(*row)


def quarantine_values(rows: Iterable[QuarantineRow]) -> list[object]:
    """The rows, one after the other."""
    values: list[object] = []
    for row in rows:
        rejection = row.rejection
        values += (
            row.topic,
            row.payload_hash,
            rejection.path,
            rejection.reason,
            rejection.kind,
            rejection.clinic_id,
            rejection.device_id,
            rejection.boot_id,
            rejection.seq,
            rejection.size_bytes,
            rejection.known_json,
            row.received_ms,
            row.received_ms,
            1,
        )
    return values
