"""How urgent an alert is, in words: its severity, what is left with the interval, and by when. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from math import floor
from typing import Final

from gateway.notify.notice import Item
from gateway.notify.texts import one_line
from schemas.alert import Rule
from schemas.views import ForecastView, Quantiles

INTERVAL_NOTE: Final = "In brackets: the range in which it will be in 8 of 10 cases."
_NOW: Final = frozenset[Rule]({"nozzle_worn_out", "nozzle_expired", "nozzle_recalled"})
"""Whatever a forecast says: these nozzles must not be used any more."""
_AHEAD: Final = frozenset[Rule]({"nozzle_due", "nozzle_wear_abnormal"})


def percent(ratio: float) -> str:
    """As `87 %`; what is short of the whole is never told as the whole."""
    rounded = round(100 * ratio)
    return f"{floor(100 * ratio) if rounded == 100 and ratio < 1 else rounded} %"


def urgency_line(item: Item) -> str:
    """How urgent: the severity and, with its interval, for how long it lasts."""
    return ", ".join((item.severity, *_rest(item)))


def _rest(item: Item) -> Iterator[str]:
    if item.firing and item.rule in _NOW:
        yield "replace it before the next session"
    elif item.forecast is not None and item.rule in _AHEAD:
        yield from _outlook(item.forecast)
    elif item.wear_ratio is not None and item.firing:
        yield f"wear {percent(item.wear_ratio)} of the limit; no forecast yet"


def has_interval(item: Item) -> bool:
    """Whether what is said of its urgency has a range in brackets."""
    return "(" in urgency_line(item)


def _outlook(forecast: ForecastView) -> Iterator[str]:
    if forecast.remaining_sessions is not None:
        yield left(forecast.remaining_sessions, "session")
    if forecast.remaining_days is not None:
        yield left(forecast.remaining_days, "day")
    if forecast.replace_by:
        yield f"replace by {one_line(forecast.replace_by)}"


def left(quantiles: Quantiles, unit: str) -> str:
    """What is left, as `34 (21 to 52) sessions left`, in whole numbers that a person can plan by."""
    low, middle, high = (round(value) for value in (quantiles.p10, quantiles.p50, quantiles.p90))
    if high < 1:
        return f"less than one {unit} left"
    if middle < 1:
        return f"at most {high} {_plural(unit, high)} left"
    interval = f" ({low} to {high})" if low < high else ""
    return f"{middle}{interval} {_plural(unit, high)} left"


def _plural(unit: str, number: int) -> str:
    return unit if number == 1 else f"{unit}s"
