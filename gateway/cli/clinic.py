"""`silverpoint clinic`: forgetting a clinic that has left."""

from __future__ import annotations

from typing import Annotated, Final

import typer
from pydantic import TypeAdapter

from gateway.cli import checks
from gateway.cli.common import ConfigOption, configured, group, run_async
from gateway.cli.usage import ThoroughCommand
from gateway.config import Config
from gateway.store.work_base import Forgotten
from schemas.topics import device_topic

clinic = group("Clinics that have left.")

_ADVICE_LEFT: Final = "The broker may retain advice to its devices until that runs out, within notify.advice_valid_h"
_STATUS_LEFT: Final = "The broker retains the last status of each, which only a login that may write it can clear"
_FORGOTTEN: Final = TypeAdapter(Forgotten)


@clinic.command(cls=ThoroughCommand)
def forget(
    clinic_id: Annotated[str, typer.Argument(metavar="ID", callback=checks.identifier)],
    config: ConfigOption = None,
) -> None:
    """Erase a clinic that has left: its entry, its devices' entries, samples, sessions, alerts and orders there. The
    lives of its nozzles stay, without its name. Revoke the devices' logins first. A running gateway pauses for it, as
    long as its store takes to be written anew. It can't be undone; backups made before still have the clinic.

    Example: silverpoint clinic forget C-001
    """
    settings = configured(config)
    done = run_async(_forget(settings, clinic_id))
    typer.echo(f"{clinic_id} is forgotten: {len(done.devices)} devices, {done.rows} rows")
    if done.devices and done.advice_left is not None:
        typer.echo(f"{_ADVICE_LEFT} ({done.advice_left})", err=True)
    if done.devices:
        typer.echo(f"Its devices, whose logins to revoke: {' '.join(done.devices)}", err=True)
        status = device_topic(clinic_id, "DEVICE", "status", settings.broker.root)
        typer.echo(f"{_STATUS_LEFT}: mosquitto_pub -r -n -t {status}", err=True)


async def _forget(settings: Config, clinic_id: str) -> Forgotten:
    """Has the running gateway forget it, or does so in the store where none runs."""
    from gateway.cli.target import told_or_done
    from gateway.forgetting import forget_clinic
    from gateway.local_acts import FORGET
    from gateway.serve.access import LOCAL

    done = await told_or_done(
        settings, FORGET, {"clinic_id": clinic_id}, lambda: forget_clinic(settings, clinic_id, LOCAL.name)
    )
    return _FORGOTTEN.validate_python(done)
