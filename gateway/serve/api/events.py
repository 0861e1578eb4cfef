"""Changes as server-sent events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Final

from fastapi import APIRouter, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from gateway.serve.api.asking import FleetViewer, Serving

router = APIRouter(tags=["fleet"])

_STILL_ALLOWED_EVERY_MS: Final = 30_000


@router.get("/events", response_class=EventSourceResponse)
async def events(request: Request, viewer: FleetViewer, serving: Serving) -> AsyncIterator[ServerSentEvent]:
    """`change` events: devices as they stand now, the summary, all firing alerts. The first has no devices.

    Ends when the gateway stops, or when the credential is good no longer.
    """
    clock = serving.parts.clock
    checked_ms = clock.monotonic_ms()
    async with aclosing(serving.reader.changes(viewer)) as changes:
        async for change in changes:
            if clock.monotonic_ms() - checked_ms >= _STILL_ALLOWED_EVERY_MS:
                checked_ms = clock.monotonic_ms()
                if await serving.credentials.viewer_of(request) != viewer:
                    return
            yield ServerSentEvent(event="change", data=change)
