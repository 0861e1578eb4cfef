"""Who may see and do what: roles, scopes, and the viewer on whose behalf something is read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

Role: TypeAlias = Literal["admin", "manager", "technician", "vendor"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)

_name = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}", re.ASCII)
NAMES_ARE: Final = "a name has 1 to 64 letters, digits and . _ @ + -, beginning with a letter or digit"


def is_name(text: str) -> bool:
    """Whether a person or a token may be called so."""
    return _name.fullmatch(text) is not None


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
