"""What analytics does by itself, beside answering: sums use, and keeps the forecast of demand."""

from __future__ import annotations

from typing import NamedTuple

from gateway.analytics.demand import DEGRADED_HEALTH, SETTLE_MS, DemandKeeper
from gateway.analytics.demand_gather import DemandGatherer, DemandRecords
from gateway.analytics.use_keeper import UseKeeper
from gateway.clock import Clock
from gateway.events import Events
from gateway.forecasting.board import Forecasts
from gateway.ingest.fleet import Fleet
from gateway.ingest.registry import Registry


class Background(NamedTuple):
    """Two followers, each run as a task of its own."""

    use: UseKeeper
    demand: DemandKeeper


def background(
    *,
    store: DemandRecords,
    fleet: Fleet,
    registry: Registry,
    forecasts: Forecasts,
    clock: Clock,
    events: Events,
    degraded_health: float | None,
    settle_ms: int = SETTLE_MS,
) -> Background:
    """The keepers of use and demand; `degraded_health`: from which a battery is to be replaced."""
    return Background(
        UseKeeper(store=store, fleet=fleet, registry=registry, clock=clock, events=events),
        DemandKeeper(
            store=store,
            gatherer=DemandGatherer(store=store, fleet=fleet, registry=registry, forecasts=forecasts, clock=clock),
            fleet=fleet,
            registry=registry,
            clock=clock,
            events=events,
            degraded_health=DEGRADED_HEALTH if degraded_health is None else degraded_health,
            settle_ms=settle_ms,
        ),
    )
