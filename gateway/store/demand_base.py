"""What a store must do for demand: battery histories, issued forecasts, and what came of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from gateway.store.demand_rows import BatteryWeek, DemandScore, IssuedDemand


class DemandStore(Protocol):
    """Demand as it was forecast is never changed, but for what came."""

    async def note_batteries(self, rows: Sequence[BatteryWeek]) -> None:
        """Keeps the first of each device and week."""
        ...

    async def battery_weeks(self, since_week: int) -> Mapping[str, tuple[tuple[int, float], ...]]:
        """(at_ms, health) of each device from that week on, oldest first."""
        ...

    async def issue_demand(self, forecasts: Sequence[IssuedDemand]) -> None:
        """Keeps each that is the first of its day, region, item and length."""
        ...

    async def last_demand_day(self) -> int | None:
        """The last day of which forecasts are kept."""
        ...

    async def open_demand(self, until_day: int) -> tuple[IssuedDemand, ...]:
        """Forecasts without an outcome whose weeks are over by that day."""
        ...

    async def score_demand(self, forecasts: Sequence[IssuedDemand]) -> None:
        """Writes what came of issued forecasts."""
        ...

    async def demand_scores(self) -> tuple[DemandScore, ...]:
        """Of all that have an outcome, by item and length."""
        ...
