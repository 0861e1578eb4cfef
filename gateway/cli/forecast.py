"""`silverpoint forecast`: remaining life from wear histories in a file."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import JsonValue

from gateway.cli.common import as_line, read_text
from gateway.errors import InvalidInputError

if TYPE_CHECKING:
    from gateway.wear.history import Unit

USUAL_QUANTILES = "0.05,0.1,0.25,0.5,0.75,0.9,0.95"

LimitOption = Annotated[float, typer.Option("--limit", metavar="W", help="The wear at which a unit is worn out.")]


def forecast(
    history: Annotated[
        Path,
        typer.Option("--history", metavar="FILE.csv", help="Columns unit,usage,wear and optionally lot; - for a pipe."),
    ],
    limit: LimitOption,
    target: Annotated[
        Path | None,
        typer.Option(
            "--target", metavar="FILE.csv", help="Units to forecast, their readings so far; by default all of history."
        ),
    ] = None,
    quantiles: Annotated[
        str, typer.Option("--quantiles", metavar="Q,Q,...", help="Levels between 0 and 1.")
    ] = USUAL_QUANTILES,
) -> None:
    """Forecast how much use is left to each unit, as JSON lines in the unit of `usage`.

    A unit that is in the history too is left out of what its own forecast is learnt from.

    Example: silverpoint forecast --history worn.csv --limit 7 --target now.csv --quantiles 0.1,0.5,0.9
    """
    levels, mistakes = _levels(quantiles)
    mistakes += limit_mistakes("forecast", limit)
    if mistakes:
        raise InvalidInputError(mistakes)
    known, targets = _units(history, target)
    from gateway.wear.leave_out import forecast_units

    for found in forecast_units(known, targets, limit, levels):
        remaining: dict[str, JsonValue] = dict(zip(map(str, levels), found.remaining, strict=True))
        typer.echo(as_line({"unit": found.unit, "usage": found.usage, "wear": found.wear, "remaining": remaining}))


def limit_mistakes(command: str, limit: float) -> list[str]:
    """What is wrong with a limit."""
    return [] if math.isfinite(limit) else [f"silverpoint {command}: --limit: write a finite number (found {limit})"]


def _levels(text: str) -> tuple[list[float], list[str]]:
    levels: set[float] = set()
    mistakes: list[str] = []
    for part in text.split(","):
        try:
            level = float(part)
        except ValueError:
            level = math.nan
        if 0.0 < level < 1.0:
            levels.add(level)
        else:
            mistakes.append(f"silverpoint forecast: --quantiles: levels lie between 0 and 1 (found {part.strip()!r})")
    return sorted(levels), mistakes


def _units(history: Path, target: Path | None) -> tuple[list[Unit], list[Unit]]:
    """The history and the targets; the mistakes of both files are told together."""
    from gateway.wear.history_csv import read_history

    found: list[list[Unit]] = []
    mistakes: list[str] = []
    for file in [history] if target is None else [history, target]:
        try:
            found.append(read_history(read_text(file), str(file)))
        except InvalidInputError as error:
            mistakes += error.mistakes
    if mistakes:
        raise InvalidInputError(mistakes)
    lots = {unit.name: unit.lot for unit in found[0]}
    return found[0], [unit if unit.lot else unit.of_lot(lots.get(unit.name)) for unit in found[-1]]
