"""The registry in memory: what people say of clinics, devices, nozzle models and lots. The store holds the truth."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final, TypeVar

from gateway.store.base import RegistryStore
from gateway.store.service_rows import AuditRow
from schemas.registry import Clinic, DeviceEntry, Lot, NozzleModel, RegistryEntry

E = TypeVar("E", Clinic, DeviceEntry, Lot)

_MOST_FOUND: Final = 500_000


_NOWHERE: Final = Clinic.model_construct(clinic_id="", discovered=True)
"""Where alerts about the gateway itself are: in no clinic, and no clinic can have this id."""


class Registry:
    """Answers for entries that nobody wrote yet with what discovery knows: an id and defaults."""

    def __init__(self, store: RegistryStore) -> None:
        self.revision = 0
        """Another one whenever people wrote something."""
        self._out_of_use: set[str] = set()
        self.out_of_use: Collection[str] = self._out_of_use
        """The devices that are in repair, in storage or retired; all others are in use."""
        self._store = store
        self._clinics: dict[str, Clinic] = {}
        self._devices: dict[str, DeviceEntry] = {}
        self._models: dict[str, NozzleModel] = {}
        self._lots: dict[str, Lot] = {}
        # What is answered for entries that nobody wrote: rules ask for them with every message.
        self._found_clinics: dict[str, Clinic] = {}
        self._found_devices: dict[str, DeviceEntry] = {}
        self._found_lots: dict[str, Lot] = {}

    async def load(self) -> None:
        """Reads all of the store's registry."""
        for entry in await self._store.load_registry():
            self._remember(entry)

    async def save(self, entries: Sequence[RegistryEntry], audit: AuditRow | None = None) -> None:
        """Writes entries to the store, all or none, then to memory."""
        await self._store.save_registry(entries, audit)
        for entry in entries:
            self._remember(entry)

    def clinic(self, clinic_id: str) -> Clinic:
        return self._clinics.get(clinic_id) or self._found_clinics.get(clinic_id) or self._find_clinic(clinic_id)

    def device(self, device_id: str) -> DeviceEntry:
        return self._devices.get(device_id) or self._found_devices.get(device_id) or self._find_device(device_id)

    def model(self, model: str | None) -> NozzleModel | None:
        """None where the model is unknown; what depends on it then falls back on the contract's defaults."""
        return self._models.get(model) if model is not None else None

    def lot(self, lot: str) -> Lot:
        return self._lots.get(lot) or self._found_lots.get(lot) or self._find_lot(lot)

    def entries(self) -> tuple[RegistryEntry, ...]:
        """All that people wrote, for listing and export."""
        return (
            *self._clinics.values(),
            *self._devices.values(),
            *self._models.values(),
            *self._lots.values(),
        )

    def _find_clinic(self, clinic_id: str) -> Clinic:
        if not clinic_id:
            return _NOWHERE
        return _keep(self._found_clinics, clinic_id, Clinic(clinic_id=clinic_id, discovered=True))

    def _find_device(self, device_id: str) -> DeviceEntry:
        return _keep(self._found_devices, device_id, DeviceEntry(device_id=device_id))

    def _find_lot(self, lot: str) -> Lot:
        return _keep(self._found_lots, lot, Lot(lot=lot))

    def _remember(self, entry: RegistryEntry) -> None:
        self.revision += 1
        match entry:
            case Clinic():
                self._clinics[entry.clinic_id] = entry
            case DeviceEntry():
                self._devices[entry.device_id] = entry
                in_use = entry.state in ("discovered", "in_service")
                (self._out_of_use.discard if in_use else self._out_of_use.add)(entry.device_id)
            case NozzleModel():
                self._models[entry.model] = entry
            case Lot():
                self._lots[entry.lot] = entry


def _keep(found: dict[str, E], name: str, entry: E) -> E:
    if len(found) >= _MOST_FOUND:
        found.clear()
    found[name] = entry
    return entry
