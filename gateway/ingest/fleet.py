"""The fleet's state in memory: merged from committed records in any order, restored from the store at start."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from gateway.ingest.faults import Faults
from gateway.ingest.ledger import fitted_after
from gateway.ingest.sighting import NO_KEY
from gateway.store.rows import Derived, DeviceState, FleetSnapshot, LedgerRow, Sighting

_NO_SIGHTINGS: Final[Mapping[str, Sighting]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class NozzleState:
    """One nozzle, merged from what every device says of it."""

    serial: str
    device_id: str
    """The device that showed it last."""
    clinic_id: str
    fitted: bool
    """Whether that device's ledger has it fitted now."""
    strikes: int | None
    coating_ratio: float | None
    first_event_ms: int
    last_event_ms: int
    model: str | None
    lot: str | None
    rated_strikes: int | None
    expires_on: str | None


class Fleet:
    """Read side: everybody. Write side: the pipeline alone, and only with what is committed."""

    def __init__(self) -> None:
        self.faults = Faults()
        """What of the devices was refused or lost, until the alert rules take it."""
        self.doubtful: set[str] = set()
        """Devices that a late record made doubtful: what is shown of them lacks it until they are folded again."""
        self.rewritten: set[str] = set()
        """Devices whose ledger has changed, or that are `overtaken`; the alert rules take out those that they have gone
        through."""
        self.overtaken: dict[str, int] = {}
        """Of devices, the event time of the earliest sample that told of a nozzle after a later one had come; the alert
        rules take out those that they have gone through."""
        self.ledgers_changed: set[str] = set()
        """The same for what is remembered of a device by its ledger: whoever does takes them out."""
        self._devices: dict[str, DeviceState] = {}
        self.states: Mapping[str, DeviceState] = self._devices
        """Each device as it stands, by id; changes in place."""
        self._by_device: dict[str, dict[str, Sighting]] = {}
        self._by_serial: dict[str, dict[str, Sighting]] = {}
        self.sightings: Mapping[str, Mapping[str, Sighting]] = self._by_serial
        """What each device says that ever showed a nozzle: by serial, then by device. Both change in place."""
        self._ledgers: dict[str, tuple[LedgerRow, ...]] = {}
        self._fitted: dict[str, str | None] = {}
        self._merged: dict[str, NozzleState] = {}
        self._lots: dict[str, str] = {}
        self.lots_read: Mapping[str, str] = self._lots
        """Lots that people read off nozzles, by serial; what a device says comes before it."""
        self._told: dict[str, LedgerRow] = {}
        """The last swap that people told of each nozzle."""
        self._missing = 0

    def device(self, device_id: str) -> DeviceState | None:
        return self._devices.get(device_id)

    def devices(self) -> Collection[DeviceState]:
        return self._devices.values()

    def nozzle(self, serial: str) -> NozzleState | None:
        merged = self._merged.get(serial)
        if merged is None:
            sightings = self._by_serial.get(serial)
            if not sightings:
                return None
            merged = self._merged[serial] = self._merge(serial, sightings.values())
        return merged

    def nozzle_told(self, serial: str) -> NozzleState | None:
        """A nozzle that a person says was fitted, and that no device has shown."""
        row = self._told.get(serial)
        if row is None or self._by_serial.get(serial):
            return None
        told = [one.event_ms for one in self.ledger(row.device_id) if one.serial == serial]
        return NozzleState(
            serial=serial,
            device_id=row.device_id,
            clinic_id=row.clinic_id,
            fitted=self._fitted.get(row.device_id) == serial,
            strikes=None,
            coating_ratio=None,
            first_event_ms=min(told),
            last_event_ms=max(told),
            model=None,
            lot=self._lots.get(serial),
            rated_strikes=None,
            expires_on=None,
        )

    def nozzles_told(self) -> Iterator[NozzleState]:
        for serial in tuple(self._told):
            nozzle = self.nozzle_told(serial)
            if nozzle is not None:
                yield nozzle

    def sightings_on(self, serial: str) -> Collection[Sighting]:
        """What each device says that ever showed this nozzle."""
        return self._by_serial.get(serial, _NO_SIGHTINGS).values()

    def serials(self) -> set[str]:
        """Every nozzle that a device showed, or a person told of."""
        return {*self._by_serial, *self._told}

    def nozzles(self) -> Iterator[NozzleState]:
        for serial in tuple(self._by_serial):
            nozzle = self.nozzle(serial)
            if nozzle is not None:
                yield nozzle

    def fitted_serial(self, device_id: str) -> str | None:
        """The nozzle that the device's ledger has fitted now."""
        return self._fitted.get(device_id)

    def ledger(self, device_id: str) -> tuple[LedgerRow, ...]:
        """In order of key."""
        return self._ledgers.get(device_id, ())

    def sightings_of(self, device_id: str) -> tuple[Sighting, ...]:
        """What the device says of each nozzle that it ever showed."""
        return tuple(self._by_device.get(device_id, {}).values())

    def missing_records(self) -> int:
        """Open holes now."""
        return self._missing

    def set_missing(self, missing: int) -> None:
        self._missing = missing

    def restore(self, snapshot: FleetSnapshot) -> None:
        """Takes over what the store holds."""
        self._devices.clear()
        self.apply(snapshot.devices, snapshot.sightings, snapshot.ledger)

    def apply(
        self, devices: Iterable[DeviceState], sightings: Iterable[Sighting], new_rows: Iterable[LedgerRow]
    ) -> None:
        """Takes over what one commit wrote."""
        for device in devices:
            self._devices[device.device_id] = device
        for sighting in sightings:
            self._by_device.setdefault(sighting.device_id, {})[sighting.serial] = sighting
            self._by_serial.setdefault(sighting.serial, {})[sighting.device_id] = sighting
            self._merged.pop(sighting.serial, None)
        grown: dict[str, list[LedgerRow]] = {}
        for row in new_rows:
            grown.setdefault(row.device_id, []).append(row)
        for device_id, rows in grown.items():
            self._set_ledger(device_id, (*self.ledger(device_id), *rows))

    def overtake(self, device_id: str, event_ms: int) -> None:
        """Notes a sample that told of a nozzle after a later one had come."""
        self.overtaken[device_id] = min(event_ms, self.overtaken.get(device_id, event_ms))
        self.rewritten.add(device_id)

    def replace(self, derived: Derived) -> None:
        """Takes over the state of a device that was folded again; people's ledger rows stay."""
        device_id = derived.device.device_id
        self._devices[device_id] = derived.device
        for serial in self._by_device.pop(device_id, {}):
            self._by_serial[serial].pop(device_id, None)
            self._merged.pop(serial, None)
        of_people = (row for row in self.ledger(device_id) if row.made_by == "person")
        self._set_ledger(device_id, (*of_people, *derived.ledger))
        self.apply((), derived.sightings, ())

    def _set_ledger(self, device_id: str, rows: Iterable[LedgerRow]) -> None:
        ordered = tuple(sorted(rows, key=lambda row: row.key))
        fitted: str | None = None
        for row in ordered:
            fitted = fitted_after(fitted, row)
            if row.made_by == "person" and (row.serial not in self._told or row.key >= self._told[row.serial].key):
                self._told[row.serial] = row
            if row.lot is not None:
                self._lots[row.serial] = row.lot
                self._merged.pop(row.serial, None)
        for serial in (self._fitted.get(device_id), fitted):
            if serial is not None:
                self._merged.pop(serial, None)
        self._ledgers[device_id] = ordered
        self.rewritten.add(device_id)
        self.ledgers_changed.add(device_id)
        self._fitted[device_id] = fitted

    def _merge(self, serial: str, sightings: Collection[Sighting]) -> NozzleState:
        if len(sightings) == 1:
            return self._alone(next(iter(sightings)))
        last = max(sightings, key=lambda row: (row.last_key, row.device_id))
        measured = max(sightings, key=lambda row: (row.coating_key or NO_KEY, row.device_id))
        described = max(sightings, key=lambda row: (row.info_key or NO_KEY, row.device_id))
        return NozzleState(
            serial=serial,
            device_id=last.device_id,
            clinic_id=last.clinic_id,
            fitted=self._fitted.get(last.device_id) == serial,
            strikes=max((row.strikes for row in sightings if row.strikes is not None), default=None),
            coating_ratio=measured.coating_ratio,
            first_event_ms=min(row.first_event_ms for row in sightings),
            last_event_ms=last.last_key[0],
            model=described.model,
            lot=described.lot or self._lots.get(serial),
            rated_strikes=described.rated_strikes,
            expires_on=described.expires_on,
        )

    def _alone(self, row: Sighting) -> NozzleState:
        """Most nozzles were only ever on one device: nothing is to be merged."""
        return NozzleState(
            row.serial,
            row.device_id,
            row.clinic_id,
            self._fitted.get(row.device_id) == row.serial,
            row.strikes,
            row.coating_ratio,
            row.first_event_ms,
            row.last_key[0],
            row.model,
            row.lot or self._lots.get(row.serial),
            row.rated_strikes,
            row.expires_on,
        )
