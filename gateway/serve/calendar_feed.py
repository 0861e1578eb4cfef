"""Calendars that phones subscribe to: the address alone says whose, since a phone can't sign in."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from gateway.errors import NotFoundError
from gateway.serve.api.asking import Serving
from gateway.serve.api.work import base_url

MEDIA_TYPE = "text/calendar; charset=utf-8"


def calendar_routes() -> APIRouter:
    """The feed; its address comes from `GET /api/v1/calendar`."""
    router = APIRouter(include_in_schema=False)

    @router.get("/calendar/{owner}/{token}.ics", response_class=Response)
    async def feed(request: Request, serving: Serving, owner: str, token: str) -> Response:
        """A person's visits as iCalendar."""
        text = await serving.work.calendar_of(owner, token, base_url(request, serving))
        if text is None:
            raise NotFoundError("there is no such calendar: ask for the address again")
        return Response(text, media_type=None, headers={"Content-Type": MEDIA_TYPE})

    return router
