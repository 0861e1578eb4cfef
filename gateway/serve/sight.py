"""Sight: which devices, nozzles, records and alerts a viewer sees. The one place where scopes are applied.

A scope of models covers a device and the nozzle on it together when either's model is in it; of the device's
history it then covers what belongs to the models in it.
"""

from __future__ import annotations

from gateway.ingest.fleet import Fleet, NozzleState
from gateway.serve.pseudonyms import Pseudonyms
from gateway.store.rows import DeviceState
from schemas.access import Viewer
from schemas.alert import Alert
from schemas.work import WorkOrder


class Sight:
    """Answers from the fleet as it stands; asks no store."""

    def __init__(self, fleet: Fleet, pseudonyms: Pseudonyms) -> None:
        self._fleet = fleet
        self.pseudonyms = pseudonyms

    def sees_device(self, viewer: Viewer, state: DeviceState) -> bool:
        scope = viewer.scope
        if not scope.sees_clinic(state.clinic_id):
            return False
        if scope.models is None or state.model in scope.models:
            return True
        return self._model_of(self._fleet.fitted_serial(state.device_id)) in scope.models

    def sees_nozzle(self, viewer: Viewer, nozzle: NozzleState) -> bool:
        scope = viewer.scope
        if not scope.sees_clinic(nozzle.clinic_id):
            return False
        return (
            scope.models is None or nozzle.model in scope.models or self._device_model(nozzle.device_id) in scope.models
        )

    def sees_record(self, viewer: Viewer, device_id: str, clinic_id: str, serial: str | None) -> bool:
        """Whether a record of a device, made in this clinic with this nozzle, is the viewer's to see."""
        scope = viewer.scope
        if not scope.sees_clinic(clinic_id):
            return False
        return (
            scope.models is None
            or self._device_model(device_id) in scope.models
            or self._model_of(serial) in scope.models
        )

    def sees_alert(self, viewer: Viewer, alert: Alert) -> bool:
        scope = viewer.scope
        if not scope.sees_clinic(alert.clinic_id):
            return False
        if not alert.clinic_id and viewer.role == "vendor":
            return False  # about the gateway itself
        if scope.models is None:
            return True
        of_device = alert.device_id is not None and self._device_model(alert.device_id) in scope.models
        return of_device or self._model_of(alert.subject) in scope.models

    def sees_order(self, viewer: Viewer, order: WorkOrder) -> bool:
        serial = order.subject if order.kind == "nozzle" else None
        return self.sees_record(viewer, order.device_id, order.clinic_id, serial)

    def shown_clinic(self, viewer: Viewer, clinic_id: str) -> str:
        """The clinic's id as this viewer may see it."""
        return self.pseudonyms.shown(viewer, clinic_id)

    def real_clinic(self, viewer: Viewer, shown: str) -> str | None:
        """The clinic that this viewer calls so; None where there is none. A vendor can't ask by a clinic's id."""
        if viewer.role != "vendor":
            return shown
        clinic_ids = {state.clinic_id for state in self._fleet.devices()}
        return next((clinic_id for clinic_id in clinic_ids if self.pseudonyms.of(clinic_id) == shown), None)

    def _device_model(self, device_id: str) -> str | None:
        state = self._fleet.device(device_id)
        return state.model if state else None

    def _model_of(self, serial: str | None) -> str | None:
        nozzle = self._fleet.nozzle(serial) if serial is not None else None
        return nozzle.model if nozzle else None
