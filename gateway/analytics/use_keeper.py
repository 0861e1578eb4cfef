"""The use keeper: sums the days that are over, one at a time and never in a hurry, so that questions stay quick."""

from __future__ import annotations

import asyncio
from typing import Final

from gateway.analytics.local_days import DAY_MS, zone_spans
from gateway.clock import Clock
from gateway.errors import StoreUnavailableError
from gateway.events import Events
from gateway.ingest.fleet import Fleet
from gateway.ingest.registry import Registry
from gateway.store.use_base import UseStore

_REST_S: Final = 2.0
"""Between two days: while history is loaded the same days change again and again."""
_IDLE_S: Final = 60.0
_OPEN_DAYS: Final = 1
"""Today and yesterday (UTC) still change: they are answered from their sessions."""


class UseKeeper:
    """The only one that sums use."""

    def __init__(self, *, store: UseStore, fleet: Fleet, registry: Registry, clock: Clock, events: Events) -> None:
        self._store = store
        self._fleet = fleet
        self._registry = registry
        self._clock = clock
        self._events = events

    async def run(self) -> None:
        """Goes on until it is cancelled."""
        while True:
            try:
                more = await self.step()
            except StoreUnavailableError as error:
                self._events.forecasts_delayed(str(error))
                more = False
            await asyncio.sleep(_REST_S if more else _IDLE_S)

    async def step(self) -> bool:
        """Sums one day, if one is due; whether another is. Raises StoreUnavailableError: then nothing is lost."""
        zones = self._zones()
        await self._store.set_use_zones(zones)
        before_day = self._clock.now_ms() // DAY_MS - _OPEN_DAYS
        due = [day for day in await self._store.stale_use_days() if day < before_day]
        if not due:
            return False
        spans = await asyncio.to_thread(zone_spans, zones, due[0], due[0] + 1)
        folded = await self._store.fold_use_day(before_day, spans)
        return folded is not None and folded.more

    async def settle(self) -> None:
        """Sums all that is due."""
        while await self.step():
            pass

    def _zones(self) -> dict[str, str]:
        clinics = {state.clinic_id for state in self._fleet.devices()}
        return {clinic_id: self._registry.clinic(clinic_id).timezone for clinic_id in clinics}
