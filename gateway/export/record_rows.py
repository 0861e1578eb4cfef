"""Rows of the store as rows of the exported tables. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence

from gateway.store.export_base import Row


def session_row(row: Row) -> Row:
    """Of `tables.SESSIONS`."""
    return (*row[:11], bool(row[11]), row[12])


def forecast_row(row: Row) -> Row:
    """Of `tables.FORECASTS`."""
    return (*row[:5], _numbers(row[5]), _numbers(row[6]), _numbers(row[7]), *row[8:])


def alert_row(row: Row) -> Row:
    """Of `tables.ALERTS`."""
    return row


def _numbers(text: str | None) -> Sequence[float] | None:
    return None if text is None else [float(value) for value in json.loads(text)]
