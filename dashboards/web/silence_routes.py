"""The addresses of silences: their page, and its forms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from dashboards.web.forms import typed_in
from dashboards.web.pages.alerts import PATH as ALERTS_PATH
from dashboards.web.pages.rows import places_of
from dashboards.web.pages.silences import FIELDS, PAGE_ROWS, PATH, SilencesAsked, read_address, silences_page
from dashboards.web.render import page_response
from dashboards.web.routing import RowId, pages_router
from dashboards.web.site import Site
from dashboards.web.strings import Strings
from schemas.access import Viewer

_UNPROCESSABLE: Final = 422
_SAID: Final = ("done", "late")


def silence_routes(site: Site) -> APIRouter:
    """The router of the page of silences."""
    shown = _SilencePages(site)
    return pages_router(
        gets=((PATH, shown.page),),
        posts=(
            (PATH, shown.add),
            (f"{PATH}/{{silence_id:int}}/end", shown.end),
        ),
    )


@dataclass(frozen=True)
class _SilencePages:
    """One method for each address."""

    site: Site

    async def page(self, request: Request) -> Response:
        viewer = await self.site.entering(request)
        if isinstance(viewer, Response):
            return viewer
        return await self._drawn(request, viewer, read_address(request.query_params))

    async def add(self, request: Request) -> Response:
        return await self.site.posted(request, lambda viewer: self._add(request, viewer))

    async def _add(self, request: Request, viewer: Viewer) -> Response:
        typed = await typed_in(request)
        fields = {name: typed[name] for name in FIELDS if name in typed}
        mistakes = await self.site.deps.work.add_silence(viewer, fields)
        if not mistakes:
            return RedirectResponse(f"{PATH}?{_SAID[0]}=1", status_code=303)
        return await self._drawn(request, viewer, SilencesAsked(fields=fields), mistakes)

    async def end(self, request: Request, silence_id: RowId) -> Response:
        return await self.site.posted(request, lambda viewer: self._end(request, viewer, silence_id))

    async def _end(self, request: Request, viewer: Viewer, silence_id: int) -> Response:
        ended = await self.site.deps.work.end_silence(viewer, silence_id)
        return RedirectResponse(PATH if ended else f"{PATH}?{_SAID[1]}=1", status_code=303)

    async def _drawn(
        self, request: Request, viewer: Viewer, asked: SilencesAsked, mistakes: Sequence[str] = ()
    ) -> Response:
        site = self.site
        if "silence" not in site.deps.pages.may(viewer):
            return await site.missing(request, viewer)
        frame = await site.frame(request, viewer, ALERTS_PATH)
        found = await site.deps.work.silences(
            viewer, open_only=not asked.with_past, limit=PAGE_ROWS, before=asked.before
        )
        page = silences_page(
            asked=replace(asked, fields={"kind": "silence", **asked.fields}),
            found=found,
            places=places_of(site.deps.reader.clinics(viewer)),
            now_ms=frame.now_ms,
            mistakes=mistakes,
            notice=_notice(request, frame.strings),
            strings=frame.strings,
        )
        html = site.templates.page("silences.html", frame, page)
        return page_response(html, request, status=_UNPROCESSABLE if mistakes else 200)


def _notice(request: Request, strings: Strings) -> str:
    words = strings.pages.work.silences
    said = dict(zip(_SAID, (words.done, words.too_late), strict=True))
    return next((text for name, text in said.items() if name in request.query_params), "")
