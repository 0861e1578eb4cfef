"""`silverpoint replay`: ingests recorded deliveries."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli import checks
from gateway.cli.common import ConfigOption, configured, run_async
from gateway.errors import InvalidInputError


def replay(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help='JSON lines of {"topic", "payload", "received_ms"}.', callback=checks.readable
        ),
    ],
    config: ConfigOption = None,
) -> None:
    """Ingest recorded deliveries, by the way that every message goes. Twice is the same as once.

    Example: silverpoint replay recording.jsonl
    """
    settings = configured(config)
    if not file.is_file():
        raise InvalidInputError([f"can't read {file}: there is no such file"])
    from gateway.cli.target import act

    done = run_async(act(settings, "replay", {"path": str(file.resolve())}))
    typer.echo(
        f"{done['deliveries']} deliveries: {done['stored']} records stored, {done['duplicates']} known already, "
        f"{done['rejected']} rejected"
    )
