"""How long nozzles last: survival by lot, and by what else they may differ in."""

from __future__ import annotations

from fastapi import APIRouter

from gateway.serve.api.asking import PublishedViewer, Serving
from schemas.lifetime_views import LifetimesView, LivesBy

router = APIRouter(tags=["fleet"])


@router.get("/fleet/lots")
async def lots(viewer: PublishedViewer, serving: Serving, by: LivesBy = "lot") -> LifetimesView:
    """Survival curves with numbers at risk, Weibull fits, lots that stand out and why, firmware effects, changes by
    production week; as of at most ten minutes ago. A vendor is told the last quarter, by lot or model."""
    return await serving.lifetimes.report(viewer, by)
