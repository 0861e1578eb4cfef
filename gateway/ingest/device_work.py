"""One device's state as its records add up: the same code takes records as they come and folds a whole history.

All but the ledger is a minimum, a maximum, or of the record with the largest key, so any order gives the same. The
ledger depends on order; where a late record does not fit, `late` is set and the device must be folded again.
"""

from __future__ import annotations

from collections.abc import Iterable

from gateway.ingest.ledger import DeviceLedger
from gateway.ingest.marks import BootMarks
from gateway.ingest.sighting import NO_KEY, SightingWork
from gateway.ingest.status import StatusWork, latest_boot
from gateway.store.rows import (
    DeviceState,
    Key,
    LedgerRow,
    Sighting,
    TimedNozzleEvent,
    TimedSample,
    TimedSession,
)
from schemas.records import Status


class DeviceWork:
    """The working form of a device's state, sightings, ledger and marks; mutable, private to ingest."""

    __slots__ = (
        "_touched_sightings",
        "boots",
        "clinic_id",
        "device_id",
        "first_seen_ms",
        "known",
        "last_seen_ms",
        "late",
        "latest",
        "latest_key",
        "ledger",
        "overtaken_ms",
        "sightings",
        "status",
        "touched",
    )

    def __init__(self, device_id: str) -> None:
        self.device_id = device_id
        self.clinic_id = ""
        self.first_seen_ms = 0
        self.last_seen_ms = 0
        self.latest: TimedSample | None = None
        self.latest_key = NO_KEY
        self.status = StatusWork()
        self.sightings: dict[str, SightingWork] = {}
        self._touched_sightings: list[SightingWork] = []
        self.ledger = DeviceLedger()
        self.boots: dict[str, BootMarks] = {}
        self.known = False
        """Whether anything was taken from this device; one that only sent rejects has no state."""
        self.touched = False
        self.late = False
        self.overtaken_ms: int | None = None
        """Event time of the earliest sample, of those that came after a later one, that told something new."""

    @classmethod
    def of(cls, device: DeviceState, sightings: Iterable[Sighting], ledger: Iterable[LedgerRow]) -> DeviceWork:
        work = cls(device.device_id)
        work.adopt(device, sightings, ledger)
        return work

    def adopt(self, device: DeviceState, sightings: Iterable[Sighting], ledger: Iterable[LedgerRow]) -> None:
        """Takes over a state as it was stored, or folded again; the marks stay."""
        self.known = True
        self.late = False
        self.clinic_id = device.clinic_id
        self.first_seen_ms = device.first_seen_ms
        self.last_seen_ms = device.last_seen_ms
        self.latest = device.latest
        self.latest_key = device.latest_key if device.latest_key is not None else NO_KEY
        self.status = StatusWork.of(device)
        self.sightings = {row.serial: SightingWork.of(row) for row in sightings}
        self._touched_sightings = []
        frontier = max((work.last_key for work in self.sightings.values()), default=NO_KEY)
        self.ledger = DeviceLedger(ledger, frontier)

    def add_sample(self, key: Key, timed: TimedSample) -> None:
        sample = timed.sample
        is_overtaken = False
        if key > self.latest_key:
            self.latest_key = key
            self.clinic_id = sample.clinic_id
            self.latest = timed
        elif self.latest is None or key > self.latest.key:
            self.latest = timed
        else:
            is_overtaken = True
        self.see(timed.received_ms)
        serial = sample.nozzle_serial
        if serial is None:
            return
        sighting = self.sightings.get(serial)
        if sighting is None:
            sighting = self.sightings[serial] = SightingWork(serial, self.device_id, key[0])
        if not sighting.touched:
            sighting.touched = True
            self._touched_sightings.append(sighting)
        tells = is_overtaken and sighting.learns(key, sample.strikes)
        sighting.add_sample(key, sample)
        if not self.ledger.add_sample(key, serial, timed):
            self.late = tells = True
        if tells:
            self.overtaken_ms = min(key[0], key[0] if self.overtaken_ms is None else self.overtaken_ms)

    def take_overtaken_ms(self) -> int | None:
        """`overtaken_ms` since the last call."""
        taken, self.overtaken_ms = self.overtaken_ms, None
        return taken

    def add_session(self, timed: TimedSession) -> None:
        session = timed.session
        key = (timed.event_ms, session.boot_id, session.seq)
        if key > self.latest_key:
            self.latest_key = key
            self.clinic_id = session.clinic_id
        self.see(timed.received_ms)

    def add_event(self, timed: TimedNozzleEvent) -> None:
        event = timed.event
        key = timed.key
        if key > self.latest_key:
            self.latest_key = key
            self.clinic_id = event.clinic_id
        self.see(timed.received_ms)
        sighting = self.sightings.get(event.serial)
        if sighting is None:
            sighting = self.sightings[event.serial] = SightingWork(event.serial, self.device_id, key[0])
        if not sighting.touched:
            sighting.touched = True
            self._touched_sightings.append(sighting)
        sighting.add_event(key, event)
        if not self.ledger.add_event(key, timed):
            self.late = True

    def see(self, received_ms: int) -> None:
        """A record, or a live status that counted, was received."""
        if not self.known:
            self.known = True
            self.first_seen_ms = received_ms
        elif received_ms < self.first_seen_ms:
            self.first_seen_ms = received_ms
        if received_ms > self.last_seen_ms:
            self.last_seen_ms = received_ms
        if self.status.state == "offline":
            self.status.after_seen(self.last_seen_ms)

    def add_status(self, status: Status, received_ms: int, retained: bool) -> bool:
        """Merges a status; says whether it counted."""
        if retained:
            return self._add_retained(status, received_ms)
        latest_key = self.latest_key if self.latest_key is not NO_KEY else None
        if not self.status.add_live(status, received_ms, latest_boot(self.status, latest_key, self.latest)):
            return False
        if latest_key is None:
            self.clinic_id = status.clinic_id
        self.see(received_ms)
        return True

    def _add_retained(self, status: Status, received_ms: int) -> bool:
        told = self.status.add_retained(status)
        if not self.known:
            self.known = told = True
            self.clinic_id = status.clinic_id
            self.first_seen_ms = received_ms
        return told

    def take_sightings(self) -> list[Sighting]:
        """The sightings that changed since the last call."""
        changed = self._touched_sightings
        self._touched_sightings = []
        for sighting in changed:
            sighting.touched = False
        return [sighting.frozen() for sighting in changed]

    def frozen(self) -> DeviceState:
        status = self.status
        return DeviceState(
            self.device_id,
            self.clinic_id,
            self.first_seen_ms,
            self.last_seen_ms,
            self.latest,
            self.latest_key if self.latest_key is not NO_KEY else None,
            status.state,
            status.received_ms,
            status.boot_id,
            status.model,
            status.firmware,
            status.form,
            status.interval_s,
        )
