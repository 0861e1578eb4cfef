"""Problems: every error as problem details (RFC 9457), with nothing in it that the caller may not see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from dashboards.web.error_page import ErrorPages
from gateway.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    NotSignedInError,
    SilverpointError,
    StoreUnavailableError,
    TooManyAttemptsError,
)
from gateway.serve.headers import SecurityHeaders

MEDIA_TYPE: Final = "application/problem+json"

_STATUS: Final[Mapping[type[SilverpointError], HTTPStatus]] = {
    NotSignedInError: HTTPStatus.UNAUTHORIZED,
    ForbiddenError: HTTPStatus.FORBIDDEN,
    NotFoundError: HTTPStatus.NOT_FOUND,
    ConflictError: HTTPStatus.CONFLICT,
    InvalidInputError: HTTPStatus.UNPROCESSABLE_ENTITY,
    TooManyAttemptsError: HTTPStatus.TOO_MANY_REQUESTS,
    StoreUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
}

_OURS: Final = "Value error, "
"""What pydantic writes before a sentence of ours."""


class Mistake(BaseModel):
    """One thing that is wrong with a request, and where."""

    path: str
    message: str


class Problem(BaseModel):
    """An error. `type` is `about:blank`: the status says what kind of error it is."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str
    errors: tuple[Mistake, ...] = ()


def problem(
    request: Request,
    status: int,
    detail: str,
    errors: Sequence[Mistake] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """The response that says what went wrong."""
    body = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        instance=quote(request.url.path),
        errors=tuple(errors),
    )
    content = body.model_dump(exclude=None if errors else {"errors"})
    return JSONResponse(content, status_code=status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def answer_errors(app: FastAPI, headers: SecurityHeaders, pages: ErrorPages) -> None:
    """Makes the app answer every error as a problem, and to people as a page."""

    async def ours(request: Request, error: Exception) -> Response:
        assert isinstance(error, SilverpointError)
        return _for_people(_of_ours(request, error), request, pages)

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        answer = problem(request, error.status_code, str(error.detail), headers=error.headers)
        return _for_people(answer, request, pages)

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        mistakes = [
            Mistake(path=_path(item["loc"]), message=str(item["msg"]).removeprefix(_OURS)) for item in error.errors()
        ]
        detail = "; ".join(f"{mistake.path}: {mistake.message}" for mistake in mistakes)
        return _for_people(problem(request, HTTPStatus.UNPROCESSABLE_ENTITY, detail, mistakes), request, pages)

    async def unexpected(request: Request, _: Exception) -> Response:
        # Answered outside of the middleware that sets the headers of all other responses.
        answer = problem(
            request,
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "an unexpected error; the gateway's log has more",
            headers=headers.values,
        )
        return _for_people(answer, request, pages)

    app.add_exception_handler(SilverpointError, ours)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(Exception, unexpected)


def _for_people(answer: JSONResponse, request: Request, pages: ErrorPages) -> Response:
    """The same error as a page, where a browser shows it; with all that its headers say."""
    page = pages.page(request, answer.status_code)
    if page is None:
        return answer
    for name, value in answer.headers.items():
        if name not in ("content-type", "content-length"):
            page.headers.setdefault(name, value)
    return page


def _of_ours(request: Request, error: SilverpointError) -> JSONResponse:
    status = next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), HTTPStatus.INTERNAL_SERVER_ERROR)
    headers: dict[str, str] = {}
    match error:
        case NotSignedInError():
            headers["WWW-Authenticate"] = "Bearer"
        case TooManyAttemptsError(retry_in_ms=retry_in_ms):
            headers["Retry-After"] = str(-(-retry_in_ms // 1_000))
        case InvalidInputError(mistakes=mistakes):
            return problem(request, status, str(error), [Mistake(path="", message=line) for line in mistakes])
        case _:
            pass
    return problem(request, status, str(error), headers=headers)


def _path(location: Sequence[object]) -> str:
    return ".".join(str(part) for part in location)
