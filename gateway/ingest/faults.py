"""Faults: what of a device was refused or lost lately, counted for the alert rules. In memory; bounded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, NamedTuple, TypeAlias

from gateway.store.rows import QuarantineRow

MOST_DEVICES: Final = 10_000
"""Rejected messages may name any device: beyond so many, further ones are counted by the metrics alone."""

FaultKind: TypeAlias = Literal["rejected", "lost"]


class Fault(NamedTuple):
    """What happened to one device's records since the faults were last taken."""

    kind: FaultKind
    device_id: str
    clinic_id: str | None
    """None where only the device is known."""
    times: int
    at_ms: int
    """Of the last of them."""
    what: str


class Faults:
    """Gathers faults until they are taken."""

    def __init__(self) -> None:
        self._gathered: dict[tuple[FaultKind, str], Fault] = {}

    def reject(self, rows: Iterable[QuarantineRow]) -> None:
        """Rejections that are in quarantine now."""
        for row in rows:
            found = row.rejection
            if found.device_id is not None:
                self.add(Fault("rejected", found.device_id, found.clinic_id, 1, row.received_ms, found.reason))

    def lose(self, device_id: str, count: int, at_ms: int) -> None:
        """Records of a device that are not expected any more."""
        self.add(Fault("lost", device_id, None, count, at_ms, "missing in its numbering"))

    def take(self) -> tuple[Fault, ...]:
        """All that has gathered since the last call."""
        gathered = tuple(self._gathered.values())
        self._gathered.clear()
        return gathered

    def add(self, fault: Fault) -> None:
        """Counts a fault in."""
        place = (fault.kind, fault.device_id)
        before = self._gathered.get(place)
        if before is None and len(self._gathered) >= MOST_DEVICES:
            return
        times = fault.times + (before.times if before else 0)
        self._gathered[place] = fault._replace(times=times)
