"""Forms that are sent twice, by a double tap, a reload or the way back: done once, and answered alike."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import Final

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import UploadFile

from dashboards.web.links import ONCE_FIELD
from gateway.clock import Clock
from gateway.serve.credentials import CSRF_FIELD
from gateway.store.base import AccessStore
from schemas.access import Viewer

_SEE_OTHER: Final = 303
_MAX_KEY_LENGTH: Final = 255


class FormAnswers:
    """One answer for each (viewer, key, what was typed); kept where the API keeps those of an `Idempotency-Key`.

    What was typed belongs to it: whoever goes back, and sends another thing from the same page, means another thing.
    """

    def __init__(self, store: AccessStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._doing: dict[tuple[str, str], asyncio.Event] = {}

    async def once(self, request: Request, viewer: Viewer, do: Callable[[], Awaitable[Response]]) -> Response:
        """Does it and leads on, or leads to where the first time led. A form with mistakes did nothing, and is not
        remembered."""
        key = await _key(request)
        if key is None:
            return await do()
        place = (viewer.name, key)
        while (first := self._doing.get(place)) is not None:
            await first.wait()
        self._doing[place] = asyncio.Event()
        try:
            return await self._answer(key, viewer, do)
        finally:
            self._doing.pop(place).set()

    async def _answer(self, key: str, viewer: Viewer, do: Callable[[], Awaitable[Response]]) -> Response:
        led_to = await self._store.remembered_response(key, viewer.name)
        if led_to is not None:
            return RedirectResponse(led_to, status_code=_SEE_OTHER)
        response = await do()
        if response.status_code == _SEE_OTHER:
            # It is done by now, and must be remembered even if the browser has gone.
            location = response.headers["location"]
            await asyncio.shield(self._store.remember_response(key, viewer.name, location, self._clock.now_ms()))
        return response


async def _key(request: Request) -> str | None:
    """What names this form and what it says; None where it has no key."""
    fields = (await request.form()).multi_items()
    once = next((value for name, value in fields if name == ONCE_FIELD), "")
    if not isinstance(once, str) or not 0 < len(once) <= _MAX_KEY_LENGTH:
        return None
    said = hashlib.sha256(request.url.path.encode())
    for name, value in fields:
        if name == CSRF_FIELD:
            continue
        said.update(f"\0{len(name)}:{name}\0".encode())
        if isinstance(value, UploadFile):
            said.update(await value.read())
            await value.seek(0)
        else:
            said.update(value.encode("utf-8", "surrogatepass"))
    return f"form:{said.hexdigest()}"
