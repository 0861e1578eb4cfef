"""The API without a socket: commands on this machine ask it in the process that holds the store.

So a command does what a request does, by the same checks, with the same audit row, once for each key.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError
from starlette.types import ASGIApp, Message, Scope

from gateway.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    SilverpointError,
    StoreUnavailableError,
)
from gateway.serve.credentials import ASKED_LOCALLY
from gateway.serve.idempotency import KEY_HEADER
from schemas.access import Viewer

API: Final = "api"
"""The action's name at the local socket."""
_PREFIX: Final = "/api/v1"
_ERRORS: Final[Mapping[int, type[SilverpointError]]] = {
    HTTPStatus.FORBIDDEN: ForbiddenError,
    HTTPStatus.NOT_FOUND: NotFoundError,
    HTTPStatus.CONFLICT: ConflictError,
    HTTPStatus.SERVICE_UNAVAILABLE: StoreUnavailableError,
}


class Asked(BaseModel):
    """One request. `path` begins behind `/api/v1`; `key` is its `Idempotency-Key`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: str
    path: str
    query: dict[str, str] = {}
    body: dict[str, JsonValue] | None = None
    key: str | None = None


async def ask(app: ASGIApp, args: Mapping[str, JsonValue], actor: Viewer) -> dict[str, JsonValue]:
    """The answer of the API to `actor`. Raises what the request came to: InvalidInputError, NotFoundError …"""
    try:
        asked = Asked.model_validate(dict(args))
    except ValidationError as error:
        raise InvalidInputError([str(item["msg"]) for item in error.errors()]) from None
    status, answer = await _call(app, asked, actor)
    if status < HTTPStatus.BAD_REQUEST:
        return answer
    raise _error(status, answer)


async def _call(app: ASGIApp, asked: Asked, actor: Viewer) -> tuple[int, dict[str, JsonValue]]:
    body = b"" if asked.body is None else json.dumps(asked.body).encode()
    requests: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
    status, pieces = 0, list[bytes]()

    async def receive() -> Message:
        if requests:
            return requests.pop()
        await asyncio.Event().wait()  # nobody hangs up
        raise AssertionError

    async def send(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        else:
            pieces.append(message.get("body", b""))

    await app(_scope(asked, actor, len(body)), receive, send)
    answer = json.loads(b"".join(pieces) or b"{}")
    return status, answer if isinstance(answer, dict) else {}


def _scope(asked: Asked, actor: Viewer, length: int) -> Scope:
    headers = [(b"host", b"localhost"), (b"content-type", b"application/json"), (b"content-length", b"%d" % length)]
    if asked.key is not None:
        headers.append((KEY_HEADER.lower().encode(), asked.key.encode()))
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": asked.method,
        "scheme": "http",
        "path": _PREFIX + asked.path,
        "raw_path": (_PREFIX + asked.path).encode(),
        "query_string": urlencode(asked.query).encode(),
        "root_path": "",
        "headers": headers,
        "client": None,
        "server": ("localhost", 80),
        ASKED_LOCALLY: actor,
    }


def _error(status: int, answer: Mapping[str, JsonValue]) -> SilverpointError:
    detail = str(answer.get("detail", f"the API answered {status}"))
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        return InvalidInputError(list(_mistakes(answer.get("errors"))) or [detail])
    return _ERRORS.get(status, SilverpointError)(detail)


def _mistakes(errors: JsonValue) -> list[str]:
    found: list[str] = []
    for item in errors if isinstance(errors, list) else []:
        if isinstance(item, dict):
            path = str(item.get("path", "")).removeprefix("body.").removeprefix("query.").removeprefix("path.")
            found.append(f"{path}: {item.get('message')}" if path else str(item.get("message")))
    return found
