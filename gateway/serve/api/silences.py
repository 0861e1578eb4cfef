"""Silences and maintenance windows."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from fastapi import APIRouter, Depends, Query, Request, Response

from gateway.serve.answers import Items
from gateway.serve.api.asking import Cursor, IdempotencyKey, Limit, NumberInPath, Serving, allowed
from gateway.serve.api.cursor import read_number, write_number
from gateway.serve.silence_acts import AlertSilenceBody, SilenceBody
from schemas.access import Viewer
from schemas.views import SilenceView

router = APIRouter(tags=["alerts"])

Silencer: TypeAlias = Annotated[Viewer, Depends(allowed("silence_alert"))]
OpenOnly: TypeAlias = Annotated[bool, Query(alias="open", description="Only those that count now or later.")]


@router.get("/silences")
async def silences(
    viewer: Silencer, serving: Serving, open_only: OpenOnly = True, limit: Limit = 100, cursor: Cursor = None
) -> Items[SilenceView]:
    """Silences and maintenance windows in scope, newest first."""
    found = await serving.work_pages.silences(viewer, open_only=open_only, limit=limit, before=read_number(cursor))
    return Items(items=found.items, next_cursor=write_number(found.next))


@router.post("/silences", response_model=SilenceView)
async def add_silence(
    request: Request, viewer: Silencer, serving: Serving, body: SilenceBody, _: IdempotencyKey = None
) -> Response:
    """Makes a silence, or plans a maintenance window: nothing is sent, states go on."""
    return await serving.answers.once(request, viewer, lambda: serving.silence_acts.add(viewer, body))


@router.delete("/silences/{silence_id}")
async def end_silence(viewer: Silencer, serving: Serving, silence_id: NumberInPath) -> SilenceView:
    """Ends a silence before its time; it stays on record."""
    return await serving.silence_acts.end(viewer, silence_id)


@router.post("/alerts/{alert_id}/silence", response_model=SilenceView)
async def silence_alert(
    request: Request,
    viewer: Silencer,
    serving: Serving,
    alert_id: NumberInPath,
    body: AlertSilenceBody | None = None,
    _: IdempotencyKey = None,
) -> Response:
    """Says nothing more about this alert for a while, or until it resolves."""
    asked = body or AlertSilenceBody()
    return await serving.answers.once(
        request, viewer, lambda: serving.silence_acts.silence_alert(viewer, alert_id, asked)
    )
