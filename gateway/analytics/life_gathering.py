"""Gathers every nozzle's life from the fleet, its ledgers, the forecasts and the store, a little at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from gateway.analytics.nozzle_lives import LIMIT, Facts, NozzleLife, nozzle_life, present_wear
from gateway.breath import Breath
from gateway.errors import StoreError
from gateway.forecasting.board import Forecasts
from gateway.forecasting.fit import ModelFit, unit_of
from gateway.ingest.fleet import Fleet, NozzleState
from gateway.ingest.registry import Registry
from gateway.store.forecast_base import ForecastStore
from gateway.store.forecast_rows import NozzleBins
from gateway.store.lives_base import FirmwareSince, LivesStore
from gateway.store.work_base import WorkStore
from schemas.registry import DEFAULT_COATING_LIMIT
from schemas.work import ReplaceReason

_READ_AT_ONCE: Final = 10
_ORDERS_AT_ONCE: Final = 200


class LifeStore(ForecastStore, WorkStore, LivesStore, Protocol):
    """What lives are read from beside memory."""


class FirstSight(NamedTuple):
    """When and at what age a nozzle was first known on a device."""

    at_ms: int
    strikes: int


class LifeGatherer:
    """Keeps what does not change from one gathering to the next: where worn nozzles reached the limit."""

    def __init__(self, *, fleet: Fleet, registry: Registry, store: LifeStore, forecasts: Forecasts) -> None:
        self._fleet = fleet
        self._registry = registry
        self._store = store
        self._forecasts = forecasts
        self._reached: dict[tuple[str, float], float] = {}
        """By serial and coating limit: people may correct the limit."""

    async def gather(self) -> tuple[NozzleLife, ...]:
        """Every nozzle that ever told its strikes. Raises StoreUnavailableError."""
        fits = await self._fits()
        reasons = await self._reasons()
        first = await self._first_sights()
        firmwares = await self._store.firmware_history()
        await self._find_limits()
        breath, lives = Breath(), []
        for nozzle in self._fleet.nozzles():
            firmware = firmware_during(firmwares.get(nozzle.device_id, ()), nozzle.first_event_ms, nozzle.last_event_ms)
            life = nozzle_life(nozzle, self._facts(nozzle, first.get(nozzle.serial), firmware, fits, reasons))
            if life is not None:
                lives.append(life)
            await breath.take()
        return tuple(lives)

    def _facts(
        self,
        nozzle: NozzleState,
        first: FirstSight | None,
        firmware: str | None,
        fits: Mapping[str, ModelFit],
        reasons: Mapping[str, ReplaceReason],
    ) -> Facts:
        device = self._fleet.device(nozzle.device_id)
        return Facts(
            coating_limit=self._limit(nozzle.model),
            entry_strikes=first.strikes if first is not None else 0,
            fitted_ms=first.at_ms if first is not None else nozzle.first_event_ms,
            firmware=firmware,
            form=device.form if device is not None else None,
            forecast=self._forecasts.forecast_of(nozzle.serial),
            fit=fits.get(nozzle.model or ""),
            reached_limit=self._reached.get((nozzle.serial, self._limit(nozzle.model))),
            reason=reasons.get(nozzle.serial),
        )

    def _limit(self, model: str | None) -> float:
        entry = self._registry.model(model)
        return entry.coating_limit if entry is not None else DEFAULT_COATING_LIMIT

    async def _fits(self) -> dict[str, ModelFit]:
        fits: dict[str, ModelFit] = {}
        for stored in await self._store.latest_fits():
            try:
                fits[stored.model] = await asyncio.to_thread(ModelFit.of, stored)
            except StoreError:
                continue  # the forecasts say so, and learn it anew; until then wear is taken as it is
        return fits

    async def _reasons(self) -> dict[str, ReplaceReason]:
        """Why people took nozzles off, as their work orders say."""
        reasons: dict[str, ReplaceReason] = {}
        before: int | None = None
        while True:
            orders = await self._store.work_orders(limit=_ORDERS_AT_ONCE, before=before)
            reasons.update(
                (order.subject, order.claim_reason)
                for order in orders
                if order.kind == "nozzle" and order.claim_reason is not None
            )
            if len(orders) < _ORDERS_AT_ONCE:
                return reasons
            before = orders[-1].order_id

    async def _first_sights(self) -> dict[str, FirstSight]:
        """Of each nozzle the earliest word in any ledger that it is on a device."""
        first: dict[str, FirstSight] = {}
        breath = Breath()
        for device_id in [state.device_id for state in self._fleet.devices()]:
            for row in self._fleet.ledger(device_id):
                known = first.get(row.serial)
                if row.action != "removed" and (known is None or row.event_ms < known.at_ms):
                    first[row.serial] = FirstSight(row.event_ms, row.strikes or 0)
            await breath.take()
        return first

    async def _find_limits(self) -> None:
        """Reads where the nozzles that have worn out since the last time reached the limit."""
        breath, found = Breath(), []
        for nozzle in self._fleet.nozzles():
            named = (nozzle.serial, self._limit(nozzle.model))
            if named not in self._reached and self._is_worn(nozzle):
                found.append(named)
            await breath.take()
        limits = dict(found)
        for first in range(0, len(found), _READ_AT_ONCE):
            some = [serial for serial, _ in found[first : first + _READ_AT_ONCE]]
            bins = await self._store.wear_bins(some)
            reached = await asyncio.to_thread(_limits_reached, bins, limits)
            self._reached.update(((serial, limits[serial]), strikes) for serial, strikes in reached)

    def _is_worn(self, nozzle: NozzleState) -> bool:
        forecast = self._forecasts.forecast_of(nozzle.serial)
        wear, _ = present_wear(nozzle, forecast, self._limit(nozzle.model))
        return wear is not None and wear >= LIMIT


def firmware_during(history: Sequence[FirmwareSince], since_ms: int, until_ms: int) -> str | None:
    """The firmware that a device had for most of a time; the first that it told counts for the time before, too."""
    times: dict[str, int] = {}
    for place, (begun_ms, firmware) in enumerate(history):
        ended_ms = history[place + 1].since_ms if place + 1 < len(history) else until_ms
        inside_ms = min(ended_ms, until_ms) - (max(begun_ms, since_ms) if place else since_ms)
        times[firmware] = times.get(firmware, 0) + max(inside_ms, 0)
    if not any(times.values()):
        begun = [one.firmware for one in history if one.since_ms <= since_ms]
        return begun[-1] if begun else history[0].firmware if history else None
    return max(times, key=lambda firmware: times[firmware])


def _limits_reached(bins: Iterable[NozzleBins], limits: Mapping[str, float]) -> Sequence[tuple[str, float]]:
    reached = ((kept.serial, unit_of(kept, None, limits[kept.serial]).life(LIMIT)) for kept in bins)
    return [(serial, strikes) for serial, strikes in reached if strikes is not None]
