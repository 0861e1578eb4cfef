"""The product reader: what is known of the product in the field, for pages and reports, as a viewer may know it."""

from __future__ import annotations

from typing import Final

from gateway.analytics.demand import NoDemand
from gateway.analytics.lifetimes import LifetimeBook
from gateway.analytics.privacy import DEFAULT_K, months_within
from gateway.analytics.usage import Usage
from gateway.analytics.usage_told import ToldUse
from gateway.clock import Clock
from gateway.forecasting.board import NoForecasts
from gateway.ingest.fleet import Fleet
from gateway.ingest.registry import Registry
from gateway.serve.demand_reader import DemandReader
from gateway.serve.pseudonyms import KEPT_UNDER, Pseudonyms
from gateway.serve.roles import require
from gateway.serve.sight import Sight
from gateway.serve.usage_reader import UsageReader
from gateway.store.base import Store
from schemas.access import Viewer
from schemas.demand_views import DemandBy, DemandView
from schemas.lifetime_views import LifetimesView, LivesBy
from schemas.product_pages import ProductFacts
from schemas.usage_views import UsageBy, UsageView

_SERVICE: Final = 0.95
_MOST_LINES: Final = 500
_MONTHS: Final = 3
_MONTHS_MS: Final = 92 * 86_400_000
_YEAR_MS: Final = 366 * 86_400_000
_USUAL_LEAD_DAYS: Final = 14


class ProductReader:
    """Carries out `schemas.product_pages.ProductPages`."""

    def __init__(self, *, lifetimes: LifetimeBook, usage: UsageReader, demand: DemandReader, clock: Clock) -> None:
        self._lifetimes = lifetimes
        self._usage = usage
        self._demand = demand
        self._clock = clock

    async def lifetimes(self, viewer: Viewer, by: LivesBy) -> LifetimesView:
        """Raises ForbiddenError, StoreUnavailableError."""
        require(viewer, "read_published")
        return await self._lifetimes.report(viewer, by)

    async def usage(self, viewer: Viewer, by: UsageBy, since_ms: int, until_ms: int) -> UsageView:
        """Raises ForbiddenError, InvalidInputError for more than three years, StoreUnavailableError."""
        require(viewer, "read_published")
        return await self._usage.usage(viewer, by, since_ms, until_ms)

    async def usage_by_month(self, viewer: Viewer, by: UsageBy, since_ms: int, until_ms: int) -> tuple[UsageView, ...]:
        """Raises ForbiddenError, StoreUnavailableError."""
        if viewer.role != "vendor":
            return ()
        months = months_within(since_ms, until_ms, self._clock.now_ms())
        told = [await self.usage(viewer, by, month.since_ms, month.until_ms) for month in months]
        return tuple(view for view in told if view.items)

    async def demand(self, viewer: Viewer, by: DemandBy) -> DemandView:
        """Raises ForbiddenError, StoreUnavailableError."""
        require(viewer, "read_published")
        found, _ = await self._demand.demand(viewer, by, _SERVICE, limit=_MOST_LINES, after=None)
        return found

    async def facts(self, viewer: Viewer) -> ProductFacts:
        """All that the product's report is made from, as of now. Raises as the others do."""
        now_ms = self._clock.now_ms()
        return ProductFacts(
            made_ms=now_ms,
            role=viewer.role,
            lots=await self.lifetimes(viewer, "lot"),
            models=await self.lifetimes(viewer, "model"),
            usage=await self.usage(viewer, "model", now_ms - _MONTHS_MS, now_ms),
            usage_by_month=await self.usage_by_month(viewer, "model", now_ms - _YEAR_MS, now_ms),
            usage_months=_MONTHS,
            demand=await self.demand(viewer, "fleet"),
        )


async def stored_product(store: Store, clock: Clock, k: int = DEFAULT_K) -> ProductReader:
    """The reader over a store that no gateway runs on: what is forecast of demand is known to a gateway only."""
    fleet, registry = Fleet(), Registry(store)
    fleet.restore(await store.load_fleet())
    await registry.load()
    sight = Sight(fleet, Pseudonyms(await store.secret(KEPT_UNDER)))
    usage = Usage(store=store, fleet=fleet, registry=registry, clock=clock)
    return ProductReader(
        lifetimes=LifetimeBook(
            store=store,
            fleet=fleet,
            registry=registry,
            forecasts=NoForecasts(),
            clock=clock,
            sees=lambda viewer, life: sight.sees_record(viewer, life.device_id, life.clinic_id, life.serial),
            k=k,
        ),
        usage=UsageReader(
            usage=usage,
            told=ToldUse(store=store, usage=usage, fleet=fleet, clock=clock, k=k),
            fleet=fleet,
            registry=registry,
            sight=sight,
            clock=clock,
        ),
        demand=DemandReader(
            book=NoDemand(),
            store=store,
            registry=registry,
            clock=clock,
            usual_lead_days=_USUAL_LEAD_DAYS,
            k=k,
        ),
        clock=clock,
    )
