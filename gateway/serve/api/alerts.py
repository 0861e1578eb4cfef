"""Alerts, open and past."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict

from gateway.errors import NotFoundError
from gateway.serve.action_shapes import Acknowledged, Acknowledgement, TimeMs
from gateway.serve.answers import Items
from gateway.serve.api.asking import (
    Cursor,
    FleetViewer,
    IdempotencyKey,
    IdentifierInQuery,
    Limit,
    NumberInPath,
    Serving,
    allowed,
)
from gateway.serve.api.cursor import read_number, write_number
from gateway.serve.paged import filled_page
from schemas.access import Viewer
from schemas.alert import Alert, AlertState, Rule
from schemas.views import AlertView

router = APIRouter(tags=["alerts"])


class AcknowledgeBody(BaseModel):
    """`at_ms`: when it was acknowledged; absent: now."""

    model_config = ConfigDict(extra="forbid", strict=True)

    at_ms: TimeMs | None = None


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
    clinic_id = serving.sight.real_clinic(viewer, clinic) if clinic is not None else None
    if clinic is not None and clinic_id is None:
        return Items(items=(), next_cursor=None)

    async def fetch(rows: int, before: int | None) -> Sequence[Alert]:
        return await serving.parts.store.alerts(limit=rows, before=before, state=state, rule=rule, clinic_id=clinic_id)

    page = await filled_page(
        fetch,
        cursor_of=lambda alert: alert.alert_id,
        keep=lambda alert: serving.sight.sees_alert(viewer, alert),
        limit=limit,
        before=read_number(cursor),
    )
    items = tuple(serving.reader.alert_view(viewer, alert) for alert in page.rows)
    return Items(items=items, next_cursor=write_number(page.next))


@router.get("/alerts/{alert_id}")
async def alert(viewer: FleetViewer, serving: Serving, alert_id: NumberInPath) -> AlertView:
    """One alert."""
    found = await serving.parts.store.alert(alert_id)
    if found is None or not serving.sight.sees_alert(viewer, found):
        raise NotFoundError(f"there is no alert {alert_id}")
    return serving.reader.alert_view(viewer, found)


@router.post("/alerts/{alert_id}/acknowledge", response_model=Acknowledged)
async def acknowledge(
    request: Request,
    viewer: Annotated[Viewer, Depends(allowed("acknowledge_alert"))],
    serving: Serving,
    alert_id: NumberInPath,
    body: AcknowledgeBody | None = None,
    _: IdempotencyKey = None,
) -> Response:
    """Says that a person has seen the alert; its state stays what it is."""
    asked = Acknowledgement(alert_id=alert_id, at_ms=body.at_ms if body else None)
    return await serving.answers.once(request, viewer, lambda: serving.actions.acknowledge(viewer, asked))
