"""The addresses of a clinic: its page, its live stream, its chart."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request, Response

from dashboards.web.chart_response import chart_response, palette_asked
from dashboards.web.pages.clinic import USAGE_DAYS, ClinicNow, clinic_now, clinic_page, summary_of, usage_chart
from dashboards.web.parts import parts_response
from dashboards.web.render import Frame, page_response
from dashboards.web.routing import pages_router
from dashboards.web.site import Site, strings_of
from schemas.access import Viewer
from schemas.views import ClinicView, FleetChange

_DAY_MS: Final = 86_400_000


def clinic_routes(site: Site) -> APIRouter:
    """The router of the clinic pages."""
    shown = _ClinicPages(site)
    return pages_router(
        gets=(
            ("/clinics/{clinic_id}", shown.page),
            ("/clinics/{clinic_id}/live", shown.live),
            ("/clinics/{clinic_id}/charts/{name}", shown.chart),
        ),
    )


@dataclass(frozen=True)
class _ClinicPages:
    """One method for each address."""

    site: Site

    async def page(self, request: Request, clinic_id: str) -> Response:
        site = self.site
        viewer = await site.entering(request)
        if isinstance(viewer, Response):
            return viewer
        clinic = self._clinic(viewer, clinic_id)
        if clinic is None:
            return await site.missing(request, viewer)
        frame = await site.frame(request, viewer)
        page = clinic_page(clinic, await self._now(frame, clinic), frame.now_ms, frame.strings)
        html = await asyncio.to_thread(
            lambda: site.templates.page("clinic.html", frame, page, now=page.now, here=request.url.path)
        )
        return page_response(html, request)

    async def live(self, request: Request, clinic_id: str) -> Response:
        site = self.site
        viewer = await site.signed_in(request)

        async def draw() -> Mapping[str, str] | None:
            clinic = self._clinic(viewer, clinic_id)
            if clinic is None:
                return None
            frame = await site.frame(request, viewer)
            now, here = await self._now(frame, clinic), f"/clinics/{clinic_id}"
            return {
                name: site.templates.page(f"parts/{name}.html", frame, None, now=now, here=here)
                for name in ("clinic-now", "clinic-alerts", "clinic-due", "clinic-devices")
            }

        def concerns(change: FleetChange) -> bool:
            about = {view.clinic_id for view in change.devices} | {alert.clinic_id for alert in change.alerts}
            return clinic_id in about

        return parts_response(site, request, viewer, draw, concerns)

    async def chart(self, request: Request, clinic_id: str, name: str) -> Response:
        site = self.site
        viewer = await site.signed_in(request)
        chart, _, form = name.partition(".")
        if chart != "usage" or self._clinic(viewer, clinic_id) is None:
            return Response(status_code=404)
        now_ms = site.deps.now_ms()
        days = await site.deps.pages.clinic_days(viewer, clinic_id, now_ms - USAGE_DAYS * _DAY_MS, now_ms + 1)
        palette = palette_asked(form, request)
        spec = await asyncio.to_thread(usage_chart, days, now_ms, palette, strings_of(request))
        return await chart_response(spec, form, request, site.deps.charts)

    async def _now(self, frame: Frame, clinic: ClinicView) -> ClinicNow:
        deps, viewer = self.site.deps, frame.viewer
        devices = [view for view in deps.reader.devices(viewer) if view.clinic_id == clinic.id]
        midnight_ms = frame.now_ms - frame.now_ms % _DAY_MS
        today = await deps.pages.clinic_days(viewer, clinic.id, midnight_ms, frame.now_ms + 1)
        summary = summary_of(devices, await deps.reader.summary(viewer), sum(day.sessions for day in today))
        return clinic_now(clinic, devices, deps.reader.firing_alerts(viewer), summary, frame.strings)

    def _clinic(self, viewer: Viewer, clinic_id: str) -> ClinicView | None:
        return next((clinic for clinic in self.site.deps.reader.clinics(viewer) if clinic.id == clinic_id), None)
