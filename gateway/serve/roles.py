"""Roles: who may do what. The one table, and the one function that checks it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias, get_args

from gateway.errors import ForbiddenError
from schemas.access import ROLES, Role, Viewer

Act: TypeAlias = Literal[
    "read_fleet",
    "read_published",
    "read_report",
    "read_registry",
    "edit_clinic",
    "edit_device",
    "edit_nozzle_model",
    "recall_lot",
    "acknowledge_alert",
    "silence_alert",
    "exchange_registry",
    "read_quarantine",
    "release_quarantine",
    "resend_messages",
    "read_audit",
    "manage_access",
    "replay",
    "read_work",
    "do_work",
    "close_work",
    "edit_notifications",
    "read_outbox",
    "forget_clinic",
]
ACTS: Final[tuple[Act, ...]] = get_args(Act)

_ADMIN: Final = frozenset[Role]({"admin"})
_OFFICE: Final = frozenset[Role]({"admin", "manager"})
_STAFF: Final = frozenset[Role]({"admin", "manager", "technician"})

ALLOWED: Final[Mapping[Act, frozenset[Role]]] = {
    "read_fleet": _STAFF,
    "read_published": frozenset(ROLES),
    "read_report": _OFFICE,
    "read_registry": _STAFF,
    "edit_clinic": _OFFICE,
    "edit_device": _STAFF,
    "edit_nozzle_model": _OFFICE,
    "recall_lot": _OFFICE,
    "acknowledge_alert": _STAFF,
    "silence_alert": _STAFF,
    "exchange_registry": _OFFICE,
    "read_quarantine": _ADMIN,
    "release_quarantine": _ADMIN,
    "resend_messages": _ADMIN,
    "read_audit": _ADMIN,
    "manage_access": _ADMIN,
    "replay": _ADMIN,
    "read_work": _STAFF,
    "do_work": _STAFF,
    "close_work": _OFFICE,
    "edit_notifications": _STAFF,
    "read_outbox": _OFFICE,
    "forget_clinic": _ADMIN,
}

WHOLE_FLEET: Final[frozenset[Act]] = frozenset(
    {
        "edit_nozzle_model",
        "recall_lot",
        "exchange_registry",
        "read_quarantine",
        "release_quarantine",
        "resend_messages",
        "read_audit",
        "manage_access",
        "replay",
        "read_outbox",
        "forget_clinic",
    }
)
"""Acts that reach beyond any one clinic or model: not for whoever sees a part only."""


def require(viewer: Viewer, act: Act) -> None:
    """Raises ForbiddenError where the viewer's role or scope does not allow the act."""
    if viewer.role not in ALLOWED[act]:
        allowed = ", ".join(role for role in ROLES if role in ALLOWED[act])
        raise ForbiddenError(f"{viewer.role} may not {_words(act)}: ask for one of the roles {allowed}")
    if act in WHOLE_FLEET and (viewer.scope.clinics is not None or viewer.scope.models is not None):
        raise ForbiddenError(f"to {_words(act)} needs a sign-in that sees all clinics and models")


def _words(act: Act) -> str:
    return act.replace("_", " ")
