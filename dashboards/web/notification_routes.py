"""The addresses of one's own notifications: their page, and its forms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from dashboards.web.pages.my_notifications import FIELDS, PATH, TEST_OUTCOMES, Tried, my_notifications_page
from dashboards.web.pages.rows import places_of
from dashboards.web.render import page_response
from dashboards.web.routing import pages_router
from dashboards.web.site import Site
from dashboards.web.strings import Strings
from schemas.access import Viewer

_UNPROCESSABLE: Final = 422


def notification_routes(site: Site) -> APIRouter:
    """The router of the page of one's own notifications."""
    shown = _NotificationPages(site)
    return pages_router(
        gets=((PATH, shown.page),),
        posts=((PATH, shown.save), (f"{PATH}/test", shown.test), (f"{PATH}/calendar", shown.renew)),
    )


@dataclass(frozen=True)
class _NotificationPages:
    """One method for each address."""

    site: Site

    async def page(self, request: Request) -> Response:
        viewer = await self.site.entering(request)
        return viewer if isinstance(viewer, Response) else await self._drawn(request, viewer)

    async def save(self, request: Request) -> Response:
        return await self.site.posted(request, lambda viewer: self._save(request, viewer))

    async def _save(self, request: Request, viewer: Viewer) -> Response:
        form = await request.form()
        fields = {name: value for name in FIELDS if isinstance(value := form.get(name), str)}
        mistakes = await self.site.deps.notifications.save(viewer, fields)
        if not mistakes:
            return RedirectResponse(f"{PATH}?saved=1", status_code=303)
        return await self._drawn(request, viewer, Tried(fields, mistakes))

    async def test(self, request: Request) -> Response:
        return await self.site.posted(request, self._test)

    async def _test(self, viewer: Viewer) -> Response:
        outcome = await self.site.deps.notifications.send_test(viewer)
        return RedirectResponse(f"{PATH}?test={outcome}#test-title", status_code=303)

    async def renew(self, request: Request) -> Response:
        return await self.site.posted(request, self._renew)

    async def _renew(self, viewer: Viewer) -> Response:
        await self.site.deps.notifications.renew_calendar(viewer)
        return RedirectResponse(f"{PATH}?renewed=1#calendar-title", status_code=303)

    async def _drawn(self, request: Request, viewer: Viewer, tried: Tried | None = None) -> Response:
        site = self.site
        if "notifications" not in site.deps.pages.may(viewer):
            return await site.missing(request, viewer)
        frame = await site.frame(request, viewer, PATH)
        page = my_notifications_page(
            await site.deps.notifications.mine(viewer),
            viewer,
            places_of(site.deps.reader.clinics(viewer)),
            tried,
            _done(request, frame.strings) if tried is None else "",
            str(request.base_url).rstrip("/"),
            frame.now_ms,
            frame.strings,
        )
        html = site.templates.page("my-notifications.html", frame, page)
        return page_response(html, request, status=_UNPROCESSABLE if tried else 200)


def _done(request: Request, strings: Strings) -> str:
    """What the address says was just done."""
    words, asked = strings.told, request.query_params
    if "saved" in asked:
        return words.saved
    if "renewed" in asked:
        return words.renewed
    return next((words.test_outcomes[each] for each in TEST_OUTCOMES if each == asked.get("test")), "")
