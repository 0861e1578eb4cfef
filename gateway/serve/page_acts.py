"""What people do on pages: forms as they were typed, to the same acts as the API's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from pydantic import ValidationError

from gateway.errors import ConflictError, InvalidInputError, NotFoundError
from gateway.ingest.registry import Registry
from gateway.serve.action_shapes import Acknowledgement, NewUser, Nothing, RegistryImport, Release
from gateway.serve.actions import Actions
from gateway.serve.reader import Reader
from gateway.serve.registry_csv import EntryType
from gateway.serve.registry_rules import checked_entry
from gateway.serve.roles import Act, require
from schemas.access import ROLES, Scope, Viewer
from schemas.mistakes import Mistake, mistake_of
from schemas.page_views import EntryKind, ImportOutcome, ReleaseOutcome
from schemas.registry import Clinic, DeviceEntry, Lot, NozzleModel, RegistryEntry

_EDITS: Final[Mapping[EntryKind, Act]] = {
    "clinic": "edit_clinic",
    "device": "edit_device",
    "nozzle_model": "edit_nozzle_model",
    "lot": "recall_lot",
}
_FIELDS: Final[Mapping[EntryKind, frozenset[str]]] = {
    "clinic": frozenset({"name", "region", "timezone", "opening_hours", "contact"}),
    "device": frozenset({"label", "asset_tag", "room", "state"}),
    "nozzle_model": frozenset({"rated_strikes", "coating_limit", "lead_days", "price", "fits"}),
    "lot": frozenset({"model", "recalled", "recall_note"}),
}
_NULLABLE: Final = frozenset({"rated_strikes", "lead_days", "price", "model"})


class FormActs:
    """Carries out `schemas.page_views.PageActs`."""

    def __init__(self, *, actions: Actions, reader: Reader, registry: Registry) -> None:
        self._actions = actions
        self._reader = reader
        self._registry = registry

    async def acknowledge(self, viewer: Viewer, alert_id: int) -> bool:
        """False where the alert is over already. Raises ForbiddenError, NotFoundError."""
        try:
            await self._actions.acknowledge(viewer, Acknowledgement(alert_id=alert_id))
        except ConflictError:
            return False
        return True

    async def save_entry(
        self, viewer: Viewer, kind: EntryKind, entry_id: str, fields: Mapping[str, str]
    ) -> Sequence[str]:
        """The mistakes found. Raises ForbiddenError, and NotFoundError for what lies out of sight."""
        require(viewer, _EDITS[kind])
        self._check_seen(viewer, kind, entry_id)
        typed = {name: text.strip() for name, text in fields.items() if name in _FIELDS[kind]}
        try:
            current = self._current(kind, entry_id).model_dump()
            if kind == "clinic":
                current["discovered"] = False
            given = {name: _value(name, text) for name, text in typed.items()}
            if kind == "lot":
                given = self._recalled(given, current["recalled_ms"])
            entry = checked_entry(_TYPES[kind], {**current, **given})
        except InvalidInputError as error:
            return tuple(error.mistakes)
        await self._actions.save_entry(viewer, entry, tuple(typed))
        return ()

    async def import_registry(self, viewer: Viewer, csv: str) -> ImportOutcome:
        """Takes a whole file or nothing of it. Raises ForbiddenError."""
        try:
            done = await self._actions.registry_import(viewer, RegistryImport(csv=csv))
        except InvalidInputError as error:
            return ImportOutcome(entries=0, mistakes=tuple(error.mistakes))
        return ImportOutcome(entries=done.clinics + done.devices + done.nozzle_models + done.lots, mistakes=())

    async def export_registry(self, viewer: Viewer) -> str:
        """The whole registry as CSV. Raises ForbiddenError."""
        return (await self._actions.registry_export(viewer, Nothing())).csv

    async def release(self, viewer: Viewer, entry_id: int | None) -> ReleaseOutcome:
        """Raises ForbiddenError, and NotFoundError for what is no open entry."""
        done = await self._actions.quarantine_release(viewer, Release(ids=None if entry_id is None else (entry_id,)))
        return ReleaseOutcome(released=len(done.released), kept=len(done.kept))

    async def send_again(self, viewer: Viewer, message_id: int) -> bool:
        """False where it is no message that was given up. Raises ForbiddenError."""
        return await self._actions.send_again(viewer, message_id)

    async def import_people(self, viewer: Viewer, csv: str) -> ImportOutcome:
        """Takes a whole file or nothing of it. Raises ForbiddenError."""
        try:
            return ImportOutcome(entries=await self._actions.people_import(viewer, csv), mistakes=())
        except (InvalidInputError, ConflictError) as error:
            mistakes = error.mistakes if isinstance(error, InvalidInputError) else (_said(error),)
            return ImportOutcome(entries=0, mistakes=tuple(mistakes))

    async def save_person(self, viewer: Viewer, name: str, fields: Mapping[str, str], *, new: bool) -> Sequence[str]:
        """The mistakes found. Raises ForbiddenError, and NotFoundError for nobody."""
        require(viewer, "manage_access")
        role = next((known for known in ROLES if known == fields.get("role")), None)
        if role is None:
            roles = ", ".join(ROLES)
            return (Mistake(f"role: write one of {roles}", "choose_one", "role", limit=roles),)
        try:
            if new:
                asked = NewUser.model_validate(
                    {
                        "name": name,
                        "role": role,
                        "clinics": _names(fields.get("clinics", "")),
                        "models": _names(fields.get("models", "")),
                        "password": fields.get("password", ""),
                    }
                )
                await self._actions.add_user(viewer, asked)
            else:
                scope = Scope(_scope(fields.get("clinics", "")), _scope(fields.get("models", "")))
                await self._actions.change_grant(viewer, name, role, scope)
        except ValidationError as error:
            return tuple(mistake_of(each) for each in error.errors())
        except (InvalidInputError, ConflictError) as error:
            return tuple(error.mistakes) if isinstance(error, InvalidInputError) else (_said(error),)
        return ()

    def _recalled(self, given: Mapping[str, object], recalled_ms: int | None) -> dict[str, object]:
        """A lot's choice between recalled and not as its time; the first recall's time stays."""
        fields = {name: value for name, value in given.items() if name != "recalled"}
        if "recalled" in given:
            now_ms = self._actions.done_at(None)
            fields["recalled_ms"] = (recalled_ms or now_ms) if given["recalled"] == "yes" else None
        return fields

    def _check_seen(self, viewer: Viewer, kind: EntryKind, entry_id: str) -> None:
        if kind == "clinic" and entry_id not in {view.id for view in self._reader.clinics(viewer)}:
            raise NotFoundError(f"there is no clinic {entry_id}")
        if kind == "device" and self._reader.device(viewer, entry_id) is None:
            raise NotFoundError(f"there is no device {entry_id}")

    def _current(self, kind: EntryKind, entry_id: str) -> RegistryEntry:
        match kind:
            case "clinic":
                return self._registry.clinic(entry_id)
            case "device":
                return self._registry.device(entry_id)
            case "nozzle_model":
                known = self._registry.model(entry_id)
                return known or checked_entry(NozzleModel, {"model": entry_id})
            case "lot":
                return self._registry.lot(entry_id)


_TYPES: Final[Mapping[EntryKind, EntryType]] = {
    "clinic": Clinic,
    "device": DeviceEntry,
    "nozzle_model": NozzleModel,
    "lot": Lot,
}


def _said(error: ConflictError) -> str:
    """What the error says: a `Mistake` where it was made of one."""
    return error.args[0] if isinstance(error.args[0], Mistake) else str(error)


def _value(name: str, text: str) -> object:
    """What was typed, as the entry's type takes it; an emptied number is none."""
    if name == "fits":
        return tuple(part for part in text.replace(",", " ").replace(";", " ").split() if part)
    if name in _NULLABLE and not text:
        return None
    return text


def _names(text: str) -> tuple[str, ...] | None:
    """Names with spaces or commas between; none: no limit."""
    return tuple(text.replace(",", " ").split()) or None


def _scope(text: str) -> frozenset[str] | None:
    names = _names(text)
    return None if names is None else frozenset(names)
