"""Rows of demand: batteries as they were now and then, and demand as it was forecast, with what came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

BATTERY: Final = ""
"""The item that stands for batteries; any other is a nozzle model."""


class BatteryWeek(NamedTuple):
    """A device's battery as it was in one week (weeks since Monday 1970-01-05)."""

    device_id: str
    week: int
    at_ms: int
    health_ratio: float


@dataclass(frozen=True, slots=True)
class IssuedDemand:
    """What was said, on one day, of the next `weeks` weeks in a region; and what came, once that is known."""

    made_day: int
    """Days since the epoch."""
    region: str
    item: str
    weeks: int
    quantiles: tuple[float, ...]
    before: int | None
    """What came in as many weeks before: the forecast of whoever says "the same again". None: not known."""
    came: int | None = None
    loss: float | None = None
    """Mean pinball loss over the quantiles."""
    naive_loss: float | None = None
    inside_80: bool | None = None


class DemandScore(NamedTuple):
    """How past demand forecasts of one length turned out."""

    item: str
    weeks: int
    scored: int
    inside_80: float
    loss: float
    naive_loss: float | None
    """Of "the same again", over the forecasts that it can be compared with."""
    compared_loss: float | None
    """Of the forecasts over the same ones."""
