"""Nozzles, each with its whole life."""

from __future__ import annotations

from fastapi import APIRouter

from gateway.errors import NotFoundError
from gateway.serve.answers import Items, NozzleLife, NozzleSummary
from gateway.serve.api.asking import Cursor, FleetViewer, IdentifierInPath, IdentifierInQuery, Limit, Serving
from gateway.serve.api.cursor import first_items, read_text
from gateway.serve.forecast_views import CoverageView
from gateway.serve.nozzles import NozzleFilter, NozzleFilterState

router = APIRouter(tags=["nozzles"])


@router.get("/nozzles")
async def nozzles(
    viewer: FleetViewer,
    serving: Serving,
    lot: IdentifierInQuery = None,
    clinic: IdentifierInQuery = None,
    model: IdentifierInQuery = None,
    state: NozzleFilterState | None = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Items[NozzleSummary]:
    """Every nozzle in scope, in order of serial. `state` is where it is, or how worn."""
    wanted = NozzleFilter(lot=lot, clinic=clinic, model=model, state=state)
    found = await serving.nozzles.page(viewer, after=read_text(cursor), limit=limit + 1, takes=wanted.takes)
    return first_items(found, limit, lambda nozzle: (nozzle.serial,))


@router.get("/forecasts/coverage")
async def coverage(viewer: FleetViewer, serving: Serving) -> Items[CoverageView]:
    """How past forecasts turned out, by the group whose experience they rested on: what to think of an "80 %"."""
    return Items(items=tuple(serving.nozzles.coverage(viewer)), next_cursor=None)


@router.get("/nozzles/{serial}")
async def nozzle(viewer: FleetViewer, serving: Serving, serial: IdentifierInPath) -> NozzleLife:
    """The nozzle's whole life, on every device."""
    life = await serving.nozzles.life(viewer, serial)
    if life is None:
        raise NotFoundError(f"there is no nozzle {serial}")
    return life
