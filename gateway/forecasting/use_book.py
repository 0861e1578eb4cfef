"""The use book: how each device uses its nozzles up, read from its sessions now and then."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

import numpy as np

from gateway.clock import Clock
from gateway.forecasting.use import Calendar, DeviceUse, device_use, fleet_use, open_day_amounts
from gateway.hours import zone_or_utc
from gateway.ingest.fleet import Fleet
from gateway.ingest.registry import Registry
from gateway.store.forecast_base import ForecastStore
from gateway.store.forecast_rows import UseRow
from gateway.wear.paths import Floats

_GOOD_FOR_MS: Final = 900_000
_AT_LEAST_MS: Final = 10_000
"""Between two readings of a device that holds one session after another, as while its history comes in."""
_WEEK_MS: Final = 7 * 86_400_000


class _Kept(NamedTuple):
    read_at_ms: int
    sessions_total: int | None
    """The device's own count when its sessions were read: another one now means that there are more."""
    sessions: Floats
    days: Floats


_ALWAYS_OPEN: Final = Calendar(zone_or_utc("UTC"), (True,) * 7)
"""Of a device that is there no more."""


class UseBook:
    """Rates of use by device; a device that has held no session goes by the fleet's."""

    def __init__(self, *, store: ForecastStore, fleet: Fleet, registry: Registry, clock: Clock, weeks: int) -> None:
        self._store = store
        self._fleet = fleet
        self._registry = registry
        self._clock = clock
        self._span_ms = weeks * _WEEK_MS
        self._kept: dict[str, _Kept] = {}

    def calendar(self, clinic_id: str) -> Calendar:
        """A clinic's, as the registry has it now."""
        return Calendar.of(self._registry.clinic(clinic_id))

    async def uses(self, device_ids: Collection[str]) -> Mapping[str, DeviceUse]:
        """The rates of these devices; empty while no device has held a session."""
        now_ms = self._clock.now_ms()
        stale = [device_id for device_id in device_ids if self._is_stale(device_id)]
        if stale:
            totals = {device_id: self._sessions_total(device_id) for device_id in stale}
            rows = await self._store.device_use(stale, now_ms - self._span_ms)
            calendars = {device_id: self._calendar_of(device_id) for device_id in stale}
            kept = await asyncio.to_thread(_read, rows, calendars, now_ms - self._span_ms, now_ms)
            read_at_ms = self._clock.monotonic_ms()
            self._kept.update({device: _Kept(read_at_ms, totals[device], *amounts) for device, amounts in kept.items()})
        known = list(self._kept.values())
        fleet = fleet_use([one.sessions for one in known], [one.days for one in known])
        if fleet is None:
            return {}
        return {
            device_id: device_use(self._kept[device_id].sessions, self._kept[device_id].days, fleet)
            for device_id in device_ids
        }

    def _is_stale(self, device_id: str) -> bool:
        kept = self._kept.get(device_id)
        if kept is None:
            return True
        age_ms = self._clock.monotonic_ms() - kept.read_at_ms
        return age_ms >= _GOOD_FOR_MS or (
            age_ms >= _AT_LEAST_MS and self._sessions_total(device_id) != kept.sessions_total
        )

    def _sessions_total(self, device_id: str) -> int | None:
        state = self._fleet.device(device_id)
        return state.latest.sample.sessions_total if state is not None and state.latest is not None else None

    def _calendar_of(self, device_id: str) -> Calendar:
        state = self._fleet.device(device_id)
        return self.calendar(state.clinic_id) if state is not None else _ALWAYS_OPEN


def _read(
    rows: Mapping[str, tuple[UseRow, ...]], calendars: Mapping[str, Calendar], since_ms: int, now_ms: int
) -> dict[str, tuple[Floats, Floats]]:
    amounts = {}
    for device_id, calendar in calendars.items():
        uses = rows.get(device_id, ())
        sessions = np.array([float(use.strikes) for use in uses])
        amounts[device_id] = (sessions, open_day_amounts(uses, calendar, since_ms, now_ms))
    return amounts
