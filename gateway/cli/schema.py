"""`silverpoint schema`: the contract for machines."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from gateway.cli.common import ConfigOption, configured


class Format(StrEnum):
    """The documents that are made from the types."""

    ASYNCAPI = "asyncapi"
    JSON = "json"


def schema(
    form: Annotated[
        Format, typer.Argument(metavar="[asyncapi|json]", help="AsyncAPI 3, or JSON Schema.", show_default=False)
    ] = Format.ASYNCAPI,
    config: ConfigOption = None,
) -> None:
    """Print the machine-readable contract of the MQTT messages: AsyncAPI 3 (the default) or JSON Schema.

    Example: silverpoint schema json > silverpoint.schema.json
    """
    from schemas.documents import asyncapi, json_schema

    root = configured(config).broker.root
    typer.echo((asyncapi(root) if form is Format.ASYNCAPI else json_schema()).rstrip("\n"))
