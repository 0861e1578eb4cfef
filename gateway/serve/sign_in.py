"""Signing in and out: where the sign-in page's form goes. The page itself is drawn by dashboards/web."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse

from dashboards.web.links import FLEET_PATH, WORK_PATH, safe_next
from gateway.errors import ForbiddenError, NotSignedInError, TooManyAttemptsError
from gateway.serve.access import Access
from gateway.serve.credentials import SIGN_IN_PATH, SIGN_OUT_PATH, Credentials, client_of, from_another_site


def sign_in_routes(access: Access, credentials: Credentials) -> APIRouter:
    """`POST /login` and `POST /logout`; both answer with a page to go to."""
    router = APIRouter(include_in_schema=False)

    @router.post(SIGN_IN_PATH)
    async def sign_in(
        request: Request,
        username: Annotated[str, Form(max_length=256)] = "",
        password: Annotated[str, Form(max_length=4_096)] = "",
        after: Annotated[str, Form(alias="next", max_length=2_048)] = FLEET_PATH,
    ) -> RedirectResponse:
        _refuse_other_sites(request)
        try:
            session = await access.sign_in(username, password, client_of(request))
        except TooManyAttemptsError:
            return _again("throttled", after)
        except NotSignedInError:
            return _again("1", after)
        target = safe_next(after)
        if target == FLEET_PATH and session.viewer.role == "technician":
            target = WORK_PATH
        response = RedirectResponse(target, status_code=303)
        credentials.begin(response, session)
        return response

    @router.post(SIGN_OUT_PATH)
    async def sign_out(request: Request) -> RedirectResponse:
        _refuse_other_sites(request)
        response = RedirectResponse(SIGN_IN_PATH, status_code=303)
        await credentials.end(request, response)
        return response

    return router


def _refuse_other_sites(request: Request) -> None:
    if from_another_site(request):
        raise ForbiddenError("sign in and out on this site's own pages")


def _again(error: str, after: str) -> RedirectResponse:
    query = {"error": error, "next": safe_next(after)}
    if query["next"] == FLEET_PATH:
        del query["next"]
    return RedirectResponse(f"{SIGN_IN_PATH}?{urlencode(query)}", status_code=303)
