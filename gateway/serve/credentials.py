"""Credentials: who a request comes from, by bearer token or by session cookie, and whether it may change anything."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from fastapi import Request, Response

from gateway.errors import ForbiddenError, NotSignedInError
from gateway.serve.access import SESSION_MS, Access, NewSession
from schemas.access import Viewer

SIGN_IN_PATH: Final = "/login"
SIGN_OUT_PATH: Final = "/logout"
CSRF_HEADER: Final = "X-CSRF-Token"
CSRF_FIELD: Final = "csrf"
ASKED_LOCALLY: Final = "silverpoint.asked_locally"
"""Where a request made in this process, not come over a socket, says on whose behalf: nothing from outside sets it."""

_COOKIE: Final = "silverpoint_session"
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks; `csrf` is set where a browser would send the credential along by itself."""

    viewer: Viewer
    csrf: str | None


class Credentials:
    """Reads credentials off requests, and cookies onto responses.

    `open_as`: whom a browser on this machine is taken for without signing in, for the demo. `secure` makes the
    cookie one that only travels encrypted.
    """

    def __init__(self, access: Access, *, secure: bool, open_as: Viewer | None = None) -> None:
        self._access = access
        self._secure = secure
        self._open = Asker(open_as, secrets.token_urlsafe(32)) if open_as else None
        self.cookie_name = f"__Host-{_COOKIE}" if secure else _COOKIE

    async def asker_of(self, request: Request) -> Asker | None:
        """Who asks; None where no credential, or none that is known, came along."""
        local = request.scope.get(ASKED_LOCALLY)
        if isinstance(local, Viewer):
            return Asker(local, None)
        authorization = request.headers.get("authorization")
        if authorization is not None:
            scheme, _, token = authorization.partition(" ")
            viewer = await self._access.by_token(token.strip()) if scheme.lower() == "bearer" else None
            return Asker(viewer, None) if viewer else None
        cookie = request.cookies.get(self.cookie_name)
        signed_in = await self._access.by_session(cookie) if cookie else None
        if signed_in is not None:
            return Asker(signed_in.viewer, signed_in.csrf)
        return self._open if self._open and request.url.path != SIGN_IN_PATH and is_local(request) else None

    async def viewer_of(self, request: Request) -> Viewer | None:
        """Who looks; for pages, which change nothing."""
        asker = await self.asker_of(request)
        return asker.viewer if asker else None

    async def csrf_of(self, request: Request) -> str | None:
        """What the forms of a page must carry; None where no browser sends a credential along by itself."""
        asker = await self.asker_of(request)
        return asker.csrf if asker else None

    async def poster_of(self, request: Request) -> Viewer | None:
        """Who sends a form; None for nobody. Raises ForbiddenError for one that another site may have sent."""
        try:
            return (await self.checked(request)).viewer
        except NotSignedInError:
            return None

    async def checked(self, request: Request) -> Asker:
        """Who asks. Raises NotSignedInError for nobody, ForbiddenError for a change that another site may have sent."""
        asker = await self.asker_of(request)
        if asker is None:
            raise NotSignedInError("sign in, or send a token: Authorization: Bearer …")
        if asker.csrf is not None and request.method not in _SAFE_METHODS:
            given = request.headers.get(CSRF_HEADER) or await _csrf_field(request)
            if not hmac.compare_digest(given.encode(), asker.csrf.encode()) or from_another_site(request):
                raise ForbiddenError(f"send the session's CSRF token, from /api/v1/me, in the header {CSRF_HEADER}")
        return asker

    def begin(self, response: Response, session: NewSession) -> None:
        """Puts the session's cookie on the response."""
        response.set_cookie(
            self.cookie_name,
            session.cookie,
            max_age=SESSION_MS // 1_000,
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="lax",
        )

    async def end(self, request: Request, response: Response) -> None:
        """Ends the request's session, if it has one, and takes the cookie back."""
        cookie = request.cookies.get(self.cookie_name)
        if cookie:
            await self._access.sign_out(cookie)
        response.delete_cookie(self.cookie_name, path="/", secure=self._secure, httponly=True, samesite="lax")


def client_of(request: Request) -> str:
    """The address that a request comes from; behind a trusted proxy the one that it forwards for."""
    return request.client.host if request.client else "unknown"


def is_local(request: Request) -> bool:
    """Whether a browser on this machine asked: not a proxy for others, nor a foreign name that resolves to us."""
    if "x-forwarded-for" in request.headers or "forwarded" in request.headers:
        return False
    return _is_loopback(client_of(request)) and _is_loopback(request.url.hostname or "")


def from_another_site(request: Request) -> bool:
    """Whether a browser says that another site's page sent this."""
    fetch_site = request.headers.get("sec-fetch-site")
    if fetch_site is not None:
        return fetch_site in ("cross-site", "same-site")
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != request.headers.get("host")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


async def _csrf_field(request: Request) -> str:
    if not request.headers.get("content-type", "").startswith(_FORMS):
        return ""
    value = (await request.form()).get(CSRF_FIELD, "")
    return value if isinstance(value, str) else ""
