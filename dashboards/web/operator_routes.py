"""The addresses of the operator page and its live stream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.sse import EventSourceResponse

from dashboards.web.pages.operator import operator_page
from dashboards.web.parts import PartsPage, parts_stream
from dashboards.web.render import page_response
from dashboards.web.site import STREAM_HEADERS, Site

PATH: Final = "/operator"
_LOOK_S: Final = 2.0
_PARTS: Final = ("operator-now", "operator-counts", "operator-quarantine")


def operator_routes(site: Site) -> APIRouter:
    """The router of the operator page."""
    router = APIRouter(include_in_schema=False, default_response_class=Response)
    shown = _OperatorPages(site)
    router.add_api_route(PATH, shown.page, methods=["GET"], response_model=None)
    router.add_api_route(f"{PATH}/live", shown.live, methods=["GET"], response_model=None)
    return router


@dataclass(frozen=True)
class _OperatorPages:
    """One method for each address."""

    site: Site

    async def page(self, request: Request) -> Response:
        site = self.site
        viewer = await site.entering(request)
        if isinstance(viewer, Response):
            return viewer
        if "operator" not in site.deps.pages.may(viewer):
            return await site.missing(request, viewer)
        frame = await site.frame(request, viewer, PATH)
        page = operator_page(await site.deps.pages.operator(viewer), frame.strings)
        return page_response(site.templates.page("operator.html", frame, page), request)

    async def live(self, request: Request) -> Response:
        site = self.site
        viewer = await site.signed_in(request)
        if "operator" not in site.deps.pages.may(viewer):
            raise HTTPException(status_code=403)

        async def draw() -> Mapping[str, str]:
            frame = await site.frame(request, viewer, PATH)
            page = operator_page(await site.deps.pages.operator(viewer), frame.strings)
            return {name: site.templates.page(f"parts/{name}.html", frame, page) for name in _PARTS}

        page = PartsPage(
            draw, lambda _: False, lambda: site.deps.viewer_of(request), look_s=_LOOK_S, beat_s=site.deps.beat_s
        )
        return EventSourceResponse(parts_stream(site.source, viewer, page), headers=STREAM_HEADERS)
