"""`silverpoint store`: backup, restore, check, migrate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.common import ConfigOption, configured, group, run_async
from gateway.cli.usage import ThoroughCommand
from gateway.config import Config
from gateway.errors import NotFoundError

store = group("Backup, restore, check and migration of the store.")

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="The backup.")]


@store.command(cls=ThoroughCommand)
def backup(file: FileArgument, config: ConfigOption = None) -> None:
    """Write one consistent copy of the store to a new file, also while the gateway runs.

    Example: silverpoint store backup /backup/silverpoint.db
    """
    path = _existing(configured(config))
    from gateway.store.sqlite.files import copy_store

    run_async(copy_store(path, str(file)))
    typer.echo(f"backed up to {file} ({file.stat().st_size} bytes)")


@store.command(cls=ThoroughCommand)
def restore(file: FileArgument, config: ConfigOption = None) -> None:
    """Put a backup in the store's place; no gateway may run. What was there is kept beside it.

    Example: silverpoint store restore /backup/silverpoint.db
    """
    settings = configured(config)
    from gateway.lock import StoreLock
    from gateway.store.open import restore as restore_store

    with StoreLock(settings.store.path):
        run_async(restore_store(settings.store.url, str(file)))
    typer.echo(f"restored {settings.store.path} from {file}")


@store.command(cls=ThoroughCommand)
def check(config: ConfigOption = None) -> None:
    """Look for faults in the store, also while the gateway runs; exits with 1 where there are any.

    Example: silverpoint store check
    """
    path = _existing(configured(config))
    from gateway.store.sqlite.files import faults_of

    faults = run_async(faults_of(path))
    for fault in faults:
        typer.echo(fault)
    if faults:
        raise typer.Exit(1)
    typer.echo("no faults found")


@store.command(cls=ThoroughCommand)
def migrate(config: ConfigOption = None) -> None:
    """Bring the store to this program's version, after a backup beside it; no gateway may run.

    The gateway does the same when it starts.

    Example: silverpoint store migrate
    """
    settings = configured(config)
    path = _existing(settings)
    run_async(_migrate(settings))
    typer.echo(f"{path} has this program's version")


async def _migrate(config: Config) -> None:
    from gateway.cli.target import locked_store

    async with locked_store(config):
        pass


def _existing(config: Config) -> str:
    if not config.store.path.is_file():
        raise NotFoundError(f"there is no store {config.store.path}; see store.url")
    return str(config.store.path)
