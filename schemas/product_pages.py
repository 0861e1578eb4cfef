"""What the pages about the product in the field read: how long nozzles last, how they are used, what will be needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from schemas.access import Role, Viewer
from schemas.demand_views import DemandBy, DemandView
from schemas.lifetime_views import LifetimesView, LivesBy
from schemas.usage_views import UsageBy, UsageView


class ProductFacts(BaseModel):
    """All that the product's report is made from, as one viewer may know it."""

    model_config = ConfigDict(frozen=True)

    made_ms: int
    role: Role
    lots: LifetimesView
    models: LifetimesView
    usage: UsageView
    usage_by_month: tuple[UsageView, ...] = ()
    usage_months: int
    demand: DemandView


class ProductPages(Protocol):
    """Carried out by gateway/serve/product_reader.py. A vendor is told what is published, by pseudonym."""

    async def lifetimes(self, viewer: Viewer, by: LivesBy) -> LifetimesView: ...

    async def usage(self, viewer: Viewer, by: UsageBy, since_ms: int, until_ms: int) -> UsageView: ...

    async def usage_by_month(self, viewer: Viewer, by: UsageBy, since_ms: int, until_ms: int) -> Sequence[UsageView]:
        """Each whole month by itself, for whom use is told so: a vendor. Empty for others."""
        ...

    async def demand(self, viewer: Viewer, by: DemandBy) -> DemandView:
        """Every line, at the usual service level."""
        ...
