"""The choice of a language in the foot of every page: kept by the browser, before signing in as well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from dashboards.web.links import safe_next
from dashboards.web.routing import pages_router
from dashboards.web.site import LANGUAGE_COOKIE, Site
from dashboards.web.strings import CATALOGUES

PATH: Final = "/language"
_YEAR_S: Final = 365 * 86_400


def language_routes(site: Site) -> APIRouter:
    """The router of the choice."""
    return pages_router(
        gets=(),
        posts=((PATH, _Choice(site).choose),),
    )


@dataclass(frozen=True)
class _Choice:
    site: Site

    async def choose(self, request: Request) -> Response:
        """Back to the page that it was chosen on, in that language. Nothing is kept of what is no language."""
        language = (await request.form()).get("language")
        came_from = urlsplit(request.headers.get("referer", ""))
        here = came_from.netloc == request.headers.get("host")
        query = f"?{came_from.query}" if came_from.query else ""
        response = RedirectResponse(safe_next(f"{came_from.path}{query}" if here else None), status_code=303)
        if isinstance(language, str) and language in CATALOGUES:
            response.set_cookie(
                LANGUAGE_COOKIE,
                language,
                max_age=_YEAR_S,
                path="/",
                secure=request.url.scheme == "https",
                httponly=True,
                samesite="lax",
            )
        return response
