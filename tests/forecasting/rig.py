"""Forecasts over a real store and pipeline, fed by the simulator: what a test needs of a gateway."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry

from collectors.replay import ReplayCollector
from collectors.simulator.fleet import SimulatedFleet
from collectors.simulator.settings import DAY_MS, HOUR_MS, MINUTE_MS, SimulatorSettings
from collectors.simulator.truth import NozzleTruth
from gateway.clock import ManualClock
from gateway.config_forecast import ForecastConfig
from gateway.events import Events
from gateway.forecasting.fit import FitRequest, Learnt, learn_model
from gateway.forecasting.fits import Learn
from gateway.forecasting.online import ForecastKeeper
from gateway.ingest.feed import CommitFeed
from gateway.ingest.fleet import Fleet
from gateway.ingest.pipeline import Pipeline
from gateway.ingest.registry import Registry
from gateway.store.forecast_rows import NozzleBins, WearState
from gateway.store.sqlite import SqliteStore, Tuning
from schemas.delivery import Delivery
from schemas.registry import RegistryEntry

START_MS: Final = 1_767_571_200_000
"""Monday, 2026-01-05."""
SMALL_TABLES: Final = Tuning(seal_rows=250, seal_step_rows=90, clear_step_rows=120, delete_step_rows=100)


OPEN_STORES: Final[list[SqliteStore]] = []
"""A store that a failed test left open would keep the test run from ending: the fixture closes what is left."""


@dataclass(frozen=True)
class Recorded:
    """What a simulated fleet delivered, and what was true."""

    deliveries: tuple[Delivery, ...]
    truth: dict[str, NozzleTruth]
    registry: tuple[RegistryEntry, ...]
    bad_lot: str
    until_ms: int


@lru_cache(maxsize=4)
def recorded(days: int, devices: int, seed: int = 3) -> Recorded:
    """A fleet's history, sampled thinly; made once for all tests."""
    fleet = SimulatedFleet(
        SimulatorSettings(
            start_ms=START_MS,
            devices=devices,
            clinics=max(devices // 4, 1),
            seed=seed,
            sample_interval_ms=2 * HOUR_MS,
            session_interval_ms=10 * MINUTE_MS,
            batch_ms=6 * HOUR_MS,
        )
    )
    until_ms = START_MS + days * DAY_MS
    deliveries = tuple(fleet.advance(until_ms))
    truth = {nozzle.serial: nozzle for nozzle in fleet.truth()}
    return Recorded(deliveries, truth, tuple(fleet.registry()), fleet.bad_lot, until_ms)


async def learn_here(request: FitRequest) -> Learnt | None:
    """Learns in this process: the same function, without the second of starting another."""
    return learn_model(request)


@dataclass
class Rig:
    """One start of a gateway's forecasts."""

    store: SqliteStore
    pipeline: Pipeline
    fleet: Fleet
    registry: Registry
    clock: ManualClock
    metrics: CollectorRegistry
    keeper: ForecastKeeper

    async def take(self, deliveries: Iterable[Delivery], at_once: int = 400) -> None:
        """Takes deliveries in, some at a time."""
        waiting = list(deliveries)
        for first in range(0, len(waiting), at_once):
            await self.pipeline.ingest(waiting[first : first + at_once])
        await self.pipeline.tick(0)

    async def rest(self, rounds: int = 8) -> None:
        """Lets the forecasts work until every model is learnt and every nozzle forecast."""
        for _ in range(rounds):
            await self.keeper.settle()
            self.clock.advance(MINUTE_MS + 1_000)

    async def close(self) -> None:
        """Ends this start."""
        OPEN_STORES.remove(self.store)
        await self.store.close()

    async def wear(self) -> tuple[dict[str, WearState], dict[str, NozzleBins]]:
        """All kept states and bins, as the store has them."""
        states = {state.serial: state for state in await self.store.wear_states()}
        return states, {bins.serial: bins for bins in await self.store.wear_bins(sorted(states))}


async def opened(
    path: Path,
    *,
    now_ms: int,
    registry: Sequence[RegistryEntry] = (),
    learn: Learn = learn_here,
    tuning: Tuning | None = None,
    settings: ForecastConfig | None = None,
) -> Rig:
    """Starts on the store at `path`; the folder's fixture closes it in the end."""
    store = await SqliteStore.open(str(path), tuning=tuning)
    OPEN_STORES.append(store)
    metrics = CollectorRegistry()
    clock, fleet, feed, events = ManualClock(now_ms), Fleet(), CommitFeed(), Events(metrics)
    entries = Registry(store)
    await entries.load()
    if registry:
        await entries.save(registry)
    pipeline = Pipeline(
        collector=ReplayCollector([]),
        store=store,
        fleet=fleet,
        events=events,
        feed=feed,
        clock=clock,
        root="fleet",
        retention_samples_days=400,
    )
    await pipeline.start()
    keeper = ForecastKeeper(
        store=store,
        fleet=fleet,
        registry=entries,
        feed=feed,
        events=events,
        clock=clock,
        settings=settings or ForecastConfig(),
        learn=learn,
    )
    await keeper.restore()
    return Rig(store, pipeline, fleet, entries, clock, metrics, keeper)
