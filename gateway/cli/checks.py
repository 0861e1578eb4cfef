"""What options and arguments must be. Checked while they are read, so that all mistakes are told at once."""

from __future__ import annotations

import errno
import math
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import typer

from gateway.cli.common import names, read_text
from gateway.cli.usage import InputMistakes
from gateway.clock import SystemClock
from gateway.errors import InvalidInputError
from schemas.access import NAMES_ARE, ROLES, is_name
from schemas.identity import is_identifier
from schemas.times import parse_time

if TYPE_CHECKING:
    from gateway.wear.history import Unit


def raise_all(mistakes: Iterable[str]) -> NoReturn:
    """Raises typer's BadParameter with a line for each mistake."""
    raise typer.BadParameter("\n".join(mistakes))


def time(text: str | None) -> str | None:
    """An RFC 3339 time, epoch milliseconds or an age."""
    if text is not None:
        try:
            parse_time(text, SystemClock().now_ms())
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
    return text


def identifier(text: str | None) -> str | None:
    """An identifier of the contract."""
    return None if text is None else _identifiers([text], text)


def identifiers(text: str | None) -> str | None:
    """Identifiers with commas between them."""
    return None if text is None else _identifiers([str(name) for name in names(text) or ()], text)


def _identifiers(found: Sequence[str], text: str) -> str:
    wrong = [name for name in found if not is_identifier(name)]
    if wrong:
        raise_all(
            f"write 1 to 64 letters, digits and . _ - beginning with a letter or digit (found {name[:80]!r})"
            for name in wrong
        )
    return text


def role(text: str) -> str:
    """One of the roles."""
    if text not in ROLES:
        raise typer.BadParameter(f"write one of {', '.join(ROLES)} (found {text!r})")
    return text


def person(text: str) -> str:
    """The name of a person or a token."""
    if not is_name(text):
        raise typer.BadParameter(f"{NAMES_ARE} (found {text[:80]!r})")
    return text


def readable(path: Path | None) -> Path | None:
    """A file that can be read, or `-` for standard input."""
    # Not opened: whoever writes to a named pipe would take that for the reading.
    if path is not None and str(path) != "-":
        fault = errno.ENOENT if not path.exists() else errno.EISDIR if path.is_dir() else errno.EACCES
        if not path.exists() or path.is_dir() or not os.access(path, os.R_OK):
            raise InputMistakes([f"can't read {path}: {os.strerror(fault)}"])
    return path


def readings(ctx: typer.Context, path: Path | None) -> Path | None:
    """A file of wear histories; `units_in` gives what stands in it, which is read once."""
    if path is None or str(path) in ctx.meta:
        return path
    from gateway.wear.history_csv import read_history

    try:
        ctx.meta[str(path)] = read_history(read_text(path), str(path))
    except InvalidInputError as error:
        raise InputMistakes(error.mistakes) from None
    return path


def units_in(ctx: typer.Context, path: Path) -> list[Unit]:
    """The units of a file that `readings` has checked."""
    found: list[Unit] = ctx.meta[str(path)]
    return found


def finite(value: float) -> float:
    """Neither NaN nor infinite."""
    if not math.isfinite(value):
        raise typer.BadParameter(f"write a finite number (found {value})")
    return value


def above_zero(value: float | None) -> float | None:
    """A finite number above 0."""
    if value is not None and not 0.0 < value < math.inf:
        raise typer.BadParameter(f"must be above 0, not {value:g}")
    return value


def by(read: Callable[[str], Any]) -> Callable[[str | None], str | None]:
    """What `read` takes without a ValueError."""

    def checked(text: str | None) -> str | None:
        if text is not None:
            try:
                read(text)
            except ValueError as error:
                raise typer.BadParameter(str(error)) from None
        return text

    return checked
