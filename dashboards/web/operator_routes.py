"""The addresses of the operator page and its live stream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from dashboards.web.pages.operator import again_text, operator_page, released_text
from dashboards.web.parts import parts_response
from dashboards.web.render import page_response
from dashboards.web.routing import RowId, pages_router
from dashboards.web.site import Site
from schemas.access import Viewer

PATH: Final = "/operator"
_LOOK_S: Final = 2.0
_PARTS: Final = ("operator-now", "operator-counts", "operator-outbox", "operator-quarantine")


def operator_routes(site: Site) -> APIRouter:
    """The router of the operator page."""
    shown = _OperatorPages(site)
    return pages_router(
        gets=(
            (PATH, shown.page),
            (f"{PATH}/live", shown.live),
        ),
        posts=(
            (f"{PATH}/quarantine/release", shown.release_all),
            (f"{PATH}/quarantine/{{entry_id}}/release", shown.release),
            (f"{PATH}/messages/{{message_id}}/again", shown.again),
        ),
    )


@dataclass(frozen=True)
class _OperatorPages:
    """One method for each address."""

    site: Site

    async def page(self, request: Request) -> Response:
        site = self.site
        viewer = await site.admitted(request, "operator")
        if isinstance(viewer, Response):
            return viewer
        frame = await site.frame(request, viewer, PATH)
        page = operator_page(await site.deps.pages.operator(viewer), frame.strings)
        query = request.query_params
        done = released_text(query.get("released", ""), query.get("kept", ""), frame.strings)
        done = done or again_text(query.get("again", ""), frame.strings)
        return page_response(site.templates.page("operator.html", frame, page, done=done), request)

    async def release(self, request: Request, entry_id: RowId) -> Response:
        return await self.site.posted(request, lambda viewer: self._release(viewer, entry_id))

    async def release_all(self, request: Request) -> Response:
        return await self.site.posted(request, lambda viewer: self._release(viewer, None))

    async def _release(self, viewer: Viewer, entry_id: int | None) -> Response:
        outcome = await self.site.deps.acts.release(viewer, entry_id)
        return RedirectResponse(f"{PATH}?released={outcome.released}&kept={outcome.kept}", status_code=303)

    async def again(self, request: Request, message_id: RowId) -> Response:
        return await self.site.posted(request, lambda viewer: self._again(viewer, message_id))

    async def _again(self, viewer: Viewer, message_id: int) -> Response:
        waits = await self.site.deps.acts.send_again(viewer, message_id)
        return RedirectResponse(f"{PATH}?again={int(waits)}#operator-outbox", status_code=303)

    async def live(self, request: Request) -> Response:
        site = self.site
        viewer = await site.signed_in(request)
        if "operator" not in site.deps.pages.may(viewer):
            raise HTTPException(status_code=403)

        async def draw() -> Mapping[str, str]:
            frame = await site.frame(request, viewer, PATH)
            page = operator_page(await site.deps.pages.operator(viewer), frame.strings)
            return {name: site.templates.page(f"parts/{name}.html", frame, page) for name in _PARTS}

        return parts_response(site, request, viewer, draw, lambda _: False, _LOOK_S)
