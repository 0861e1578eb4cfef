"""The pages' addresses. They read the fleet through `FleetReader`, and leave signing in and out to the gateway."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.sse import EventSourceResponse

from dashboards.web.alerts_routes import alerts_routes
from dashboards.web.assets import VEGA_NAME, Assets
from dashboards.web.clinic_routes import clinic_routes
from dashboards.web.device_routes import device_routes
from dashboards.web.links import FLEET_PATH, safe_next
from dashboards.web.live import ChangeWriter, LiveSource, live_stream
from dashboards.web.operator_routes import operator_routes
from dashboards.web.pages.fleet import fleet_page
from dashboards.web.pages.rows import RowBook, place_in, places_of
from dashboards.web.registry_routes import registry_routes
from dashboards.web.render import Templates, json_response, page_response
from dashboards.web.site import STREAM_HEADERS, PageDependencies, Site, strings_of

__all__ = ["PageDependencies", "pages"]

_MAX_EDITION_DIGITS = 15


def pages(deps: PageDependencies) -> APIRouter:
    """The router of all pages, their live streams and their static files."""
    assets = Assets()
    site = Site(
        deps,
        assets,
        Templates(assets, sign_in_path=deps.sign_in_path, sign_out_path=deps.sign_out_path),
        LiveSource(deps.reader, RowBook(deps.now_ms()), deps.now_ms, assets.version),
    )
    shown = _Pages(site)
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
    for more in (device_routes(site), clinic_routes(site), alerts_routes(site), registry_routes(site)):
        router.include_router(more)
    router.include_router(operator_routes(site))
    return router


@dataclass(frozen=True)
class _Pages:
    """One method for each address."""

    site: Site

    async def fleet(self, request: Request) -> Response:
        site = self.site
        viewer = await site.entering(request)
        if isinstance(viewer, Response):
            return viewer
        reader, book, strings = site.deps.reader, site.source.book, strings_of(request)
        places = places_of(reader.clinics(viewer))
        page = fleet_page(
            rows=[book.entry(view, place_in(places, view.clinic_id), strings).row for view in reader.devices(viewer)],
            places=places,
            alerts=reader.firing_alerts(viewer),
            summary=await reader.summary(viewer),
            now_ms=site.deps.now_ms(),
            edition=book.edition,
            strings=strings,
        )
        frame = await site.frame(request, viewer, FLEET_PATH)
        return await asyncio.to_thread(lambda: page_response(site.templates.fleet(page, frame), request))

    async def sign_in(self, request: Request) -> Response:
        site = self.site
        after = safe_next(request.query_params.get("next"))
        if await site.deps.viewer_of(request) is not None:
            return RedirectResponse(after, status_code=303)
        strings = strings_of(request)
        mistakes = {"": "", "throttled": strings.shell.sign_in_throttled}
        mistake = mistakes.get(request.query_params.get("error", ""), strings.shell.sign_in_wrong)
        return page_response(site.templates.sign_in(after=after, mistake=mistake, strings=strings), request)

    async def live(self, request: Request) -> Response:
        deps = self.site.deps
        viewer = await self.site.signed_in(request)
        stream = live_stream(
            self.site.source,
            viewer,
            strings_of(request),
            still_viewer=lambda: deps.viewer_of(request),
            beat_s=deps.beat_s,
        )
        return EventSourceResponse(stream, headers=STREAM_HEADERS)

    async def snapshot(self, request: Request) -> Response:
        viewer = await self.site.signed_in(request)
        writer = ChangeWriter(self.site.source, viewer, strings_of(request))
        summary = await self.site.deps.reader.summary(viewer)
        since = request.query_params.get("since", "")
        since_edition = int(since) if since.isascii() and since.isdigit() and len(since) <= _MAX_EDITION_DIGITS else 0
        return json_response(writer.snapshot(summary, since_edition), request)

    async def static(self, request: Request, version: str, name: str) -> Response:
        accepted = request.headers.get("accept-encoding", "")
        if name == VEGA_NAME:
            return self.site.assets.made(version, await self.site.deps.charts.script(), accepted)
        return self.site.assets.response(version, name, accepted)

    async def favicon(self) -> Response:
        return RedirectResponse(self.site.assets.path("favicon.svg"), status_code=307)
