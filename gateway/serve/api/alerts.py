"""Alerts, open and past."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from gateway.errors import NotFoundError
from gateway.serve.action_shapes import Acknowledged, Acknowledgement
from gateway.serve.answers import Items
from gateway.serve.api.asking import (
    Cursor,
    FleetViewer,
    IdempotencyKey,
    IdentifierInQuery,
    Limit,
    NumberInPath,
    Serving,
    WhenBody,
    allowed,
)
from gateway.serve.api.cursor import read_number, write_number
from schemas.access import Viewer
from schemas.alert import AlertState, Rule
from schemas.page_views import AlertsAsked
from schemas.views import AlertView

router = APIRouter(tags=["alerts"])


@router.get("/alerts")
async def alerts(
    viewer: FleetViewer,
    serving: Serving,
    state: AlertState | None = None,
    rule: Rule | None = None,
    clinic: IdentifierInQuery = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Items[AlertView]:
    """Every alert in scope, newest first."""
    asked = AlertsAsked(state=state, rule=rule, clinic_id=clinic)
    found = await serving.page_reader.alerts(viewer, asked, limit, read_number(cursor))
    return Items(items=found.items, next_cursor=write_number(found.next))


@router.get("/alerts/{alert_id}")
async def alert(viewer: FleetViewer, serving: Serving, alert_id: NumberInPath) -> AlertView:
    """One alert."""
    found = await serving.work_pages.alert(viewer, alert_id)
    if found is None:
        raise NotFoundError(f"there is no alert {alert_id}")
    return found


@router.post("/alerts/{alert_id}/acknowledge", response_model=Acknowledged)
async def acknowledge(
    request: Request,
    viewer: Annotated[Viewer, Depends(allowed("acknowledge_alert"))],
    serving: Serving,
    alert_id: NumberInPath,
    body: WhenBody | None = None,
    _: IdempotencyKey = None,
) -> Response:
    """Says that a person has seen the alert; its state stays what it is."""
    asked = Acknowledgement(alert_id=alert_id, at_ms=body.at_ms if body else None)
    return await serving.answers.once(request, viewer, lambda: serving.actions.acknowledge(viewer, asked))
