"""`silverpoint simulate`: a fleet that talks the contract."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli import checks
from gateway.cli.common import run_async
from gateway.clock import SystemClock
from gateway.errors import ConfigError, SilverpointError


def _readable_url(url: str) -> object:
    from collectors.mqtt_settings import MqttSettings

    return MqttSettings.from_url(url)


def simulate(
    broker: Annotated[
        str, typer.Option(metavar="URL", help="As mqtt://127.0.0.1:1883.", callback=checks.by(_readable_url))
    ],
    devices: Annotated[int, typer.Option(metavar="N", min=1, max=99_999, help="Devices in the fleet.")] = 60,
    rate: Annotated[
        float | None,
        typer.Option(metavar="MSGS_PER_S", help="At most so many messages a second.", callback=checks.above_zero),
    ] = None,
    speed: Annotated[
        float, typer.Option(metavar="X", help="How many times faster than real time.", callback=checks.above_zero)
    ] = 1.0,
    seed: Annotated[int, typer.Option(metavar="S", help="The same seed makes the same fleet.")] = 1,
    clinics: Annotated[int, typer.Option(metavar="N", min=1, max=9_999, help="Clinics they stand in.")] = 12,
    truth: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the ground truth of every nozzle there.")
    ] = None,
    duration: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS", help="Stop after so long; by default run until Ctrl-C.", callback=checks.above_zero
        ),
    ] = None,
) -> None:
    """Let a simulated fleet talk to a broker, until Ctrl-C.

    Example: silverpoint simulate --broker mqtt://127.0.0.1:1883 --devices 200 --speed 60 --truth truth.json
    """
    from collectors.simulator.publish import live_settings, run_simulation

    clock = SystemClock()
    try:
        settings = live_settings(
            clock.now_ms(), devices=devices, clinics=clinics, seed=seed, speed=speed, duration_s=duration
        )
        totals = run_async(
            run_simulation(
                settings,
                broker,
                now_ms=clock.now_ms,
                rate=rate,
                speed=speed,
                duration_s=duration,
                truth_path=truth,
                tell=lambda text: typer.echo(text, err=True),
            )
        )
    except ValueError as error:
        raise ConfigError([f"silverpoint simulate: {error}"]) from error
    except OSError as error:
        raise SilverpointError(f"can't write {error.filename or truth}: {error.strerror or error}") from error
    typer.echo(f"{totals.published} messages published, {totals.unsent} not sent")
    if totals.unsent and not totals.published:
        raise typer.Exit(1)
