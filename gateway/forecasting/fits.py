"""The fits as they stand, one for each nozzle model; and when one must be learnt anew, in a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from gateway.clock import Clock
from gateway.config_forecast import ForecastConfig
from gateway.errors import SilverpointError, StoreError
from gateway.events import Events
from gateway.forecasting.fit import MOST_UNITS, CountedLife, FitRequest, Learnt, ModelFit
from gateway.forecasting.follower import WearFollower
from gateway.forecasting.scoring import past_score
from gateway.ingest.fleet import Fleet, NozzleState
from gateway.ingest.registry import Registry
from gateway.store.forecast_base import ForecastStore
from gateway.store.forecast_rows import NozzleBins, StoredFit, WearState
from gateway.wear.calibrate import PastScore
from schemas.registry import DEFAULT_COATING_LIMIT

Learn: TypeAlias = Callable[[FitRequest], Awaitable[Learnt | None]]

_HOUR_MS: Final = 3_600_000
_RETRY_MS: Final = 60_000
_READ_AT_ONCE: Final = 20
"""After a learning that gave nothing."""
_PAST_NOZZLES: Final = 300
_PAST_OF_EACH: Final = 5
_GROWN: Final = 1.5
_GROWN_AT_LEAST: Final = 3
_MATURED_FROM: Final = 0.5


@dataclass(frozen=True, slots=True)
class Experience:
    """What a model's nozzles could teach now."""

    units: int
    lives: int
    matured: int
    """Nozzles that are at least half worn."""


class Fits:
    """Holds the newest fit of each model, and learns at most one at a time."""

    def __init__(
        self,
        *,
        store: ForecastStore,
        fleet: Fleet,
        registry: Registry,
        events: Events,
        clock: Clock,
        settings: ForecastConfig,
        learn: Learn,
    ) -> None:
        self._store = store
        self._fleet = fleet
        self._registry = registry
        self._events = events
        self._clock = clock
        self._settings = settings
        self._learn = learn
        self._fits: dict[str, ModelFit] = {}
        self._tried_at_ms: dict[str, int] = {}
        self._matured: dict[str, int] = {}
        self._learning: asyncio.Task[None] | None = None
        self._learnt: ModelFit | None = None

    async def restore(self) -> None:
        """Takes over the stored fits; one that can't be read is made again."""
        for stored in await self._store.latest_fits():
            try:
                self._fits[stored.model] = await asyncio.to_thread(ModelFit.of, stored)
            except StoreError as error:
                self._events.wear_fit_failed(stored.model, str(error))

    def of(self, model: str) -> ModelFit | None:
        """The fit of a model ('' where the model is unknown)."""
        return self._fits.get(model)

    def of_nozzle(self, serial: str) -> ModelFit | None:
        """The fit of a nozzle's model."""
        nozzle = self._fleet.nozzle(serial)
        return self._fits.get(nozzle.model or "" if nozzle is not None else "")

    def all(self) -> tuple[ModelFit, ...]:
        return tuple(self._fits.values())

    def adopt(self) -> ModelFit | None:
        """Takes over what has been learnt since the last call; its model's filters must be made again."""
        fit, self._learnt = self._learnt, None
        if fit is not None:
            self._fits[fit.model] = fit
        return fit

    def start(self, follower: WearFollower) -> None:
        """Begins to learn the model that needs it most, unless one is being learnt."""
        if self._learning is not None and not self._learning.done():
            return
        if self._learnt is not None:
            return
        by_model: dict[str, list[NozzleState]] = {}
        for nozzle in self._fleet.nozzles():
            by_model.setdefault(nozzle.model or "", []).append(nozzle)
        for model, nozzles in sorted(by_model.items()):
            states = [state for nozzle in nozzles if (state := follower.state(nozzle.serial)) is not None]
            seen = _experience(states, self._limit(model))
            if self._is_due(model, seen):
                self._tried_at_ms[model] = self._clock.monotonic_ms()
                self._matured[model] = seen.matured
                self._learning = asyncio.create_task(self._make(model, states), name="wear learning")
                return

    async def settle(self) -> None:
        """Waits for what is being learnt."""
        if self._learning is not None:
            await asyncio.wait({self._learning})

    async def close(self) -> None:
        """Ends what is being learnt."""
        if self._learning is not None:
            self._learning.cancel()
            await asyncio.wait({self._learning})

    def _is_due(self, model: str, seen: Experience) -> bool:
        tried_ms = self._tried_at_ms.get(model)
        if tried_ms is not None and self._clock.monotonic_ms() - tried_ms < _RETRY_MS:
            return False
        fit = self._fits.get(model)
        if fit is None:
            return True
        if fit.coating_limit != self._limit(model):
            return True
        matured = self._matured.setdefault(model, seen.matured)
        return (
            self._clock.now_ms() - fit.made_ms >= self._settings.refit_h * _HOUR_MS
            or seen.lives >= fit.lives + self._settings.refit_lives
            or seen.units >= _GROWN * fit.units + _GROWN_AT_LEAST
            or seen.matured >= _GROWN * matured + _GROWN_AT_LEAST
        )

    async def _make(self, model: str, states: Sequence[WearState]) -> None:
        limit = self._limit(model)
        chosen = sorted(states, key=lambda state: -_last_wear(state, limit))[:MOST_UNITS]
        try:
            bins: list[NozzleBins] = []
            for first in range(0, len(chosen), _READ_AT_ONCE):  # thousands of bins at once would hold everybody up
                bins += await self._store.wear_bins([s.serial for s in chosen[first : first + _READ_AT_ONCE]])
            nozzles = tuple((kept, self._lot(kept.serial)) for kept in bins)
            request = FitRequest(
                model, limit, self._rated(model), nozzles, await self._past(model), await self._counted(model, states)
            )
            if not nozzles and request.rated_strikes is None and not any(life.ended for life in request.counted):
                return
            learnt = await self._learn(request)
            if learnt is None:
                return
            made = StoredFit(0, model, self._clock.now_ms(), learnt.units, learnt.lives, learnt.document)
            # Read before it is kept: what can't be read again must not replace what can.
            fit = await asyncio.to_thread(ModelFit.of, made)
            self._learnt = fit.numbered((await self._store.save_fit(made)).fit_no)
        except SilverpointError as error:
            self._events.wear_fit_failed(model, str(error))
            return
        self._events.wear_fitted(model, self._learnt.fit_no, learnt.units, learnt.lives)

    async def _counted(self, model: str, states: Sequence[WearState]) -> tuple[CountedLife, ...]:
        """The model's nozzles whose coating is not measured."""
        measured = {state.serial for state in states}
        known = {
            nozzle.serial: nozzle.strikes
            for nozzle in self._newest(model)
            if nozzle.serial not in measured and nozzle.strikes
        }
        reasons = dict(await self._store.claim_reasons(list(known))) if known else {}
        return tuple(
            CountedLife(serial, strikes, reasons.get(serial) == "worn") for serial, strikes in sorted(known.items())
        )

    def _newest(self, model: str) -> list[NozzleState]:
        known = [nozzle for nozzle in self._fleet.nozzles() if (nozzle.model or "") == model]
        return sorted(known, key=lambda nozzle: (-nozzle.last_event_ms, nozzle.serial))[:_PAST_NOZZLES]

    async def _past(self, model: str) -> tuple[PastScore, ...]:
        """What came of the forecasts of the model's newest nozzles."""
        by_serial = {nozzle.serial: nozzle for nozzle in self._newest(model)}
        serials, found = list(by_serial), list[PastScore]()
        for first in range(0, len(serials), _READ_AT_ONCE):
            for issued in await self._store.past_forecasts(serials[first : first + _READ_AT_ONCE], _PAST_OF_EACH):
                nozzle = by_serial[issued.serial]
                score = past_score(issued, nozzle.lot, nozzle.strikes or 0)
                if score is not None:
                    found.append(score)
        return tuple(found)

    def _limit(self, model: str) -> float:
        entry = self._registry.model(model)
        return entry.coating_limit if entry else DEFAULT_COATING_LIMIT

    def _rated(self, model: str) -> int | None:
        entry = self._registry.model(model)
        return entry.rated_strikes if entry else None

    def _lot(self, serial: str) -> str | None:
        nozzle = self._fleet.nozzle(serial)
        return nozzle.lot if nozzle is not None else None


def _experience(states: list[WearState], coating_limit: float) -> Experience:
    wear = [_last_wear(state, coating_limit) for state in states]
    return Experience(len(wear), sum(one >= 1.0 for one in wear), sum(one >= _MATURED_FROM for one in wear))


def _last_wear(state: WearState, coating_limit: float) -> float:
    return (1.0 - state.last.coating_sum_u / state.last.readings / 1_000_000) / (1.0 - coating_limit)
