"""How one is told oneself, and what was sent to whom."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from fastapi import APIRouter, Depends

from gateway.serve.answers import Items
from gateway.serve.api.asking import Cursor, Limit, Serving, allowed
from gateway.serve.api.cursor import first_items, read_number
from gateway.serve.notify_shapes import MessageView, NotificationBody, NotificationView
from gateway.store.notify_rows import MessageState, NotificationSettings
from schemas.access import Viewer

router = APIRouter(tags=["notifications"])

Told: TypeAlias = Annotated[Viewer, Depends(allowed("edit_notifications"))]


@router.get("/me/notifications")
async def my_notifications(viewer: Told, serving: Serving) -> NotificationView:
    """Where and when one is told."""
    mine = serving.my_notifications
    settings = await mine.settings(viewer) or NotificationSettings(viewer.name)
    return NotificationView.of(settings, told=await mine.is_person(viewer))


@router.put("/me/notifications")
async def set_my_notifications(viewer: Told, serving: Serving, body: NotificationBody) -> NotificationView:
    """Replaces all of it; what is left out is none."""
    mine = serving.my_notifications
    return NotificationView.of(await mine.set_all(viewer, body), told=await mine.is_person(viewer))


@router.get("/notifications")
async def notifications(
    viewer: Annotated[Viewer, Depends(allowed("read_outbox"))],
    serving: Serving,
    state: MessageState | None = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Items[MessageView]:
    """Messages to receivers, newest first: waiting, being sent, sent, or dead (given up)."""
    rows = await serving.parts.store.outbox(limit=limit + 1, before=read_number(cursor), state=state)
    return first_items([MessageView.of(row) for row in rows], limit, lambda message: (message.id,))
