"""What ingest remembers to classify and merge the next record: devices at work, marks of boots, open holes.

It runs ahead of what is committed by at most the batch under way; what others may see is in `Fleet`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from gateway.ingest.device_work import DeviceWork
from gateway.ingest.fleet import Fleet
from gateway.ingest.marks import LOST_AFTER_MS, BootMarks
from gateway.store.rows import Marks

MAX_BOOTS_A_DEVICE: Final = 4
"""Boots of a device that stay in memory; older ones without open holes are read from the store when needed."""


class GivenUp(NamedTuple):
    """Seqs of one boot that are lost from now on."""

    device_id: str
    boot_id: str
    seqs: int


class Memory:
    """Devices at work and marks, by device and boot."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._works: dict[str, DeviceWork] = {}
        self._noticed: deque[tuple[int, BootMarks]] = deque()
        self._missing = 0
        self.connected_ms = 0
        """How long the gateway has been connected: the time in which a hole could have been filled."""

    def work(self, device_id: str) -> DeviceWork:
        """The device at work, from the fleet's state where it is touched for the first time."""
        work = self._works.get(device_id)
        if work is None:
            state = self._fleet.device(device_id)
            if state is None:
                work = DeviceWork(device_id)
            else:
                work = DeviceWork.of(state, self._fleet.sightings_of(device_id), self._fleet.ledger(device_id))
            self._works[device_id] = work
        return work

    def boot(self, work: DeviceWork, boot_id: str) -> BootMarks:
        """Marks of a boot; those of a boot that the store knows must have been remembered before."""
        boot = work.boots.get(boot_id)
        if boot is None:
            boot = work.boots[boot_id] = BootMarks(work.device_id, boot_id)
        return boot

    def knows(self, device_id: str, boot_id: str) -> bool:
        work = self._works.get(device_id)
        return work is not None and boot_id in work.boots

    def remember(self, marks: Iterable[Marks]) -> None:
        """Takes in marks from the store; their open holes count as noticed now."""
        for row in marks:
            boot = BootMarks.of(row, self.connected_ms)
            self.work(row.device_id).boots[row.boot_id] = boot
            self.count_missing(boot)

    def count_missing(self, boot: BootMarks) -> None:
        """Brings the fleet's count up to date with one boot's holes, and watches them."""
        missing = boot.missing()
        self._missing += missing - boot.counted_missing
        if missing and boot.to_watch():
            self._noticed.append((boot.watched_ms, boot))
        boot.counted_missing = missing

    def lower_receipts(self, device_id: str, last_receipts: Mapping[str, int]) -> tuple[Marks, ...]:
        """Lowers the last receipts of a device's boots to these; the marks that changed must be committed."""
        changed: list[Marks] = []
        for boot in self.work(device_id).boots.values():
            last_received_ms = last_receipts.get(boot.boot_id, boot.last_received_ms)
            if last_received_ms < boot.last_received_ms:
                boot.last_received_ms = last_received_ms
                changed.append(boot.frozen())
        return tuple(changed)

    def missing(self) -> int:
        return self._missing

    def give_up(self) -> tuple[tuple[GivenUp, ...], tuple[Marks, ...]]:
        """Gives up the holes that were open for too long; the marks that changed must be committed."""
        given_up: list[GivenUp] = []
        marks: dict[tuple[str, str], Marks] = {}
        while self.overdue():
            _, boot = self._noticed.popleft()
            seqs = boot.give_up(self.connected_ms)
            self.count_missing(boot)
            if seqs is not None:
                given_up.append(GivenUp(boot.device_id, boot.boot_id, seqs))
                marks[boot.device_id, boot.boot_id] = boot.frozen()
        return tuple(given_up), tuple(marks.values())

    def overdue(self) -> bool:
        """Whether a hole may have been open for too long."""
        return bool(self._noticed) and self.connected_ms - self._noticed[0][0] > LOST_AFTER_MS

    def forget_old_boots(self, device_ids: Iterable[str]) -> None:
        """Bounds memory: of each device the boots received last stay, and those with open holes."""
        for device_id in device_ids:
            boots = self.work(device_id).boots
            if len(boots) > MAX_BOOTS_A_DEVICE:
                newest_last = sorted(boots.values(), key=lambda boot: boot.last_received_ms)
                for boot in newest_last[:-MAX_BOOTS_A_DEVICE]:
                    if not boot.holes:
                        del boots[boot.boot_id]
