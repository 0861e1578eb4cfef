"""`silverpoint validate`: would this message be taken?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli import checks
from gateway.cli.common import ConfigOption, configured
from gateway.errors import InvalidInputError


def validate(
    topic: Annotated[str, typer.Argument(metavar="TOPIC", help="As fleet/v1/C-001/D-0001/telemetry.")],
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="The payload; - for standard input.",
            callback=checks.readable,
        ),
    ],
    config: ConfigOption = None,
) -> None:
    """Say whether a message would be taken, and if not, why and where.

    Exits with 0 where all of it would be, with 1 where anything would be rejected. Age is not judged.

    Example: echo '{"state": "online"}' | silverpoint validate fleet/v1/C-001/D-0001/status -
    """
    from schemas.decode import decode

    root = configured(config).broker.root
    decoded = decode(topic, _payload(file), root)
    for rejection in decoded.rejections:
        typer.echo(f"rejected: {rejection.reason} at {rejection.path}")
    if decoded.records:
        typer.echo(f"taken: {len(decoded.records)} {decoded.kind} record{'s' if len(decoded.records) > 1 else ''}")
    elif not decoded.rejections:
        typer.echo("taken: a retained message is cleared; nothing is recorded")
    if decoded.rejections:
        raise typer.Exit(1)


def _payload(file: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise InvalidInputError([f"can't read {file}: {error.strerror}"]) from error
