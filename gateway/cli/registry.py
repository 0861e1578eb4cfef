"""`silverpoint registry`: clinics, devices, nozzle models and lots as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli import checks
from gateway.cli.common import ConfigOption, configured, group, read_text, run_async
from gateway.cli.usage import ThoroughCommand

registry = group("Clinics, devices, nozzle models and lots as a file.")


@registry.command("import", cls=ThoroughCommand)
def import_(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.csv", help="As `export` writes it; - for standard input.", callback=checks.readable
        ),
    ],
    config: ConfigOption = None,
) -> None:
    """Take a whole file into the registry, or, if there is any mistake in it, nothing of it.

    Example: silverpoint registry import registry.csv
    """
    settings = configured(config)
    csv = read_text(file)
    from gateway.cli.target import act

    done = run_async(act(settings, "registry_import", {"csv": csv}))
    typer.echo(
        f"{done['clinics']} clinics, {done['devices']} devices, {done['nozzle_models']} nozzle models, "
        f"{done['lots']} lots"
    )


@registry.command(cls=ThoroughCommand)
def export(config: ConfigOption = None) -> None:
    """Print the registry as CSV.

    Example: silverpoint registry export > registry.csv
    """
    settings = configured(config)
    from gateway.cli.target import act

    typer.echo(run_async(act(settings, "registry_export", {}))["csv"], nl=False)
