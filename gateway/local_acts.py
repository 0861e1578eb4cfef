"""What commands may have a running gateway do, through its local socket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fastapi import FastAPI
from pydantic import JsonValue

from gateway.config import Config
from gateway.errors import ConflictError, NotFoundError
from gateway.forgetting import forget_clinic
from gateway.pausing import Pauses
from gateway.serve.control import Dispatch
from gateway.serve.dispatch import dispatch
from gateway.serve.local_api import API, ask
from gateway.serve.roles import require
from gateway.serve.services import Services
from schemas.access import Viewer

FORGET: Final = "forget_clinic"


def local_acts(services: Services, app: FastAPI, config: Config, pauses: Pauses | None) -> Dispatch:
    """What the local socket does in a running gateway. `pauses`: whoever begins again after a pause; without, acts that
    need one are refused."""

    async def act(name: str, args: Mapping[str, JsonValue], actor: Viewer) -> dict[str, JsonValue]:
        if name == API:
            return await ask(app, args, actor)
        if name == FORGET:
            return await _forget(services, config, pauses, args, actor)
        return await dispatch(services.actions, name, args, actor, services.product)

    return act


async def _forget(
    services: Services, config: Config, pauses: Pauses | None, args: Mapping[str, JsonValue], actor: Viewer
) -> dict[str, JsonValue]:
    """Pauses to forget a clinic. Raises ForbiddenError, NotFoundError, ConflictError."""
    require(actor, FORGET)
    clinic_id = args.get("clinic_id")
    if not isinstance(clinic_id, str) or not await services.parts.store.knows_clinic(clinic_id):
        raise NotFoundError(f"nothing is known of a clinic {clinic_id}")
    if pauses is None:
        raise ConflictError("the demo's fleet would tell of it again: forget clinics of a real gateway")
    forgotten = await pauses.ask(lambda: forget_clinic(config, clinic_id, actor.name))
    return {
        "devices": [*forgotten.devices],
        "names_kept": forgotten.names_kept,
        "rows": forgotten.rows,
        "advice_left": forgotten.advice_left,
    }
