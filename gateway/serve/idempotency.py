"""Remembered answers: a POST that is sent again with its key is answered again, and done once."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import Final

from fastapi import Request, Response
from pydantic import BaseModel, ValidationError

from gateway.clock import Clock
from gateway.errors import ConflictError, InvalidInputError
from gateway.store.base import AccessStore
from schemas.access import Viewer

KEY_HEADER: Final = "Idempotency-Key"
_MAX_KEY_LENGTH: Final = 255


class _Answer(BaseModel):
    """`asked` is a hash of what was asked: a key belongs to one request."""

    asked: str
    body: str


class RememberedAnswers:
    """One answer for each (viewer, key); kept by the store."""

    def __init__(self, store: AccessStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._doing: set[tuple[str, str]] = set()

    async def once(self, request: Request, viewer: Viewer, do: Callable[[], Awaitable[BaseModel]]) -> Response:
        """Does it, or gives the answer of the first time. What failed is not remembered, and may be tried again.

        Raises ConflictError while the same request is being done, InvalidInputError for a key used for another one.
        """
        key = request.headers.get(KEY_HEADER)
        if key is None:
            return _json((await do()).model_dump_json())
        if not 0 < len(key) <= _MAX_KEY_LENGTH or not key.isprintable():
            raise InvalidInputError([f"{KEY_HEADER}: 1 to {_MAX_KEY_LENGTH} printable characters"])
        place = (viewer.name, key)
        if place in self._doing:
            raise ConflictError(f"{KEY_HEADER}: the first request with this key is not done yet")
        self._doing.add(place)
        try:
            return _json(await self._answer(key, viewer, await _fingerprint(request), do))
        finally:
            self._doing.discard(place)

    async def _answer(self, key: str, viewer: Viewer, asked: str, do: Callable[[], Awaitable[BaseModel]]) -> str:
        remembered = await self._store.remembered_response(key, viewer.name)
        if remembered is not None:
            return _same(remembered, asked)
        body = (await do()).model_dump_json()
        answer = _Answer(asked=asked, body=body)
        # The act is done by now, and must be remembered even if the phone has gone.
        await asyncio.shield(
            self._store.remember_response(key, viewer.name, answer.model_dump_json(), self._clock.now_ms())
        )
        return body


def _same(remembered: str, asked: str) -> str:
    try:
        answer = _Answer.model_validate_json(remembered)
    except ValidationError:
        raise ConflictError(f"{KEY_HEADER}: this key was used by another version; take a new one") from None
    if answer.asked != asked:
        raise InvalidInputError([f"{KEY_HEADER}: this key was used for another request; take a new one"])
    return answer.body


async def _fingerprint(request: Request) -> str:
    asked = hashlib.sha256(f"{request.method} {request.url.path}?{request.url.query}\n".encode())
    asked.update(await request.body())
    return asked.hexdigest()


def _json(body: str) -> Response:
    return Response(body, media_type="application/json")
