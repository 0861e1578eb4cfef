"""`silverpoint demo`: the whole system with nothing else installed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli import checks
from gateway.cli.common import run_async
from gateway.config import LogConfig, parse_listen
from gateway.logs import set_up_logs


def demo(
    devices: Annotated[int, typer.Option(metavar="N", min=1, max=2_000, help="Devices in the simulated fleet.")] = 60,
    listen: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT",
            help="Where the pages are; by default 127.0.0.1:8080, or a free port.",
            callback=checks.by(parse_listen),
        ),
    ] = None,
    directory: Annotated[
        Path | None, typer.Option("--dir", metavar="DIR", help="Keep everything there; by default nothing stays.")
    ] = None,
) -> None:
    """Run everything: a broker, a simulated fleet with eight months of history, the gateway and its pages.

    Prints the address and the logins, then runs until Ctrl-C.

    Example: silverpoint demo --devices 100 --listen 127.0.0.1:9000
    """
    address = None if listen is None else parse_listen(listen)
    set_up_logs(LogConfig(level="warning"))
    from gateway.demo import run_demo

    run_async(run_demo(devices, address, directory))
