"""The pages' addresses. They read the fleet through `FleetReader`, and leave signing in and out to the gateway."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.sse import EventSourceResponse

from dashboards.web.alerts_routes import alerts_routes
from dashboards.web.assets import VEGA_NAME, Assets
from dashboards.web.board import BoardSource, FleetBoard
from dashboards.web.chart_response import chart_response, palette_asked
from dashboards.web.clinic_routes import clinic_routes
from dashboards.web.device_routes import device_routes
from dashboards.web.language_routes import language_routes
from dashboards.web.links import FLEET_PATH, PRODUCT_PATH, safe_next
from dashboards.web.live import LiveSource, Watching, live_stream
from dashboards.web.live_board import Boards
from dashboards.web.notification_routes import notification_routes
from dashboards.web.operator_routes import operator_routes
from dashboards.web.order_routes import order_routes
from dashboards.web.pages.asked import TableAsked, read_table_address
from dashboards.web.pages.fleet import FleetPage, as_of, pager_of
from dashboards.web.pages.numbers import whole_number
from dashboards.web.pages.outlook import days_chart
from dashboards.web.pages.rows import RowBook
from dashboards.web.people_routes import people_routes
from dashboards.web.product_routes import product_routes
from dashboards.web.registry_routes import registry_routes
from dashboards.web.render import Templates, page_response
from dashboards.web.report_routes import report_routes
from dashboards.web.silence_routes import silence_routes
from dashboards.web.site import STREAM_HEADERS, PageDependencies, Site, strings_of
from dashboards.web.strings import ENGLISH
from dashboards.web.work_routes import work_routes
from schemas.access import Viewer

__all__ = ["PageDependencies", "pages"]

LOOK_AHEAD_S: Final = 30.0
"""How often a page's outlook, and the names of its clinics, are asked for again."""
WARM_SIGHT: Final = Viewer(name="", role="manager")
"""Whoever sees the whole fleet sees the same."""
_OUTLOOK_WITHIN_S: Final = 0.15
"""So long a page waits for its outlook; after that it comes by the stream."""


def pages(deps: PageDependencies) -> tuple[APIRouter, ...]:
    """The routers of all pages, their live streams and their static files, to be included in this order.

    The lifespan of the first has the whole fleet's page ready before somebody asks for it.
    """
    assets = Assets()
    site = Site(
        deps,
        assets,
        Templates(assets, sign_in_path=deps.sign_in_path, sign_out_path=deps.sign_out_path),
        LiveSource(deps.reader, deps.now_ms, assets.version),
        Boards(BoardSource(deps.reader, deps.pages, RowBook(deps.now_ms())), LOOK_AHEAD_S),
    )
    shown = _Pages(site)

    @asynccontextmanager
    async def warm(_: object) -> AsyncIterator[None]:
        warming = asyncio.create_task(_keep_warm(site), name="warm fleet page")
        try:
            yield
        finally:
            warming.cancel()
            await asyncio.wait({warming})

    router = APIRouter(include_in_schema=False, default_response_class=Response, lifespan=warm)
    for path, endpoint in (
        (FLEET_PATH, shown.fleet),
        (deps.sign_in_path, shown.sign_in),
        ("/live", shown.live),
        ("/charts/sessions.{form}", shown.chart),
        ("/static/{version}/{name}", shown.static),
        ("/favicon.ico", shown.favicon),
    ):
        router.add_api_route(path, endpoint, methods=["GET"], response_model=None)
    return (
        router,
        people_routes(site),  # before the registry, whose addresses would take theirs for a kind of entry
        device_routes(site),
        clinic_routes(site),
        alerts_routes(site),
        registry_routes(site),
        operator_routes(site),
        report_routes(site),
        product_routes(site),
        language_routes(site),
        work_routes(site),
        order_routes(site),
        silence_routes(site),
        notification_routes(site),
    )


async def _keep_warm(site: Site) -> None:
    await asyncio.to_thread(site.templates.warm)
    await site.boards.keep_warm(WARM_SIGHT, ENGLISH)


@dataclass(frozen=True)
class _Pages:
    """One method for each address."""

    site: Site

    async def fleet(self, request: Request) -> Response:
        site = self.site
        viewer = await site.entering(request)
        if isinstance(viewer, Response):
            return viewer
        if viewer.role == "vendor":
            return RedirectResponse(PRODUCT_PATH, status_code=303)
        frame = await site.frame(request, viewer, FLEET_PATH)
        board = await site.boards.of(viewer, frame.strings).ready(_OUTLOOK_WITHIN_S)
        asked = read_table_address(request.query_params)
        page = _fleet_page(board, asked, frame.now_ms, wall="wall" in request.query_params)
        return await asyncio.to_thread(lambda: page_response(site.templates.fleet(page, frame), request))

    async def chart(self, request: Request, form: str) -> Response:
        site = self.site
        viewer = await site.signed_in(request)
        palette = palette_asked(form, request)
        outlook = await site.deps.pages.outlook(viewer)
        spec = await asyncio.to_thread(days_chart, outlook, palette, strings_of(request))
        return await chart_response(spec, form, request, site.deps.charts)

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
        site = self.site
        viewer = await site.signed_in(request)
        watching = Watching(
            viewer=viewer,
            asked=read_table_address(request.query_params),
            since=whole_number(request.query_params.get("since")) or 0,
            still_viewer=lambda: site.deps.viewer_of(request),
            beat_s=site.deps.beat_s,
        )
        stream = live_stream(site.source, site.boards.of(viewer, strings_of(request)), watching)
        return EventSourceResponse(stream, headers=STREAM_HEADERS)

    async def static(self, request: Request, version: str, name: str) -> Response:
        accepted = request.headers.get("accept-encoding", "")
        if name == VEGA_NAME:
            return self.site.assets.made(version, await self.site.deps.charts.script(), accepted)
        return self.site.assets.response(version, name, accepted)

    async def favicon(self) -> Response:
        return RedirectResponse(self.site.assets.path("favicon.svg"), status_code=307)


def _fleet_page(board: FleetBoard, asked: TableAsked, now_ms: int, *, wall: bool) -> FleetPage:
    found = board.find(asked, now_ms)
    return FleetPage(
        as_of_ms=now_ms,
        as_of_text=as_of(now_ms, board.strings),
        lines=board.lines.shown,
        all_lines=board.lines.number,
        severities=board.lines.severities,
        kpis=board.kpis,
        outlook=board.outlook,
        rows=() if wall else tuple(entry.row for entry in board.entries(found.ids)),
        edition=board.edition,
        asked=asked,
        pager=pager_of(asked, found.matched, found.total, found.page, found.pages, board.strings),
        chips=board.chips(asked, now_ms),
        total=board.total,
        wall=wall,
    )
