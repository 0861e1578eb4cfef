"""`silverpoint clinic`: forgetting a clinic that has left."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Annotated, Final

import typer
from pydantic import TypeAdapter

from gateway.cli.common import ConfigOption, configured, group, run_async
from gateway.cli.usage import ThoroughCommand
from gateway.config import Config
from gateway.errors import AlreadyRunningError, InvalidInputError, NotRunningError
from gateway.store.work_base import Forgotten
from schemas.identity import is_identifier

clinic = group("Clinics that have left.")

_TRIES: Final = 25
_BETWEEN_TRIES_S: Final = 0.2
_ADVICE_LEFT: Final = "The broker may retain advice to its devices until that runs out, within notify.advice_valid_h"
_FORGOTTEN: Final = TypeAdapter(Forgotten)


@clinic.command(cls=ThoroughCommand)
def forget(
    clinic_id: Annotated[str, typer.Argument(metavar="ID")],
    config: ConfigOption = None,
) -> None:
    """Erase a clinic that has left: its entry, its devices' entries, samples, sessions, alerts and orders there. The
    lives of its nozzles stay, without its name. Revoke the devices' logins first. A running gateway pauses for it, as
    long as its store takes to be written anew. It can't be undone; backups made before still have the clinic.

    Example: silverpoint clinic forget C-001
    """
    if not is_identifier(clinic_id):
        raise InvalidInputError([f"silverpoint clinic forget: {clinic_id[:40]!r} is no clinic's id"])
    done = run_async(_forget(configured(config), clinic_id))
    typer.echo(f"{clinic_id} is forgotten: {len(done.devices)} devices, {done.rows} rows")
    if done.devices and done.advice_left is not None:
        typer.echo(f"{_ADVICE_LEFT} ({done.advice_left})", err=True)
    if done.devices:
        typer.echo(f"Its devices, whose logins to revoke: {' '.join(done.devices)}", err=True)


async def _forget(settings: Config, clinic_id: str) -> Forgotten:
    """Has the running gateway forget it, or does so in the store where none runs."""
    from gateway.forgetting import forget_clinic
    from gateway.serve.access import LOCAL
    from gateway.serve.control import call, socket_path

    for left in reversed(range(_TRIES)):
        with suppress(NotRunningError):
            answer = await call(socket_path(settings.store.path), "forget_clinic", {"clinic_id": clinic_id})
            return _FORGOTTEN.validate_python(answer)
        try:
            return await forget_clinic(settings, clinic_id, LOCAL.name)
        except AlreadyRunningError:
            # It is starting or ending: in a moment it answers, or lets go of the store.
            if not left:
                raise
        await asyncio.sleep(_BETWEEN_TRIES_S)
    raise NotRunningError("the gateway is neither running nor away: see its log, then try again")
