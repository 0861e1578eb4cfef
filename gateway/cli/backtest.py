"""`silverpoint backtest`: what the forecast would have been worth on one's own past."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import JsonValue

from gateway.cli import checks
from gateway.cli.common import as_line
from gateway.cli.forecast import LimitOption

if TYPE_CHECKING:
    from gateway.wear.backtest import Backtest, Score


def backtest(
    ctx: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.csv",
            help="Columns unit,usage,wear and optionally lot; - for standard input.",
            callback=checks.readings,
        ),
    ],
    limit: LimitOption,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Score the forecast on one's own data: each unit forecast from the others at 30, 50, 70 and 90 % of its life.

    CRPS and error are shares of a life, the smaller the better; of the 80 % intervals about 80 % should have held.
    Cost is that of replacing by the forecast, where a failure costs 5 replacements; perfect foresight is 1.

    Example: silverpoint backtest worn.csv --limit 7
    """
    from gateway.wear.backtest import backtest as run_backtest

    found = run_backtest(checks.units_in(ctx, file), limit)
    if as_json:
        typer.echo(as_line(_as_json(found)))
        return
    typer.echo(f"{found.units} units, {found.scored_units} of them reached {limit:g}; each forecast from the others\n")
    typer.echo(f"{'at':>10}{'forecasts':>11}{'CRPS/life':>11}{'MAE/life':>10}{'80 % held':>11}{'90 % held':>11}")
    for stage, score in found.by_stage.items():
        typer.echo(_line(f"{stage:.0%}", score))
    typer.echo(_line("all", found.all))
    typer.echo(f"\ncost of replacing by the forecast: {found.cost:.2f}; at the best fixed use: {found.cost_fixed:.2f}")


def _line(name: str, score: Score) -> str:
    if not score.forecasts:
        return f"{name:>10}{0:11}"
    held = f"{score.covered_80:11.0%}{score.covered_90:11.0%}"
    return f"{name:>10}{score.forecasts:11}{score.crps:11.3f}{score.error:10.3f}{held}"


def _as_json(found: Backtest) -> JsonValue:
    return {
        "units": found.units,
        "scored_units": found.scored_units,
        "stages": {str(stage): _score(score) for stage, score in found.by_stage.items()},
        "all": _score(found.all),
        "cost": found.cost,
        "cost_fixed": found.cost_fixed,
    }


def _score(score: Score) -> JsonValue:
    values = {
        "crps_per_life": score.crps,
        "mae_per_life": score.error,
        "covered_80": score.covered_80,
        "covered_90": score.covered_90,
    }
    return {"forecasts": score.forecasts} | {k: None if math.isnan(v) else v for k, v in values.items()}
