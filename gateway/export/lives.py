"""Nozzle lives: each fitting of a nozzle on a device, folded from the device's swaps. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gateway.store.export_base import DeviceLedger, Row
from gateway.store.rows import LedgerRow


class Stay(NamedTuple):
    """A nozzle on a device: the row that began it, and the one that ended it (None: it is still fitted)."""

    began: LedgerRow
    ended: LedgerRow | None


def stays(rows: Sequence[LedgerRow]) -> Iterator[Stay]:
    """Every nozzle that the device had, from a swap to a swap; `rows` in order of key. A nozzle that comes without a
    word that another went ends that one's stay."""
    current: LedgerRow | None = None
    for row in rows:
        if current is not None and (row.action != "removed") == (row.serial != current.serial):
            yield Stay(current, row)
            current = None
        if row.action != "removed" and current is None:
            current = row
    if current is not None:
        yield Stay(current, None)


def life_rows(ledger: DeviceLedger, since_ms: int, until_ms: int) -> Iterator[Row]:
    """Rows of `tables.NOZZLE_LIVES`: the stays that touch since <= t < until."""
    for began, ended in stays(ledger.rows):
        if began.event_ms >= until_ms or (ended is not None and ended.event_ms < since_ms):
            continue
        seen = ledger.seen.get(began.serial)
        said = ended is not None and ended.serial == began.serial
        yield (
            began.device_id,
            began.serial,
            began.clinic_id,
            seen.model if seen else None,
            (seen.lot if seen else None) or began.lot,
            seen.rated_strikes if seen else None,
            seen.expires_on if seen else None,
            began.event_ms,
            began.action == "fitted",
            began.made_by,
            began.strikes,
            ended.event_ms if ended else None,
            None if ended is None else ended.made_by if said else "inference",
            ended.strikes if ended and said and ended.strikes is not None else seen.strikes if seen else None,
            seen.coating_ratio if seen else None,
            ended.reason if ended and said else None,
        )
