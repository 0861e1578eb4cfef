"""What requests have in common: who asks and may they, pages, times, identifiers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeAlias

from fastapi import Depends, Header, Path, Query, Request
from fastapi.security import APIKeyCookie, HTTPBearer
from pydantic import BaseModel, ConfigDict

from gateway.errors import InvalidInputError
from gateway.serve.action_shapes import TimeMs
from gateway.serve.credentials import Asker
from gateway.serve.idempotency import KEY_HEADER
from gateway.serve.roles import Act, require
from gateway.serve.services import Services, services_of
from schemas.access import Viewer
from schemas.identity import IDENTIFIER_PATTERN
from schemas.times import parse_time

DAY_MS = 86_400_000

Serving: TypeAlias = Annotated[Services, Depends(services_of)]
"""The services of the running app."""

documented_credentials = (
    Depends(HTTPBearer(auto_error=False, description="A token made by `silverpoint token create`.")),
    Depends(
        APIKeyCookie(name="silverpoint_session", auto_error=False, description="A browser session begun at /login.")
    ),
)
"""For the OpenAPI document; the credentials themselves are read by `serve/credentials.py`."""


async def asker(request: Request, serving: Serving) -> Asker:
    """Who asks, signed in and, for a change, with the CSRF token that a browser needs."""
    return await serving.credentials.checked(request)


Asking: TypeAlias = Annotated[Asker, Depends(asker)]


def allowed(act: Act) -> Callable[[Asker], Awaitable[Viewer]]:
    """The viewer, if that one may do this."""

    async def viewer(asking: Asking) -> Viewer:
        require(asking.viewer, act)
        return asking.viewer

    return viewer


FleetViewer: TypeAlias = Annotated[Viewer, Depends(allowed("read_fleet"))]
PublishedViewer: TypeAlias = Annotated[Viewer, Depends(allowed("read_published"))]
"""Also vendors: for numbers that `analytics/privacy` has made fit to be told."""
RegistryViewer: TypeAlias = Annotated[Viewer, Depends(allowed("read_registry"))]

Limit: TypeAlias = Annotated[int, Query(ge=1, le=1_000, description="At most so many items.")]
Cursor: TypeAlias = Annotated[
    str | None, Query(max_length=1_000, description="`next_cursor` of the page before; absent: from the beginning.")
]
IdentifierInPath: TypeAlias = Annotated[str, Path(pattern=IDENTIFIER_PATTERN)]
IdentifierInQuery: TypeAlias = Annotated[str | None, Query(pattern=IDENTIFIER_PATTERN)]
NumberInPath: TypeAlias = Annotated[int, Path(ge=1, lt=2**63)]
TimeInQuery: TypeAlias = Annotated[
    str | None, Query(max_length=40, description="RFC 3339, epoch milliseconds, or an age such as `7d`.")
]
IdempotencyKey: TypeAlias = Annotated[
    str | None,
    Header(alias=KEY_HEADER, max_length=255, description="The same key again is answered again, and done once."),
]


class WhenBody(BaseModel):
    """`at_ms`: when it was done; absent: now."""

    model_config = ConfigDict(extra="forbid", strict=True)

    at_ms: TimeMs | None = None


class Span:
    """A stretch of time: `since` <= t < `until`; by default the week until now."""

    def __init__(self, serving: Serving, since: TimeInQuery = None, until: TimeInQuery = None) -> None:
        now_ms = serving.parts.clock.now_ms()
        self.until_ms = _time("until", until, now_ms) if until is not None else now_ms + 1
        self.since_ms = _time("since", since, now_ms) if since is not None else self.until_ms - 7 * DAY_MS
        if self.since_ms > self.until_ms:
            raise InvalidInputError(["since: lies after until"])


TimeSpan: TypeAlias = Annotated[Span, Depends(Span)]


def _time(name: str, text: str, now_ms: int) -> int:
    try:
        return parse_time(text, now_ms)
    except ValueError as error:
        raise InvalidInputError([f"{name}: {error}"]) from None
