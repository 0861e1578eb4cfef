"""`silverpoint clinic`: forgetting a clinic that has left."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Annotated

import typer

from gateway.cli.common import ConfigOption, configured, group, run_async
from gateway.cli.usage import ThoroughCommand
from gateway.config import Config
from gateway.errors import AlreadyRunningError, InvalidInputError
from gateway.store.work_base import Forgotten
from schemas.identity import is_identifier

clinic = group("Clinics that have left.")


@clinic.command(cls=ThoroughCommand)
def forget(
    clinic_id: Annotated[str, typer.Argument(metavar="ID")],
    config: ConfigOption = None,
) -> None:
    """Erase a clinic that has left: its entry, its devices' entries, samples, sessions, alerts and orders there. The
    lives of its nozzles stay, without its name. Stop the gateway first, and revoke the devices' logins. It can't be
    undone; backups made before still have the clinic.

    Example: silverpoint clinic forget C-001
    """
    if not is_identifier(clinic_id):
        raise InvalidInputError([f"silverpoint clinic forget: {clinic_id[:40]!r} is no clinic's id"])
    done = run_async(_forget(configured(config), clinic_id))
    typer.echo(f"{clinic_id} is forgotten: {len(done.devices)} devices, {done.rows} rows")
    if done.devices:
        typer.echo(f"Its devices, whose logins to revoke: {' '.join(done.devices)}", err=True)


async def _forget(settings: Config, clinic_id: str) -> Forgotten:
    from gateway.cli.target import retention
    from gateway.clock import SystemClock
    from gateway.export.archive_forget import forget_in_archive
    from gateway.export.parquet import require_pyarrow
    from gateway.lock import StoreLock
    from gateway.serve.access import LOCAL, audit_row
    from gateway.store.sqlite import SqliteStore, Tuning

    now_ms = SystemClock().now_ms()
    path, archive = settings.store.path, settings.retention.archive_dir
    if archive is not None:
        require_pyarrow()
    try:
        with StoreLock(path):
            # Sealed to the last sample, so that each is in one place only.
            store = await SqliteStore.open(str(path), retention=retention(settings), tuning=Tuning(seal_rows=1))
            try:
                while (await store.maintain(now_ms)).more:
                    pass
                done = await store.forget_clinic(
                    clinic_id, audit_row(now_ms, LOCAL.name, "forget_clinic", clinic_id, {})
                )
                if archive is None:
                    return done
                gone = await asyncio.to_thread(forget_in_archive, archive, clinic_id)
                return replace(done, rows=done.rows + gone)
            finally:
                await store.close()
    except AlreadyRunningError as error:
        raise AlreadyRunningError(f"{error}: stop it first, a clinic is forgotten while nothing is written") from error
