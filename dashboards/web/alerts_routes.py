"""The addresses of alerts: their page, its live stream, and the one act."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from dashboards.web.links import safe_next
from dashboards.web.pages.alerts import PAGE_ROWS, PATH, AlertsPage, alerts_page, read_address
from dashboards.web.pages.rows import places_of
from dashboards.web.parts import parts_response
from dashboards.web.render import Frame, page_response
from dashboards.web.routing import RowId, pages_router
from dashboards.web.site import Site
from schemas.access import Viewer
from schemas.views import AlertView, FleetChange

_TOO_LATE: Final = "late"


def alerts_routes(site: Site) -> APIRouter:
    """The router of the alerts page."""
    shown = _AlertPages(site)
    return pages_router(
        gets=(
            (PATH, shown.page),
            (f"{PATH}/live", shown.live),
        ),
        posts=((f"{PATH}/{{alert_id:int}}/acknowledge", shown.acknowledge),),
    )


@dataclass(frozen=True)
class _AlertPages:
    """One method for each address."""

    site: Site

    async def page(self, request: Request) -> Response:
        viewer = await self.site.entering(request)
        if isinstance(viewer, Response):
            return viewer
        frame = await self.site.frame(request, viewer, PATH)
        page = await self._page(request, frame)
        html = self.site.templates.page("alerts.html", frame, page, here=page.here, query=f"?{request.url.query}")
        return page_response(html, request)

    async def live(self, request: Request) -> Response:
        site = self.site
        viewer = await site.signed_in(request)
        seen: list[tuple[AlertView, ...]] = []

        async def draw() -> Mapping[str, str]:
            frame = await site.frame(request, viewer, PATH)
            page = await self._page(request, frame)
            return {"alert-list": site.templates.page("parts/alert-list.html", frame, page, here=page.here)}

        def concerns(change: FleetChange) -> bool:
            changed = seen != [change.alerts]
            seen[:] = [change.alerts]
            return changed

        return parts_response(site, request, viewer, draw, concerns)

    async def acknowledge(self, request: Request, alert_id: RowId) -> Response:
        return await self.site.posted(request, lambda viewer: self._acknowledge(request, viewer, alert_id))

    async def _acknowledge(self, request: Request, viewer: Viewer, alert_id: int) -> Response:
        after = (await request.form()).get("next")
        done = await self.site.deps.acts.acknowledge(viewer, alert_id)
        target = safe_next(after if isinstance(after, str) else None)
        return RedirectResponse(target if done else f"{PATH}?{_TOO_LATE}=1", status_code=303)

    async def _page(self, request: Request, frame: Frame) -> AlertsPage:
        deps, viewer = self.site.deps, frame.viewer
        address = read_address(request.query_params)
        found = await deps.pages.alerts(viewer, address.asked, PAGE_ROWS, address.before)
        ids = {alert.device_id for alert in found.items if alert.device_id is not None}
        views = [deps.reader.device(viewer, device_id) for device_id in sorted(ids)]
        notice = frame.strings.pages.alerts.too_late if _TOO_LATE in request.query_params else ""
        return alerts_page(
            address=address,
            found=found,
            names={view.id: view.label or view.id for view in views if view is not None},
            places=places_of(deps.reader.clinics(viewer)),
            now_ms=frame.now_ms,
            notice=notice,
            strings=frame.strings,
        )
