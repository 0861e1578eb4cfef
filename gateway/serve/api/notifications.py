"""How one is told oneself, and what was sent to whom."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final, TypeAlias

from fastapi import APIRouter, Depends, Request, Response

from gateway.errors import ConflictError
from gateway.serve.answers import Items
from gateway.serve.api.asking import Cursor, IdempotencyKey, Limit, Serving, WhenBody, allowed
from gateway.serve.api.cursor import first_items, read_number
from gateway.serve.notify_shapes import MessageView, NotificationBody, NotificationView, TestSent
from gateway.store.notify_rows import MessageState, NotificationSettings
from schemas.access import Viewer
from schemas.my_notifications import TestOutcome

router = APIRouter(tags=["notifications"])

Told: TypeAlias = Annotated[Viewer, Depends(allowed("edit_notifications"))]

_WHY_UNSENT: Final[Mapping[TestOutcome, str]] = MappingProxyType(
    {
        "nowhere": "there is no address to send a test message to: PUT /api/v1/me/notifications as a person, with one",
        "soon": "the last test message was sent only just now: try again in half a minute",
    }
)


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


@router.post("/me/notifications/test", response_model=TestSent)
async def send_test(
    request: Request, viewer: Told, serving: Serving, body: WhenBody | None = None, _: IdempotencyKey = None
) -> Response:
    """Sends a test message to each of one's addresses, past all routes and hours, the way that alerts take."""

    async def sent() -> TestSent:
        outcome = await serving.my_notifications.send_test(viewer, body.at_ms if body else None)
        if outcome != "sent":
            raise ConflictError(_WHY_UNSENT[outcome])
        return TestSent()

    return await serving.answers.once(request, viewer, sent)


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
