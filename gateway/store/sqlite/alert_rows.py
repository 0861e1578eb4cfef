"""Alerts and work orders as rows: columns in the order of their fields, what they say as JSON at the end."""

from __future__ import annotations

from typing import Final

from gateway.store.sqlite.connection import Row
from schemas.alert import Alert
from schemas.alert_facts import read_facts
from schemas.work import WorkOrder

ALERT_COLUMNS: Final = (
    "alert_id, rule, subject, clinic_id, device_id, severity, state, value, summary, pending_since_ms, firing_since_ms,"
    " clearing_since_ms, resolved_ms, last_evidence_ms, acknowledged_by, acknowledged_ms, facts_json"
)
"""In the order of `Alert`'s fields."""


def of_alias(alias: str) -> str:
    """The columns of an alert where the table has another name."""
    return ", ".join(f"{alias}.{name}" for name in ALERT_COLUMNS.split(", "))


def alert_of(row: Row) -> Alert:
    """The alert of a row of `ALERT_COLUMNS`."""
    fields: Row = (*row[:-1], read_facts(row[-1]))
    return Alert(*fields)


def order_of(row: Row) -> WorkOrder:
    """The order of a row whose columns are in the order of its fields."""
    fields: Row = (*row[:-1], read_facts(row[-1]))
    return WorkOrder(*fields)
