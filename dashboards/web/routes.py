"""The pages' addresses. They read the fleet through `FleetReader`, and leave signing in and out to the gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.sse import EventSourceResponse

from dashboards.web.assets import Assets
from dashboards.web.links import FLEET_PATH, safe_next, sign_in_link
from dashboards.web.live import BEAT_S, ChangeWriter, LiveSource, live_stream
from dashboards.web.pages.fleet import fleet_page
from dashboards.web.pages.rows import RowBook, place_in, places_of
from dashboards.web.render import Templates, json_response, page_response
from dashboards.web.strings import Strings, strings_for
from schemas.access import Viewer
from schemas.views import FleetReader

_STREAM_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_MAX_EDITION_DIGITS = 15


@dataclass(frozen=True)
class PageDependencies:
    """What the pages need of whoever serves them.

    `viewer_of` says who asks, None where nobody is signed in. `now_ms` is the time of day, UTC. The server
    answers `POST sign_in_path` (form fields `username, password, next`; on failure it redirects to
    `sign_in_path?error=1`, when throttled `?error=throttled`) and `POST sign_out_path`.
    """

    reader: FleetReader
    viewer_of: Callable[[Request], Awaitable[Viewer | None]]
    now_ms: Callable[[], int]
    sign_in_path: str = "/login"
    sign_out_path: str = "/logout"
    beat_s: float = BEAT_S


def pages(deps: PageDependencies) -> APIRouter:
    """The router of all pages, their live stream and their static files."""
    assets = Assets()
    shown = _Pages(
        deps,
        assets,
        Templates(assets, sign_in_path=deps.sign_in_path, sign_out_path=deps.sign_out_path),
        LiveSource(deps.reader, RowBook(deps.now_ms()), deps.now_ms, assets.version),
    )
    router = APIRouter(include_in_schema=False, default_response_class=Response)
    for path, endpoint in (
        (FLEET_PATH, shown.fleet),
        (deps.sign_in_path, shown.sign_in),
        ("/live", shown.live),
        ("/live/snapshot", shown.snapshot),
        ("/static/{version}/{name}", shown.static),
        ("/favicon.ico", shown.favicon),
    ):
        router.add_api_route(path, endpoint, methods=["GET"], response_model=None)
    return router


@dataclass(frozen=True)
class _Pages:
    """One method for each address."""

    deps: PageDependencies
    assets: Assets
    templates: Templates
    source: LiveSource

    async def fleet(self, request: Request) -> Response:
        viewer = await self.deps.viewer_of(request)
        if viewer is None:
            query = f"?{request.url.query}" if request.url.query else ""
            return RedirectResponse(sign_in_link(self.deps.sign_in_path, f"{FLEET_PATH}{query}"), status_code=303)
        reader, book, strings = self.deps.reader, self.source.book, _strings(request)
        places = places_of(reader.clinics(viewer))
        page = fleet_page(
            rows=[book.entry(view, place_in(places, view.clinic_id), strings).row for view in reader.devices(viewer)],
            places=places,
            alerts=reader.firing_alerts(viewer),
            summary=await reader.summary(viewer),
            now_ms=self.deps.now_ms(),
            edition=book.edition,
            strings=strings,
        )
        return await asyncio.to_thread(lambda: page_response(self.templates.fleet(page, viewer, strings), request))

    async def sign_in(self, request: Request) -> Response:
        after = safe_next(request.query_params.get("next"))
        if await self.deps.viewer_of(request) is not None:
            return RedirectResponse(after, status_code=303)
        strings = _strings(request)
        mistakes = {"": "", "throttled": strings.shell.sign_in_throttled}
        mistake = mistakes.get(request.query_params.get("error", ""), strings.shell.sign_in_wrong)
        return page_response(self.templates.sign_in(after=after, mistake=mistake, strings=strings), request)

    async def live(self, request: Request) -> Response:
        viewer = await self._signed_in(request)
        stream = live_stream(
            self.source,
            viewer,
            _strings(request),
            still_viewer=lambda: self.deps.viewer_of(request),
            beat_s=self.deps.beat_s,
        )
        return EventSourceResponse(stream, headers=_STREAM_HEADERS)

    async def snapshot(self, request: Request) -> Response:
        viewer = await self._signed_in(request)
        writer = ChangeWriter(self.source, viewer, _strings(request))
        summary = await self.deps.reader.summary(viewer)
        since = request.query_params.get("since", "")
        since_edition = int(since) if since.isascii() and since.isdigit() and len(since) <= _MAX_EDITION_DIGITS else 0
        return json_response(writer.snapshot(summary, since_edition), request)

    async def static(self, request: Request, version: str, name: str) -> Response:
        return self.assets.response(version, name, request.headers.get("accept-encoding", ""))

    async def favicon(self) -> Response:
        return RedirectResponse(self.assets.path("favicon.svg"), status_code=307)

    async def _signed_in(self, request: Request) -> Viewer:
        viewer = await self.deps.viewer_of(request)
        if viewer is None:
            raise HTTPException(status_code=401)
        return viewer


def _strings(request: Request) -> Strings:
    return strings_for(request.headers.get("accept-language"))
