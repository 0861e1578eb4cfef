"""Who may see and do what: roles, scopes, and the viewer on whose behalf something is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

Role: TypeAlias = Literal["admin", "manager", "technician", "vendor"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a person may see: these clinics and these nozzle or device models; None means all."""

    clinics: frozenset[str] | None = None
    models: frozenset[str] | None = None

    def sees_clinic(self, clinic_id: str) -> bool:
        return self.clinics is None or clinic_id in self.clinics

    def sees_model(self, model: str | None) -> bool:
        return self.models is None or model in self.models


@dataclass(frozen=True, slots=True)
class Viewer:
    """The person or program on whose behalf something is read or done."""

    name: str
    role: Role
    scope: Scope = Scope()
    told_published: bool = True
    """Of a vendor: whether told the numbers that are published about the whole fleet."""
