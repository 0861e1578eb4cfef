"""The addresses of a device: its page, its live stream, its charts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request, Response

from dashboards.charts.plain import Spec
from dashboards.charts.theme import Palette
from dashboards.web.chart_response import chart_response, palette_asked
from dashboards.web.format import zone_of
from dashboards.web.pages.device import device_now, device_page
from dashboards.web.pages.device_charts import (
    CALENDAR_DAYS,
    POINTS,
    calendar_chart,
    past_chart,
    power_chart,
    wear_chart,
)
from dashboards.web.pages.rows import Place, place_in, places_of
from dashboards.web.pages.spans import Stretch, span_named, stretch_until, until_asked
from dashboards.web.parts import parts_response
from dashboards.web.render import Frame, page_response
from dashboards.web.routing import pages_router
from dashboards.web.site import Site, strings_of
from dashboards.web.strings import Strings
from schemas.access import Viewer
from schemas.page_views import AlertsAsked
from schemas.views import DeviceView, FleetChange

_DAY_MS: Final = 86_400_000
_PAST_ALERTS: Final = 12
_LIST_DAYS: Final = 90


def device_routes(site: Site) -> APIRouter:
    """The router of the device pages."""
    shown = _DevicePages(site)
    return pages_router(
        gets=(
            ("/devices/{device_id}", shown.page),
            ("/devices/{device_id}/live", shown.live),
            ("/devices/{device_id}/charts/{name}", shown.chart),
        ),
    )


@dataclass(frozen=True)
class _DevicePages:
    """One method for each address."""

    site: Site

    async def page(self, request: Request, device_id: str) -> Response:
        site = self.site
        viewer = await site.entering(request)
        if isinstance(viewer, Response):
            return viewer
        view = site.deps.reader.device(viewer, device_id)
        if view is None:
            return await site.missing(request, viewer)
        frame = await site.frame(request, viewer)
        place = self._place(viewer, view)
        pages, now_ms = site.deps.pages, frame.now_ms
        found = await pages.alerts(viewer, AlertsAsked(device_id=device_id), _PAST_ALERTS, None)
        page = device_page(
            now=device_now(view, site.deps.reader.firing_alerts(viewer), place, frame.strings),
            place=place,
            span=span_named(request.query_params.get("span")),
            until_ms=until_asked(request.query_params.get("until"), now_ms),
            past=found.items,
            sessions=await pages.session_marks(viewer, device_id, now_ms - _LIST_DAYS * _DAY_MS, now_ms + _DAY_MS),
            ledger=await pages.ledger(viewer, device_id),
            story=await pages.wear_story(viewer, device_id),
            now_ms=now_ms,
            strings=frame.strings,
        )
        values = {"here": str(request.url.path), "query": f"?{request.url.query}" if request.url.query else ""}
        html = await asyncio.to_thread(lambda: site.templates.page("device.html", frame, page, **values))
        return page_response(html, request)

    async def live(self, request: Request, device_id: str) -> Response:
        site = self.site
        viewer = await site.signed_in(request)

        async def draw() -> Mapping[str, str] | None:
            view = site.deps.reader.device(viewer, device_id)
            return None if view is None else self._parts(await site.frame(request, viewer), view)

        def concerns(change: FleetChange) -> bool:
            about = {view.id for view in change.devices} | {alert.device_id for alert in change.alerts}
            return device_id in about

        return parts_response(site, request, viewer, draw, concerns)

    async def chart(self, request: Request, device_id: str, name: str) -> Response:
        site = self.site
        viewer = await site.signed_in(request)
        view = site.deps.reader.device(viewer, device_id)
        chart, _, form = name.partition(".")
        if view is None or chart not in ("wear", "past", "power", "calendar"):
            return Response(status_code=404)
        palette = palette_asked(form, request)
        query, now_ms = request.query_params, site.deps.now_ms()
        stretch = stretch_until(span_named(query.get("span")), until_asked(query.get("until"), now_ms) or now_ms)
        spec = await self._spec(viewer, view, chart, stretch, palette, strings_of(request))
        return await chart_response(spec, form, request, site.deps.charts)

    async def _spec(
        self, viewer: Viewer, view: DeviceView, chart: str, stretch: Stretch, palette: Palette, strings: Strings
    ) -> Spec | None:
        pages, now_ms = self.site.deps.pages, self.site.deps.now_ms()
        zone = zone_of(self._place(viewer, view).timezone)
        if chart == "calendar":
            since_ms = now_ms - (CALENDAR_DAYS + 1) * _DAY_MS
            marks = await pages.session_marks(viewer, view.id, since_ms, now_ms + _DAY_MS)
            return await asyncio.to_thread(calendar_chart, marks, now_ms, zone, palette, strings)
        if chart == "past":
            story = await pages.wear_story(viewer, view.id)
            return await asyncio.to_thread(past_chart, story, zone, palette, strings)
        points = await pages.series(viewer, view.id, stretch.since_ms, stretch.until_ms, POINTS)
        if chart == "power":
            return await asyncio.to_thread(power_chart, points, stretch, zone, palette, strings)
        ledger = await pages.ledger(viewer, view.id)
        story = await pages.wear_story(viewer, view.id)
        return await asyncio.to_thread(wear_chart, view, points, ledger, story, stretch, now_ms, zone, palette, strings)

    def _parts(self, frame: Frame, view: DeviceView) -> dict[str, str]:
        place = self._place(frame.viewer, view)
        now = device_now(view, self.site.deps.reader.firing_alerts(frame.viewer), place, frame.strings)
        here = f"/devices/{view.id}"
        return {
            name: self.site.templates.page(f"parts/{name}.html", frame, None, now=now, here=here)
            for name in ("device-now", "device-alerts")
        }

    def _place(self, viewer: Viewer, view: DeviceView) -> Place:
        return place_in(places_of(self.site.deps.reader.clinics(viewer)), view.clinic_id)
