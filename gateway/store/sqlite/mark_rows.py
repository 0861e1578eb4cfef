"""Marks as rows: intervals of seqs as compact text."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from gateway.store.rows import Interval, Marks
from gateway.store.sqlite.connection import Row
from gateway.store.sqlite.multirow import RowsStatement
from gateway.store.sqlite.numbers import Numbers

REPLACE_MARKS: Final = RowsStatement(
    "REPLACE INTO marks (boot_no, stored, rejected, lost, last_received_ms)",
    5,
)
NAMED_MARKS: Final = (
    "SELECT d.device_id, b.boot_id, m.stored, m.rejected, m.lost, m.last_received_ms FROM marks m"
    " JOIN boots b ON b.boot_no = m.boot_no JOIN devices d ON d.device_no = b.device_no"
)


def mark_values(marks: Iterable[Marks], numbers: Numbers) -> list[object]:
    """The rows of marks, one after the other. Raises KeyError for a name without a number."""
    boots = numbers.boots
    values: list[object] = []
    for device_id, boot_id, stored, rejected, lost, last_received_ms in marks:
        values += (
            boots[device_id, boot_id],
            intervals_text(stored),
            intervals_text(rejected) if rejected else "",
            intervals_text(lost) if lost else "",
            last_received_ms,
        )
    return values


def named_marks(row: Row) -> Marks:
    """The marks of a row of NAMED_MARKS."""
    return Marks(row[0], row[1], intervals(row[2]), intervals(row[3]), intervals(row[4]), row[5])


def intervals_text(spans: tuple[Interval, ...]) -> str:
    """As '0-41,43-43'."""
    if len(spans) == 1:
        return f"{spans[0][0]}-{spans[0][1]}"
    return ",".join([f"{first}-{last}" for first, last in spans])


def intervals(text: str) -> tuple[Interval, ...]:
    """The reverse of `intervals_text`."""
    if not text:
        return ()
    return tuple((int(first), int(last)) for first, _, last in (span.partition("-") for span in text.split(",")))


def has_holes(marks: Marks) -> bool:
    """Whether a seq between the first and the last that is known is not."""
    if not marks.rejected and not marks.lost:
        return len(marks.stored) > 1
    spans = sorted((*marks.stored, *marks.rejected, *marks.lost))
    return any(following[0] > before[1] + 1 for before, following in pairwise(spans))
