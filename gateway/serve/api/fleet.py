"""The fleet as a whole, and whoever asks."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import TypeAdapter

from gateway.analytics.stock import DEFAULT_SERVICE
from gateway.serve.answers import Me
from gateway.serve.api.asking import Asking, Cursor, FleetViewer, Limit, PublishedViewer, Serving, TimeSpan
from gateway.serve.api.cursor import read_cursor, write_cursor
from schemas.demand_views import DemandBy, DemandView
from schemas.usage_views import UsageBy, UsageView
from schemas.views import FleetSummary

router = APIRouter(tags=["fleet"])

_BY_PLACE_AND_ITEM: Final = TypeAdapter(tuple[str, str])


@router.get("/fleet/summary")
async def summary(viewer: FleetViewer, serving: Serving) -> FleetSummary:
    """The fleet within a glance."""
    return await serving.reader.summary(viewer)


@router.get("/fleet/usage")
async def usage(viewer: PublishedViewer, serving: Serving, by: UsageBy, span: TimeSpan) -> UsageView:
    """Sessions that ended on the local days of the span, with rates, trends and what is unlike the rest; all of it is
    one page."""
    return await serving.usage.usage(viewer, by, span.since_ms, span.until_ms)


@router.get("/fleet/demand")
async def demand(
    viewer: PublishedViewer,
    serving: Serving,
    by: DemandBy = "region",
    service: Annotated[
        float, Query(ge=0.5, le=0.999, description="How often stock is to be enough.")
    ] = DEFAULT_SERVICE,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> DemandView:
    """Nozzles (by model) and batteries needed in each of the next 13 weeks, with what to keep in stock, and how past
    forecasts turned out."""
    after = read_cursor(cursor, _BY_PLACE_AND_ITEM)
    found, last = await serving.demand.demand(viewer, by, service, limit=limit, after=after)
    return found.model_copy(update={"next_cursor": write_cursor(last)})


@router.get("/me")
async def me(asking: Asking, serving: Serving) -> Me:
    """Who asks, what they see, and the CSRF token of their browser session."""
    viewer = asking.viewer
    clinics, models, shown = viewer.scope.clinics, viewer.scope.models, serving.sight.shown_clinic
    return Me(
        name=viewer.name,
        role=viewer.role,
        clinics=None if clinics is None else tuple(sorted(shown(viewer, name) for name in clinics)),
        models=None if models is None else tuple(sorted(models)),
        csrf=asking.csrf,
    )
