"""What the commands on alerts and work share: their options, and the API that they ask."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias

import typer
from pydantic import JsonValue

from gateway.cli.common import as_line, configured, run_async
from gateway.config import Config
from gateway.errors import InvalidInputError
from schemas.times import parse_time

_PAGE: Final = 1_000
_length = re.compile(r"(\d{1,6})([smhdw])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}

AtOption: TypeAlias = Annotated[
    str | None, typer.Option("--at", metavar="T", help="When it was done: RFC 3339, epoch ms, or an age; now.")
]
KeyOption: TypeAlias = Annotated[
    str | None, typer.Option("--key", metavar="KEY", help="Of your choice: the same key again is done once.")
]
JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="As the API answers it, a JSON object a line.")]
LimitOption: TypeAlias = Annotated[int, typer.Option(metavar="N", min=1, help="At most so many.")]
ClinicOption: TypeAlias = Annotated[str | None, typer.Option(metavar="ID", help="Only this clinic.")]


class Api:
    """The API, asked on behalf of whoever runs the command."""

    def __init__(self, config: Path | None) -> None:
        """Raises ConfigError."""
        self._config: Config = configured(config)

    def get(self, path: str, **query: str | None) -> dict[str, Any]:
        """Raises NotFoundError and the like."""
        return self._ask("GET", path, query=query)

    def post(self, path: str, key: str | None = None, **body: JsonValue) -> dict[str, Any]:
        """Does an act; what is None is left out. Raises ConflictError and the like."""
        return self._ask("POST", path, body={name: value for name, value in body.items() if value is not None}, key=key)

    def send(self, method: str, path: str, body: Mapping[str, JsonValue], key: str | None = None) -> dict[str, Any]:
        """As `post`, with a body in which null means something."""
        return self._ask(method, path, body=body, key=key)

    def items(self, path: str, limit: int, **query: str | None) -> Iterator[dict[str, Any]]:
        """The rows of a list, page by page."""
        cursor = None
        while limit > 0:
            page = self.get(path, **query, limit=str(min(limit, _PAGE)), cursor=cursor)
            yield from page["items"]
            limit -= len(page["items"])
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def _ask(self, method: str, path: str, **asked: Any) -> dict[str, Any]:
        from gateway.cli.target import ask_api

        return run_async(ask_api(self._config, method, path, **asked))


def show(rows: Iterator[dict[str, Any]], line: Callable[[dict[str, Any]], str], *, as_json: bool) -> None:
    """Prints a line for each row, and says so where there is none."""
    found = False
    for row in rows:
        found = True
        typer.echo(as_line(row) if as_json else line(row))
    if not found and not as_json:
        typer.echo("none", err=True)


def at_ms(option: str, text: str | None) -> int | None:
    """A time as it is written on the command line. Raises InvalidInputError."""
    if text is None:
        return None
    try:
        return parse_time(text, round(datetime.now(UTC).timestamp() * 1_000))
    except ValueError as error:
        raise InvalidInputError([f"{option}: {error}"]) from None


def length_s(option: str, text: str | None) -> int | None:
    """A length of time, as `90m`, in seconds. Raises InvalidInputError."""
    if text is None:
        return None
    found = _length.fullmatch(text)
    if found is None:
        raise InvalidInputError([f"{option}: {text[:40]!r} is no length of time: write 90m, 8h or 3d"])
    return int(found[1]) * _SECONDS[found[2]]


def when(time_ms: int | None) -> str:
    """In UTC, to the minute."""
    return "-" if time_ms is None else datetime.fromtimestamp(time_ms / 1_000, UTC).strftime("%Y-%m-%dT%H:%MZ")
