"""The site: what all pages are made of and with, and who enters."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from fastapi import HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from dashboards.charts.render import ChartRenderer
from dashboards.web.assets import Assets
from dashboards.web.links import sign_in_link
from dashboards.web.live import BEAT_S, LiveSource
from dashboards.web.live_board import Boards
from dashboards.web.render import Frame, Templates, page_response
from dashboards.web.shell import nav_of
from dashboards.web.strings import Strings, strings_for
from schemas.access import Viewer
from schemas.my_notifications import NotificationPages
from schemas.page_views import PageAct, PageActs, PageReader
from schemas.product_pages import ProductPages
from schemas.report_pages import ReportPages
from schemas.views import FleetReader
from schemas.work_views import WorkPages

LANGUAGE_COOKIE: Final = "silverpoint_language"
STREAM_HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@dataclass(frozen=True)
class PageDependencies:
    """What the pages need of whoever serves them.

    `viewer_of` says who asks, None where nobody is signed in. `csrf_of` gives the token that forms must carry, None
    where they need none; `poster_of` checks it, and raises where a form may come from another site. `once` does what a
    form asks for, and answers the same form sent again as the first time. `now_ms` is the time of day, UTC. The server
    answers `POST sign_in_path` (form fields `username, password, next`; on failure it redirects to
    `sign_in_path?error=1`, when throttled `?error=throttled`) and `POST sign_out_path`.
    """

    reader: FleetReader
    pages: PageReader
    acts: PageActs
    work: WorkPages
    reports: ReportPages
    product: ProductPages
    notifications: NotificationPages
    viewer_of: Callable[[Request], Awaitable[Viewer | None]]
    csrf_of: Callable[[Request], Awaitable[str | None]]
    poster_of: Callable[[Request], Awaitable[Viewer | None]]
    once: Callable[[Request, Viewer, Callable[[], Awaitable[Response]]], Awaitable[Response]]
    now_ms: Callable[[], int]
    charts: ChartRenderer
    sign_in_path: str = "/login"
    sign_out_path: str = "/logout"
    beat_s: float = BEAT_S


@dataclass(frozen=True)
class Site:
    """Shared by the routes of all pages."""

    deps: PageDependencies
    assets: Assets
    templates: Templates
    source: LiveSource
    boards: Boards

    async def entering(self, request: Request) -> Viewer | Response:
        """Who asks for a page, or the way to the sign-in page."""
        viewer = await self.deps.viewer_of(request)
        return self.to_sign_in(request) if viewer is None else viewer

    async def admitted(self, request: Request, act: PageAct) -> Viewer | Response:
        """Who asks for a page that is not for everybody; otherwise the way to the sign-in page, or the page for what is
        not there."""
        viewer = await self.entering(request)
        if isinstance(viewer, Response) or act in self.deps.pages.may(viewer):
            return viewer
        return await self.missing(request, viewer)

    async def signed_in(self, request: Request) -> Viewer:
        """Who asks for a part of a page; 401 for nobody."""
        viewer = await self.deps.viewer_of(request)
        if viewer is None:
            raise HTTPException(status_code=401)
        return viewer

    async def posted(self, request: Request, act: Callable[[Viewer], Awaitable[Response]]) -> Response:
        """Does what a form asks for, once however often it is sent; the way to the sign-in page for nobody."""
        viewer = await self.deps.poster_of(request)
        if viewer is None:
            return self.to_sign_in(request)
        return await self.deps.once(request, viewer, lambda: act(viewer))

    def to_sign_in(self, request: Request) -> Response:
        """The sign-in page, which leads back."""
        query = f"?{request.url.query}" if request.url.query else ""
        after = f"{request.url.path}{query}" if request.method == "GET" else ""
        return RedirectResponse(sign_in_link(self.deps.sign_in_path, after), status_code=303)

    async def frame(self, request: Request, viewer: Viewer, here: str = "") -> Frame:
        """What stands around a page for this viewer; `here` is the path that the navigation marks."""
        strings = strings_of(request)
        may = self.deps.pages.may(viewer)
        return Frame(
            viewer=viewer,
            strings=strings,
            nav=nav_of(may, here, strings.shell, viewer.role),
            may=may,
            csrf=await self.deps.csrf_of(request) or "",
            once=secrets.token_urlsafe(12),
            now_ms=self.deps.now_ms(),
        )

    async def missing(self, request: Request, viewer: Viewer) -> Response:
        """The page for what is not there, or out of the viewer's sight."""
        html = self.templates.page("missing.html", await self.frame(request, viewer), None)
        return page_response(html, request, status=404)


def strings_of(request: Request) -> Strings:
    """The catalogue that the reader has chosen in a page's foot, or that the browser prefers."""
    return strings_for(request.headers.get("accept-language"), request.cookies.get(LANGUAGE_COOKIE))
