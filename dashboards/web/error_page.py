"""Errors as a page in the reader's language, for whoever opens an address or sends a form with a browser."""

from __future__ import annotations

from typing import Final

from fastapi import Request, Response

from dashboards.web.assets import Assets
from dashboards.web.render import Templates, page_response
from dashboards.web.site import strings_of

_NO_PAGES: Final = ("/api/", "/metrics", "/healthz", "/readyz", "/calendar/", "/static/")
_SERVER_ERROR: Final = 500


class ErrorPages:
    """Draws what went wrong; says nothing but what the status says."""

    def __init__(self, *, sign_in_path: str, sign_out_path: str) -> None:
        self._templates = Templates(Assets(), sign_in_path=sign_in_path, sign_out_path=sign_out_path)

    def page(self, request: Request, status: int) -> Response | None:
        """The page; None for programs, which are told otherwise."""
        if request.url.path.startswith(_NO_PAGES) or "text/html" not in request.headers.get("accept", ""):
            return None
        strings = strings_of(request)
        words = strings.errors
        name = str(status)
        if name not in words.titles:
            name = "500" if status >= _SERVER_ERROR else "400"
        html = self._templates.error(title=words.titles[name], detail=words.details[name], strings=strings)
        return page_response(html, request, status)
