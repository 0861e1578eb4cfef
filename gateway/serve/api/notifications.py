"""How one is told oneself, and what was sent to whom."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from fastapi import APIRouter, Depends

from gateway.serve.access import audit_row
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
    rows = await serving.parts.store.notification_settings()
    settings = next((row for row in rows if row.user_name == viewer.name), NotificationSettings(viewer.name))
    return NotificationView.of(settings, told=await _is_person(serving, viewer))


@router.put("/me/notifications")
async def set_my_notifications(viewer: Told, serving: Serving, body: NotificationBody) -> NotificationView:
    """Replaces all of it; what is left out is none."""
    at_ms = serving.actions.done_at(body.at_ms)
    settings = body.settings(viewer.name)
    channels: dict[str, object] = {"channels": [channel for channel, _ in settings.addresses]}
    now_ms = serving.parts.clock.now_ms()
    audit = audit_row(now_ms, viewer.name, "edit_notifications", viewer.name, channels, at_ms)
    await serving.parts.store.save_notification_settings(settings, audit)
    return NotificationView.of(settings, told=await _is_person(serving, viewer))


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


async def _is_person(serving: Serving, viewer: Viewer) -> bool:
    return await serving.parts.store.user(viewer.name) is not None
