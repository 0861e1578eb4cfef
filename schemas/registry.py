"""The registry: what people say of clinics, devices, nozzle models and lots (contract, section 5)."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from schemas.identity import IDENTIFIER_PATTERN

Identifier: TypeAlias = Annotated[str, Field(pattern=IDENTIFIER_PATTERN)]
DeviceLifecycle: TypeAlias = Literal["discovered", "in_service", "repair", "storage", "retired"]

DEFAULT_COATING_LIMIT = 0.2


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Clinic(_Entry):
    """A clinic. `opening_hours` has one `HH:MM-HH:MM` or `closed` for each day from Monday, separated by commas."""

    clinic_id: Identifier
    name: str = Field(default="", max_length=200)
    region: str = Field(default="", max_length=100)
    timezone: str = Field(default="UTC", max_length=64)
    opening_hours: str = Field(default="", max_length=200)
    contact: str = Field(default="", max_length=200)
    discovered: bool = False


class DeviceEntry(_Entry):
    """What people say of a device; telemetry is in its state, not here."""

    device_id: Identifier
    label: str = Field(default="", max_length=200)
    asset_tag: str = Field(default="", max_length=100)
    room: str = Field(default="", max_length=100)
    state: DeviceLifecycle = "discovered"


class NozzleModel(_Entry):
    """A nozzle model. `fits` lists the device models that it fits; empty: not said."""

    model: Identifier
    rated_strikes: int | None = Field(default=None, ge=1)
    coating_limit: float = Field(default=DEFAULT_COATING_LIMIT, ge=0, lt=1)
    lead_days: int | None = Field(default=None, ge=0, le=3650)
    price: float | None = Field(default=None, ge=0)
    fits: tuple[Identifier, ...] = ()


class Lot(_Entry):
    """A production lot of one nozzle model."""

    lot: Identifier
    model: Identifier | None = None
    recalled_ms: int | None = None
    recall_note: str = Field(default="", max_length=500)


RegistryEntry: TypeAlias = Clinic | DeviceEntry | NozzleModel | Lot
