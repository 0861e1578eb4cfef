"""`silverpoint forecast`: remaining life from wear histories in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from pydantic import JsonValue

from gateway.cli import checks
from gateway.cli.common import as_line

USUAL_QUANTILES = "0.05,0.1,0.25,0.5,0.75,0.9,0.95"

LimitOption = Annotated[
    float,
    typer.Option("--limit", metavar="W", help="The wear at which a unit is worn out.", callback=checks.finite),
]


def _checked_levels(text: str) -> str:
    wrong = [part.strip() for part in text.split(",") if _level(part) is None]
    if wrong:
        checks.raise_all(f"levels lie between 0 and 1 (found {part!r})" for part in wrong)
    return text


def _level(text: str) -> float | None:
    try:
        level = float(text)
    except ValueError:
        return None
    return level if 0.0 < level < 1.0 else None


def forecast(
    ctx: typer.Context,
    history: Annotated[
        Path,
        typer.Option(
            "--history",
            metavar="FILE.csv",
            help="Columns unit,usage,wear and optionally lot; - for a pipe.",
            callback=checks.readings,
        ),
    ],
    limit: LimitOption,
    target: Annotated[
        Path | None,
        typer.Option(
            "--target",
            metavar="FILE.csv",
            help="Units to forecast, their readings so far; by default all of history.",
            callback=checks.readings,
        ),
    ] = None,
    quantiles: Annotated[
        str,
        typer.Option("--quantiles", metavar="Q,Q,...", help="Levels between 0 and 1.", callback=_checked_levels),
    ] = USUAL_QUANTILES,
) -> None:
    """Forecast how much use is left to each unit, as JSON lines in the unit of `usage`.

    A unit that is in the history too is left out of what its own forecast is learnt from.

    Example: silverpoint forecast --history worn.csv --limit 7 --target now.csv --quantiles 0.1,0.5,0.9
    """
    levels = sorted({float(part) for part in quantiles.split(",")})
    known = checks.units_in(ctx, history)
    lots = {unit.name: unit.lot for unit in known}
    asked = known if target is None else checks.units_in(ctx, target)
    targets = [unit if unit.lot else unit.of_lot(lots.get(unit.name)) for unit in asked]
    from gateway.wear.leave_out import forecast_units

    for found in forecast_units(known, targets, limit, levels):
        remaining: dict[str, JsonValue] = dict(zip(map(str, levels), found.remaining, strict=True))
        typer.echo(as_line({"unit": found.unit, "usage": found.usage, "wear": found.wear, "remaining": remaining}))
