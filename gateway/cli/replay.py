"""`silverpoint replay`: ingests recorded deliveries."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

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

    Lines that are no deliveries are passed over and named, the others are taken in. Exits with 2 where there are any.

    Example: silverpoint replay recording.jsonl
    """
    settings = configured(config)
    if not file.is_file():
        raise InvalidInputError([f"can't read {file}: there is no such file"])
    from gateway.cli.target import act

    done: dict[str, Any] = run_async(act(settings, "replay", {"path": str(file.resolve())}))
    typer.echo(
        f"{done['deliveries']} deliveries: {done['stored']} records stored, {done['duplicates']} known already, "
        f"{done['rejected']} rejected"
    )
    if done["mistakes"]:
        raise InvalidInputError(done["mistakes"])
