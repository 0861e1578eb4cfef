"""Outcomes: keeps a forecast of each nozzle, day and tenth of wear, and scores it once the nozzle's life has ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from gateway.clock import Clock
from gateway.forecasting.board import NozzleForecast
from gateway.forecasting.fit import LIMIT, unit_of
from gateway.forecasting.follower import FitOf
from gateway.forecasting.scoring import LifeEnd, crossed, scored, taken_off
from gateway.ingest.fleet import Fleet
from gateway.store.forecast_base import ForecastStore
from gateway.store.forecast_rows import Coverage, IssuedForecast

_DAY_MS: Final = 86_400_000


class Outcomes:
    """What was forecast, what came, and how often it lay within what was said."""

    def __init__(self, *, store: ForecastStore, fleet: Fleet, fit_of: FitOf, clock: Clock, ended_days: int) -> None:
        self._store = store
        self._fleet = fleet
        self._fit_of = fit_of
        self._clock = clock
        self._ended_ms = ended_days * _DAY_MS
        self._issued: dict[str, tuple[int, frozenset[int]]] = {}
        """Of each nozzle: the last day, and the tenths of wear that were forecast on it."""
        self.coverage: tuple[Coverage, ...] = ()

    async def restore(self) -> None:
        self.coverage = await self._store.coverage()

    async def issue(self, forecasts: Iterable[NozzleForecast]) -> None:
        """Keeps the first forecast of each nozzle, day and tenth of wear, while it is in use and not worn out: a life
        that is over within a day has some, too."""
        fresh = [
            issued
            for forecast in forecasts
            if forecast.fitted and forecast.wear < LIMIT and self._is_fresh(issued := issued_of(forecast))
        ]
        await self._store.issue_forecasts(fresh)
        for issued in fresh:
            day, tenths = self._issued.get(issued.serial, (-1, frozenset[int]()))
            before = tenths if day == issued.day else frozenset[int]()
            self._issued[issued.serial] = (issued.day, before | {issued.tenth})

    def _is_fresh(self, issued: IssuedForecast) -> bool:
        day, tenths = self._issued.get(issued.serial, (-1, frozenset[int]()))
        return issued.day > day or (issued.day == day and issued.tenth not in tenths)

    async def score(self, forecast_of: Callable[[str], NozzleForecast | None]) -> int:
        """Scores the forecasts of the lives that have ended since; how many forecasts that were."""
        done: list[IssuedForecast] = []
        for serial in await self._store.nozzles_to_score():
            forecast = forecast_of(serial)
            end = await self._end(serial, forecast) if forecast is not None else None
            if end is not None:
                done += scored(await self._store.issued_forecasts(serial), end, self._clock.now_ms())
        if done:
            await self._store.score_forecasts(done)
            self.coverage = await self._store.coverage()
        return len(done)

    async def _end(self, serial: str, forecast: NozzleForecast) -> LifeEnd | None:
        nozzle = self._fleet.nozzle(serial)
        if nozzle is None:
            return None
        if forecast.measured and forecast.wear >= LIMIT and (end := await self._crossing(serial)) is not None:
            return end
        if nozzle.fitted or self._clock.now_ms() - nozzle.last_event_ms < self._ended_ms:
            return None
        if forecast.measured:
            return taken_off(forecast.strikes, forecast.wear, forecast.remaining_strikes)
        # Nothing measures it: whether it was worn, only a person can say.
        if (serial, "worn") in await self._store.claim_reasons([serial]):
            return crossed(float(forecast.strikes))
        return taken_off(forecast.strikes, forecast.wear, None)

    async def _crossing(self, serial: str) -> LifeEnd | None:
        fit = self._fit_of(serial)
        if fit is None:
            return None
        for bins in await self._store.wear_bins([serial]):
            life = unit_of(bins, None, fit.coating_limit).life(LIMIT)
            return crossed(life) if life is not None else None
        return None


def issued_of(forecast: NozzleForecast) -> IssuedForecast:
    """A forecast as it is kept."""
    sessions, days = forecast.remaining_sessions, forecast.remaining_days
    return IssuedForecast(
        serial=forecast.serial,
        day=forecast.as_of_ms // _DAY_MS,
        as_of_ms=forecast.as_of_ms,
        group=forecast.group,
        fit_no=forecast.fit_no,
        strikes=forecast.strikes,
        wear=forecast.wear,
        remaining_strikes=forecast.remaining_strikes.values(),
        remaining_sessions=sessions.values() if sessions is not None else None,
        remaining_days=days.values() if days is not None else None,
        replace_by=forecast.replace_by.isoformat() if forecast.replace_by is not None else None,
        tenth=int(max(forecast.wear, 0.0) * 10.0),
        taught_shift=forecast.taught.shift,
        taught_spread=forecast.taught.spread,
    )
