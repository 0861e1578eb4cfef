"""The registry: clinics, what people say of devices, nozzle models, lots."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from gateway.errors import NotFoundError
from gateway.serve.action_shapes import LotRecall, TimeMs
from gateway.serve.answers import Items
from gateway.serve.api.asking import (
    Cursor,
    IdempotencyKey,
    IdentifierInPath,
    Limit,
    RegistryViewer,
    Serving,
    allowed,
)
from gateway.serve.api.cursor import first_items, read_text
from gateway.serve.registry_rules import checked_entry
from schemas.access import Viewer
from schemas.registry import Clinic, DeviceEntry, DeviceLifecycle, Identifier, Lot, NozzleModel
from schemas.views import ClinicView

router = APIRouter(tags=["registry"])


class _Patch(BaseModel):
    """A field that is left out stays as it is; null is taken only where the entry may have none."""

    model_config = ConfigDict(extra="forbid", strict=True)

    def given(self) -> dict[str, Any]:
        return self.model_dump(exclude_unset=True)


class ClinicPatch(_Patch):
    name: str = ""
    region: str = ""
    timezone: str = "UTC"
    opening_hours: str = ""
    contact: str = ""


class DevicePatch(_Patch):
    label: str = ""
    asset_tag: str = ""
    room: str = ""
    state: DeviceLifecycle = "discovered"


class NozzleModelPatch(_Patch):
    rated_strikes: int | None = None
    coating_limit: float = 0.0
    lead_days: int | None = None
    price: float | None = None
    fits: Annotated[tuple[Identifier, ...], Field(strict=False)] = ()


class RecallBody(BaseModel):
    """`at_ms`: when it was recalled; absent: now."""

    model_config = ConfigDict(extra="forbid", strict=True)

    note: str = Field(default="", max_length=500)
    at_ms: TimeMs | None = None


@router.get("/clinics")
async def clinics(
    viewer: RegistryViewer, serving: Serving, limit: Limit = 100, cursor: Cursor = None
) -> Items[ClinicView]:
    """Every clinic in scope, in order of id."""
    after = read_text(cursor) or ""
    found = [view for view in serving.reader.clinics(viewer) if view.id > after]
    return first_items(found, limit, lambda view: (view.id,))


@router.patch("/clinics/{clinic_id}")
async def patch_clinic(
    viewer: Annotated[Viewer, Depends(allowed("edit_clinic"))],
    serving: Serving,
    clinic_id: IdentifierInPath,
    patch: ClinicPatch,
) -> Clinic:
    """Writes what is known of a clinic. One that no device has named must be imported first."""
    if clinic_id not in {view.id for view in serving.reader.clinics(viewer)}:
        raise NotFoundError(f"there is no clinic {clinic_id}")
    current = serving.parts.registry.clinic(clinic_id)
    entry = checked_entry(Clinic, {**current.model_dump(), **patch.given(), "discovered": False})
    await serving.actions.save_entry(viewer, entry, tuple(patch.given()))
    return entry


@router.patch("/devices/{device_id}")
async def patch_device(
    viewer: Annotated[Viewer, Depends(allowed("edit_device"))],
    serving: Serving,
    device_id: IdentifierInPath,
    patch: DevicePatch,
) -> DeviceEntry:
    """Writes what people say of a device. One that has sent nothing yet must be imported first."""
    if serving.reader.device(viewer, device_id) is None:
        raise NotFoundError(f"there is no device {device_id}")
    current = serving.parts.registry.device(device_id)
    entry = checked_entry(DeviceEntry, {**current.model_dump(), **patch.given()})
    await serving.actions.save_entry(viewer, entry, tuple(patch.given()))
    return entry


@router.get("/nozzle-models")
async def nozzle_models(
    viewer: RegistryViewer, serving: Serving, limit: Limit = 100, cursor: Cursor = None
) -> Items[NozzleModel]:
    """Every nozzle model in scope that somebody wrote down, in order of name."""
    after = read_text(cursor) or ""
    written = (entry for entry in serving.parts.registry.entries() if isinstance(entry, NozzleModel))
    seen = (entry for entry in written if viewer.scope.sees_model(entry.model))
    found = sorted((entry for entry in seen if entry.model > after), key=lambda entry: entry.model)
    return first_items(found, limit, lambda entry: (entry.model,))


@router.patch("/nozzle-models/{model}")
async def patch_nozzle_model(
    viewer: Annotated[Viewer, Depends(allowed("edit_nozzle_model"))],
    serving: Serving,
    model: IdentifierInPath,
    patch: NozzleModelPatch,
) -> NozzleModel:
    """Writes what is known of a nozzle model; one that nobody wrote down yet begins with the defaults."""
    current = serving.parts.registry.model(model) or NozzleModel(model=model)
    entry = checked_entry(NozzleModel, {**current.model_dump(), **patch.given()})
    await serving.actions.save_entry(viewer, entry, tuple(patch.given()))
    return entry


@router.post("/lots/{lot}/recall", response_model=Lot)
async def recall_lot(
    request: Request,
    viewer: Annotated[Viewer, Depends(allowed("recall_lot"))],
    serving: Serving,
    lot: IdentifierInPath,
    body: RecallBody | None = None,
    _: IdempotencyKey = None,
) -> Response:
    """Recalls a lot: its nozzles are to be taken off wherever they are."""
    given = body or RecallBody()
    recall = LotRecall(lot=lot, note=given.note, at_ms=given.at_ms)
    return await serving.answers.once(request, viewer, lambda: serving.actions.recall_lot(viewer, recall))
