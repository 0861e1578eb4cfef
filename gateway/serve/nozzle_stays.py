"""Stays: where a nozzle was, as far as a viewer may know it. Pure.

A nozzle's wear is its own, wherever it came about: whoever has it in hand must know it. When it was seen, and what was
said of it then, belongs to the clinic where it was.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from gateway.ingest.fleet import Fleet, NozzleState
from gateway.serve.fittings import Fitting, fittings_of
from gateway.serve.sight import Sight
from schemas.access import Scope, Viewer

_EVERYTHING: Final = Scope()


class Stays(NamedTuple):
    """What a viewer may know of a nozzle's life. `whole`: nothing of it is out of their scope."""

    whole: bool
    first_ms: int | None
    """When it was first seen in scope; None where it came there on a device that moved, so that nobody noted when."""
    fittings: tuple[Fitting, ...]

    def covers(self, at_ms: int) -> bool:
        """Whether the viewer may know of what was said of the nozzle at that time."""
        return self.whole or any(one.fitted_ms <= at_ms <= _or_more(one.removed_ms) for one in self.fittings)

    def covers_use(self, strikes: int) -> bool:
        """Whether the viewer may know of a reading at so many strikes."""
        return self.whole or any(
            one.strikes_at_start is not None and one.strikes_at_start <= strikes <= _or_more(one.strikes_at_end)
            for one in self.fittings
        )


def stays_of(fleet: Fleet, sight: Sight, viewer: Viewer, serial: str, others: Iterable[str] = ()) -> Stays:
    """The nozzle's stays, by the ledgers of all devices that showed it, and of `others` that people named with it."""
    ledgers = [fleet.ledger(device_id) for device_id in {*_devices_of(fleet, serial), *others}]
    if viewer.scope == _EVERYTHING:
        nozzle = fleet.nozzle(serial) or fleet.nozzle_told(serial)
        return Stays(True, nozzle.first_event_ms if nozzle is not None else None, fittings_of(serial, ledgers))
    rows = [row for ledger in ledgers for row in ledger if row.serial == serial]
    seen = [row for row in rows if sight.sees_record(viewer, row.device_id, row.clinic_id, serial)]
    fittings = tuple(
        one for one in fittings_of(serial, ledgers) if sight.sees_record(viewer, one.device_id, one.clinic_id, serial)
    )
    return Stays(len(seen) == len(rows), min((row.event_ms for row in seen), default=None), fittings)


def first_seen_ms(fleet: Fleet, sight: Sight, viewer: Viewer, nozzle: NozzleState) -> int | None:
    """When the nozzle was first seen, as far as the viewer may know; quick for those who see everything."""
    if viewer.scope == _EVERYTHING:
        return nozzle.first_event_ms
    return stays_of(fleet, sight, viewer, nozzle.serial).first_ms


def _devices_of(fleet: Fleet, serial: str) -> set[str]:
    told = fleet.nozzle_told(serial)
    shown = {sighting.device_id for sighting in fleet.sightings_on(serial)}
    return shown if told is None else {*shown, told.device_id}


def _or_more(end: int | None) -> float:
    return float("inf") if end is None else end
