"""Tables to CSV that a spreadsheet opens as numbers and text, and never as formulas. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

Value: TypeAlias = str | float | None
CSV_TYPE: Final = "text/csv; charset=utf-8"

_STARTS_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def csv_text(head: Sequence[str], rows: Iterable[Sequence[Value]]) -> str:
    """UTF-8 with a byte order mark, so that spreadsheets know it; lines end as RFC 4180 has it."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_safe(text) for text in head)
    for row in rows:
        writer.writerow("" if value is None else _safe(value) for value in row)
    return "\ufeff" + out.getvalue()


def _safe(value: str | float) -> str | float:
    """A text that a spreadsheet would run is given an apostrophe before it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_STARTS_FORMULA) else value
