"""The scene of a report: the fleet, its registry and what the viewer may see of them, restored from the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from gateway.ingest.fleet import Fleet, NozzleState
from gateway.ingest.registry import Registry
from gateway.serve.pseudonyms import KEPT_UNDER, Pseudonyms
from gateway.serve.sight import Sight
from gateway.store.base import Store
from gateway.store.rows import DeviceState, LedgerRow
from schemas.access import Scope, Viewer


@dataclass(frozen=True)
class Scene:
    """What a report's parts are made from, as the viewer sees it."""

    fleet: Fleet
    registry: Registry
    sight: Sight
    viewer: Viewer

    @classmethod
    async def load(cls, store: Store, viewer: Viewer, clinic: str | None) -> Scene:
        """`clinic`, as the viewer calls it, narrows what is seen. Raises StoreError."""
        fleet, registry = Fleet(), Registry(store)
        fleet.restore(await store.load_fleet())
        await registry.load()
        # Only vendors need the secret, and only a gateway that ran has made it.
        pseudonyms = Pseudonyms(await store.secret(KEPT_UNDER) if viewer.role == "vendor" else b"")
        sight = Sight(fleet, pseudonyms)
        return cls(fleet, registry, sight, _narrowed(viewer, sight, clinic))

    @cached_property
    def devices(self) -> Mapping[str, DeviceState]:
        """The devices that are seen, by id."""
        seen = (state for state in self.fleet.devices() if self.sight.sees_device(self.viewer, state))
        return {state.device_id: state for state in sorted(seen, key=lambda state: state.device_id)}

    @cached_property
    def working(self) -> Mapping[str, DeviceState]:
        """Those of them that are not retired."""
        return {
            device_id: state
            for device_id, state in self.devices.items()
            if self.registry.device(device_id).state != "retired"
        }

    @cached_property
    def fitted(self) -> tuple[NozzleState, ...]:
        """The nozzles that are on these devices, by serial."""
        serials = {serial for device_id in self.working if (serial := self.fleet.fitted_serial(device_id)) is not None}
        found = (self.fleet.nozzle(serial) for serial in sorted(serials))
        return tuple(nozzle for nozzle in found if nozzle is not None)

    @cached_property
    def is_whole(self) -> bool:
        """Whether everything is seen."""
        scope = self.viewer.scope
        return scope.clinics is None and scope.models is None

    def clinic_ids(self) -> tuple[str, ...]:
        """The clinics of the devices that are seen."""
        return tuple(sorted({state.clinic_id for state in self.devices.values()}))

    def name_of(self, clinic_id: str) -> str:
        """The clinic as the viewer may read it: its name, where it has one."""
        if self.viewer.role == "vendor":
            return self.sight.shown_clinic(self.viewer, clinic_id)
        return self.registry.clinic(clinic_id).name or clinic_id

    def ledgers(self) -> list[tuple[LedgerRow, ...]]:
        """Of every device that is seen, less what was recorded in clinics that are not."""
        sees = self.viewer.scope.sees_clinic
        return [tuple(row for row in self.fleet.ledger(device_id) if sees(row.clinic_id)) for device_id in self.devices]

    def price_of(self, model: str | None) -> float | None:
        """What a nozzle of the model costs today; None where the registry does not know."""
        entry = self.registry.model(model)
        return entry.price if entry is not None else None


def _narrowed(viewer: Viewer, sight: Sight, clinic: str | None) -> Viewer:
    if clinic is None:
        return viewer
    real = sight.real_clinic(viewer, clinic)
    known = real is not None and viewer.scope.sees_clinic(real)
    return Viewer(viewer.name, viewer.role, Scope(frozenset({real} if known and real else ()), viewer.scope.models))
