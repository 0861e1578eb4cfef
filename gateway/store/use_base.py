"""What a store must do for use: sums of sessions by device and day, kept for years.

A UTC day whose sessions have changed since it was summed is *stale*, and is answered from its sessions until it is
summed again: answers are always right, and quick once the sums have caught up.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol

from gateway.store.told_base import ToldDocument
from gateway.store.use_rows import FoldedDay, UseAsk, UseSums, ZoneSpan


class UseStore(Protocol):
    """Use by device and local day."""

    async def set_use_zones(self, zones: Mapping[str, str]) -> None:
        """Notes the clinics' time zones; where one is another than before, every summed day is stale."""
        ...

    async def fold_use_day(self, before_day: int, zones: Sequence[ZoneSpan]) -> FoldedDay | None:
        """Sums the oldest stale UTC day before `before_day`, in short transactions; None where there is none."""
        ...

    async def stale_use_days(self) -> tuple[int, ...]:
        """UTC days that are to be summed."""
        ...

    def use_sums(self, ask: UseAsk, zones: Sequence[ZoneSpan]) -> AsyncIterator[Sequence[UseSums]]:
        """The sums, some days at a time: a bucket may come in several parts. `zones` covers the days asked for."""
        ...

    async def told_use(self, month: str) -> ToldDocument | None:
        """What vendors were told of a month; None where nobody has asked."""
        ...

    async def tell_use(self, month: str, told: ToldDocument) -> None:
        """Keeps it, unless something is kept already."""
        ...
