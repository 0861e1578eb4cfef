"""Gathers what demand is drawn from: memory for the nozzles, the sums of use for the rates, a little at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

import numpy as np

from gateway.analytics.batteries import BatterySeat
from gateway.analytics.demand_came import Came, nozzles_that_came
from gateway.analytics.demand_draws import DemandSeat
from gateway.analytics.demand_inputs import RATE_DAYS, busy_sd, demand_seat, life_so_far, rate_of
from gateway.analytics.local_days import DAY_MS, Floats, date_of, zone_spans
from gateway.analytics.practice import Life
from gateway.breath import Breath
from gateway.clock import Clock
from gateway.forecasting.board import Forecasts
from gateway.forecasting.use import Calendar
from gateway.ingest.fleet import Fleet
from gateway.ingest.registry import Registry
from gateway.store.demand_base import DemandStore
from gateway.store.rows import DeviceState
from gateway.store.use_base import UseStore
from gateway.store.use_rows import UseAsk

_HISTORY_WEEKS: Final = 104
MONDAY_MS: Final = 4 * DAY_MS
"""1970-01-05: weeks are counted from it."""
WEEK_MS: Final = 7 * DAY_MS


class DemandRecords(UseStore, DemandStore, Protocol):
    """What demand needs of the store."""


@dataclass(frozen=True, slots=True)
class DemandInputs:
    """All that one forecast of demand rests on."""

    seats: tuple[DemandSeat, ...]
    lives: tuple[Life, ...]
    rated: Mapping[str, float]
    busy_sd: float
    batteries: tuple[BatterySeat, ...]
    came: tuple[Came, ...]


class _Rates(NamedTuple):
    """Strikes by device and day."""

    number: Mapping[str, int]
    daily: Floats
    weekly: Sequence[float]
    usual: float
    first_day: int


class DemandGatherer:
    """Reads the fleet, the registry, the forecasts and the store."""

    def __init__(
        self, *, store: DemandRecords, fleet: Fleet, registry: Registry, forecasts: Forecasts, clock: Clock
    ) -> None:
        self._store = store
        self._fleet = fleet
        self._registry = registry
        self._forecasts = forecasts
        self._clock = clock

    async def gather(self) -> DemandInputs:
        """As things stand now. Raises StoreUnavailableError."""
        now_ms = self._clock.now_ms()
        devices = [state for state in self._fleet.devices() if state.device_id not in self._registry.out_of_use]
        calendars = {name: Calendar.of(self._registry.clinic(name)) for name in {d.clinic_id for d in devices}}
        rates = await self._rates(devices, now_ms)
        came = await nozzles_that_came(self._fleet)
        histories = await self._store.battery_weeks((now_ms - MONDAY_MS) // WEEK_MS - _HISTORY_WEEKS)
        lives = await self._lives(came, calendars)
        breath, seats, batteries = Breath(), [], []
        for state in devices:
            seats.append(self._seat(state, rates, calendars[state.clinic_id]))
            health = state.latest.sample.health_ratio if state.latest is not None else None
            if health is not None:
                history = (*histories.get(state.device_id, ()), (now_ms, health))
                batteries.append(BatterySeat(state.device_id, state.clinic_id, state.model, health, history))
            await breath.take()
        return DemandInputs(
            seats=tuple(seats),
            lives=tuple(lives),
            rated=self._rated(lives, seats),
            busy_sd=busy_sd(rates.weekly),
            batteries=tuple(batteries),
            came=tuple(came),
        )

    async def _rates(self, devices: Sequence[DeviceState], now_ms: int) -> _Rates:
        today = now_ms // DAY_MS
        first_day = today - RATE_DAYS
        number = {state.device_id: place for place, state in enumerate(devices)}
        zones = {name: self._registry.clinic(name).timezone for name in {d.clinic_id for d in devices}}
        spans = await asyncio.to_thread(zone_spans, zones, first_day, today)
        daily = np.zeros((len(devices), RATE_DAYS))
        ask = UseAsk(first_day, today, kind="device", labels=number, step_days=1)
        breath = Breath()
        async for rows in self._store.use_sums(ask, spans):
            for row in rows:
                if row.label >= 0:
                    daily[row.label, row.day - first_day] += row.strikes
            await breath.take()
        started = np.array([max(state.first_seen_ms // DAY_MS - first_day, 0) for state in devices], dtype=float)
        there = (started[:, None] <= np.arange(RATE_DAYS)).sum(axis=0)
        by_day = np.divide(daily.sum(axis=0), there, out=np.zeros(RATE_DAYS), where=there > 0)
        worked = daily[daily > 0]
        usual = float(worked.mean()) if worked.size else 0.0
        return _Rates(number, daily, by_day.reshape(-1, 7).sum(axis=1).tolist(), usual, first_day)

    async def _lives(self, came: Sequence[Came], calendars: Mapping[str, Calendar]) -> list[Life]:
        followed = {one.instead_of: one.item for one in came}
        breath, lives = Breath(), []
        for nozzle in self._fleet.nozzles():
            state = self._fleet.device(nozzle.device_id)
            calendar = calendars.get(nozzle.clinic_id)
            share = sum(calendar.open_weekdays) / 7.0 if calendar is not None else 1.0
            life = life_so_far(
                nozzle,
                self._registry.model(nozzle.model),
                device_model=state.model if state is not None else None,
                ended=not nozzle.fitted and nozzle.serial in followed,
                open_days=(nozzle.last_event_ms - nozzle.first_event_ms) / DAY_MS * share,
                followed_by=followed.get(nozzle.serial),
            )
            if life is not None:
                lives.append(life)
            await breath.take()
        return lives

    def _seat(self, state: DeviceState, rates: _Rates, calendar: Calendar) -> DemandSeat:
        serial = self._fleet.fitted_serial(state.device_id)
        nozzle = self._fleet.nozzle(serial) if serial is not None else None
        weekdays = np.array(calendar.open_weekdays)
        opened = weekdays[(date_of(rates.first_day).weekday() + np.arange(RATE_DAYS)) % 7]
        known = max(state.first_seen_ms // DAY_MS - rates.first_day, 0)
        daily = rates.daily[rates.number[state.device_id]]
        return demand_seat(
            nozzle,
            self._registry.model(nozzle.model) if nozzle is not None else None,
            self._forecasts.forecast_of(serial) if serial is not None else None,
            device_id=state.device_id,
            clinic_id=state.clinic_id,
            device_model=state.model,
            rate=rate_of(daily, opened, rates.usual, known),
            open_weekdays=calendar.open_weekdays,
        )

    def _rated(self, lives: Sequence[Life], seats: Sequence[DemandSeat]) -> dict[str, float]:
        rated = {seat.model: seat.rated_strikes for seat in seats if seat.rated_strikes}
        for model in {life.model for life in lives}:
            entry = self._registry.model(model)
            if entry is not None and entry.rated_strikes:
                rated[model] = float(entry.rated_strikes)
        return rated
