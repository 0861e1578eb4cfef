"""`silverpoint doctor`: what loses data or lets strangers in, and what to change."""

from __future__ import annotations

import typer

from gateway.cli.common import ConfigOption, configured, run_async
from gateway.config_sections import DEFAULT_CONFIG_FILE


def doctor(config: ConfigOption = None) -> None:
    """Check an installation: broker, clock, disk, store, exposure, channels; also while the gateway runs.

    Prints a line for each finding with what to change; exits with 1 where something is wrong. It changes nothing, and
    leaves nothing at the broker: it tries that under a client id and a topic of its own.

    Example: silverpoint doctor --config /etc/silverpoint/silverpoint.toml
    """
    settings = configured(config)
    from gateway.clock import SystemClock
    from gateway.doctor.examine import examine
    from gateway.doctor.finding import Weight

    file = config or (DEFAULT_CONFIG_FILE if DEFAULT_CONFIG_FILE.exists() else None)
    findings = run_async(examine(settings, file, SystemClock()))
    for finding in findings:
        typer.echo(finding.line)
    if any(finding.weight is Weight.WRONG for finding in findings):
        raise typer.Exit(1)
    typer.echo("nothing is wrong")
