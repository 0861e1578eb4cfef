"""Evidence: what the ledger and the readings say about work that is to be done. Pure.

A nozzle counts as replaced once a swap record, the device's or a person's, put another, less worn one in its place.
Taken off alone is not replaced, and neither is a person's word for a nozzle that no device has shown yet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from gateway.store.rows import LedgerRow
from gateway.work.orders import Replaced
from schemas.order_told import OrderTold, Shown

NEW_BATTERY_STEP: Final = 0.1
"""A battery's health does not rise by itself: so much more is another battery."""


_WHOSE: Final[Mapping[Shown | None, str]] = MappingProxyType(
    {"device": "the device reported", "person": "a person recorded and the device shows"}
)


class Worn(NamedTuple):
    """How far a nozzle is used."""

    wear_ratio: float | None
    strikes: int | None


def replacement(
    serial: str, rows: Sequence[LedgerRow], used: Callable[[str], Worn | None], found: Callable[[str], bool]
) -> Replaced | None:
    """The nozzle that took the place of `serial`, by the ledger of its last device (in order of key).

    `used` tells how far a nozzle is used, as devices have shown it; None: no device has. `found` tells whether this
    device has shown it, in a reading or a record of its own.
    """
    worn = used(serial)
    for row in rows[_last_fitting(serial, rows) + 1 :]:
        if row.action != "fitted" or row.serial == serial or not found(row.serial):
            continue
        if _is_less(row, used(row.serial), worn):
            told = OrderTold(serial=row.serial, made_by="device" if row.made_by == "device" else "person")
            note = f"{row.serial} was fitted in its place, as {_WHOSE[told.made_by]}"
            return Replaced(row.event_ms, row.serial, note, told)
    return None


def new_battery(health_then: float | None, health_now: float | None, at_ms: int) -> Replaced | None:
    """A battery whose health rose by more than readings vary is another one."""
    if health_then is None or health_now is None or health_now < health_then + NEW_BATTERY_STEP:
        return None
    note = f"its health rose from {health_then:.0%} to {health_now:.0%}".replace("%", " %")
    return Replaced(at_ms, None, note, OrderTold(health_then=health_then, health_now=health_now))


def fitted_since(serial: str, rows: Sequence[LedgerRow]) -> int | None:
    """When the nozzle was last fitted, or first seen, by this ledger."""
    at = _last_fitting(serial, rows)
    return rows[at].event_ms if at >= 0 else None


def _last_fitting(serial: str, rows: Sequence[LedgerRow]) -> int:
    """Index of the last row that has the nozzle on the device; -1 where none has."""
    mine = (at for at, row in enumerate(rows) if row.serial == serial and row.action != "removed")
    return max(mine, default=-1)


def _is_less(row: LedgerRow, new: Worn | None, old: Worn | None) -> bool:
    """Whether the nozzle was less worn when it was fitted; what it has worn since then does not count."""
    if new is None or old is None:
        return False
    if new.wear_ratio is not None and old.wear_ratio is not None and new.wear_ratio < old.wear_ratio:
        return True
    strikes = new.strikes if row.strikes is None else row.strikes
    return strikes is not None and old.strikes is not None and strikes < old.strikes
