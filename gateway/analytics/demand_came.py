"""What came: nozzles that were fitted in place of others, by the ledgers. Pure but for the fleet that it reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from gateway.analytics.demand_draws import UNKNOWN_MODEL
from gateway.breath import Breath
from gateway.ingest.fleet import Fleet
from gateway.store.rows import LedgerRow


class Came(NamedTuple):
    """A nozzle was first fitted, in place of another."""

    at_ms: int
    clinic_id: str
    device_id: str
    item: str
    instead_of: str
    """The serial of the one before."""


async def nozzles_that_came(fleet: Fleet) -> list[Came]:
    """Every replacement by a nozzle that was new. Lets others run in between."""
    breath = Breath()
    first_seen: dict[str, tuple[int, str]] = {}
    found: list[tuple[str, Came]] = []
    for state in fleet.devices():
        for row, before in _firsts(fleet.ledger(state.device_id)):
            known = first_seen.get(row.serial)
            if known is None or row.event_ms < known[0]:
                first_seen[row.serial] = (row.event_ms, state.device_id)
            if before is not None:
                nozzle = fleet.nozzle(row.serial)
                item = nozzle.model if nozzle is not None and nozzle.model is not None else UNKNOWN_MODEL
                found.append((row.serial, Came(row.event_ms, row.clinic_id, state.device_id, item, before)))
        await breath.take()
    # A nozzle that was on another device before is not a new one.
    return [came for serial, came in found if first_seen[serial] == (came.at_ms, came.device_id)]


def _firsts(rows: Iterable[LedgerRow]) -> list[tuple[LedgerRow, str | None]]:
    """The first row of each nozzle that came on a device, with the nozzle that was on it before."""
    seen: set[str] = set()
    last: str | None = None
    found: list[tuple[LedgerRow, str | None]] = []
    for row in rows:
        if row.action != "removed" and row.serial not in seen:
            found.append((row, last))
        seen.add(row.serial)
        last = row.serial
    return found


def counted(came: Iterable[Came], since_ms: int, until_ms: int) -> Counter[tuple[str, str]]:
    """By clinic and item."""
    return Counter((one.clinic_id, one.item) for one in came if since_ms <= one.at_ms < until_ms)
