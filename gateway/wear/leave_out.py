"""Forecasts in which no unit's own history has a part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from gateway.errors import InvalidInputError
from gateway.wear.forecast import Forecaster, learn
from gateway.wear.history import Unit

_ONE_BY_ONE: Final = 12
_TENTHS: Final = 10


class UnitForecast(NamedTuple):
    """A unit as it stands, and quantiles of the use that is left to it, in the unit of use."""

    unit: str
    usage: float
    wear: float
    remaining: tuple[float, ...]


def forecast_units(
    history: Sequence[Unit], targets: Sequence[Unit], limit: float, levels: Sequence[float]
) -> list[UnitForecast]:
    """Each target's remaining life from the histories of the others.

    Up to a dozen targets that are in the history themselves get a fit of their own each; more are left out in tenths.
    Raises InvalidInputError for targets that no other unit's history is there for.
    """
    known = sorted({unit.name for unit in history})
    orphans = [unit.name for unit in targets if not set(known) - {unit.name}]
    if orphans:
        raise InvalidInputError(
            [
                f"unit {name}: the history holds no other unit to learn from; add the readings of at least one more"
                for name in orphans
            ]
        )
    found: dict[str, UnitForecast] = {}
    for group in left_out_together(known, [unit.name for unit in targets]):
        forecaster = learn([unit for unit in history if unit.name not in group], limit)
        found |= {unit.name: _forecast(forecaster, unit, levels) for unit in targets if unit.name in group}
    new = [unit for unit in targets if unit.name not in found]
    if new:
        forecaster = learn(history, limit)
        found |= {unit.name: _forecast(forecaster, unit, levels) for unit in new}
    return [found[unit.name] for unit in targets]


def left_out_together(known: Sequence[str], asked: Sequence[str]) -> list[frozenset[str]]:
    """The names in `asked` that are known, in groups that are left out of one fit together."""
    names = sorted(set(asked) & set(known))
    if len(names) <= _ONE_BY_ONE:
        return [frozenset({name}) for name in names]
    return [frozenset(names[first::_TENTHS]) for first in range(_TENTHS)]


def _forecast(forecaster: Forecaster, unit: Unit, levels: Sequence[float]) -> UnitForecast:
    remaining = tuple(float(x) for x in forecaster.remaining(unit, levels))
    return UnitForecast(unit.name, float(unit.usage[-1]), float(unit.wear[-1]), remaining)
