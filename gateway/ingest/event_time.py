"""Event time: when a record happened, as far as its device's clock can be believed (contract, section 2). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from schemas.records import Record, Status

CLOCK_TOLERANCE_MS: Final = 300_000
"""A device's clock that is further ahead of ours than this is not believed."""


def event_time(ts_ms: int | None, up_ms: int | None, received_ms: int, largest_up_ms: int | None) -> tuple[int, bool]:
    """When a record happened, and whether that is an estimate.

    `largest_up_ms` is the largest `up_ms` of the same message: a record that lies behind it happened as much
    before the receipt.
    """
    if ts_ms is not None and ts_ms <= received_ms + CLOCK_TOLERANCE_MS:
        return ts_ms, False
    if up_ms is None or largest_up_ms is None:
        return received_ms, True
    return received_ms - (largest_up_ms - up_ms), True


def largest_up(records: Sequence[Record]) -> int | None:
    """The largest `up_ms` among the records of one message; None where none of them says it."""
    if len(records) == 1:
        only = records[0]
        return only.up_ms if not isinstance(only, Status) else None
    ups = [record.up_ms for record in records if not isinstance(record, Status) and record.up_ms is not None]
    return max(ups, default=None)
