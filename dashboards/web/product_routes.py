"""The addresses of the product in the field: lifetimes, use and demand, their charts and the charts' numbers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, cast

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from dashboards.charts.theme import PAGE, Palette
from dashboards.reports.demand_sections import demand_sections
from dashboards.reports.lives_sections import lives_sections
from dashboards.reports.page import Section
from dashboards.reports.usage_sections import usage_sections
from dashboards.web.chart_response import chart_response, palette_asked
from dashboards.web.csv_file import CSV_TYPE, csv_text
from dashboards.web.links import PRODUCT_PATH
from dashboards.web.pages.product import TOPICS, Asked, figure_named, kind_of, product_page, read_asked
from dashboards.web.render import page_response, saved_file
from dashboards.web.routing import pages_router
from dashboards.web.site import Site, strings_of
from dashboards.web.strings import Strings
from schemas.access import Viewer
from schemas.demand_views import DemandBy
from schemas.lifetime_views import LivesBy
from schemas.usage_views import UsageBy

_DAY_MS: Final = 86_400_000
_YEAR_MS: Final = 366 * _DAY_MS
_DAYS_A_MONTH: Final = 30.4375
_FORMS: Final = ("json", "svg", "png")


def product_routes(site: Site) -> APIRouter:
    """The router of the product pages."""
    shown = _ProductPages(site)
    return pages_router(
        gets=(
            (PRODUCT_PATH, shown.first),
            (f"{PRODUCT_PATH}/{{topic}}", shown.page),
            (f"{PRODUCT_PATH}/{{topic}}/charts/{{name}}", shown.chart),
        ),
    )


@dataclass(frozen=True)
class _ProductPages:
    """One method for each address."""

    site: Site

    async def first(self, request: Request) -> Response:
        return RedirectResponse(f"{PRODUCT_PATH}/{TOPICS[0]}", status_code=307)

    async def page(self, request: Request, topic: str) -> Response:
        site = self.site
        viewer = await site.entering(request)
        if isinstance(viewer, Response):
            return viewer
        if topic not in TOPICS or not self._may(viewer):
            return await site.missing(request, viewer)
        frame = await site.frame(request, viewer, PRODUCT_PATH)
        asked = read_asked(topic, request.query_params, viewer.role)
        sections = await self._sections(viewer, asked, PAGE, frame.strings)
        page = product_page(asked, sections, viewer.role, frame.strings)
        html = await asyncio.to_thread(lambda: site.templates.page("product.html", frame, page, kind_of=kind_of))
        return page_response(html, request)

    async def chart(self, request: Request, topic: str, name: str) -> Response:
        """What one chart shows: as its spec, as a picture, or as numbers."""
        site = self.site
        viewer = await site.signed_in(request)
        if topic not in TOPICS or not self._may(viewer):
            return Response(status_code=404)
        chart, _, form = name.partition(".")
        palette = palette_asked(form, request)
        asked = read_asked(topic, request.query_params, viewer.role)
        figure = figure_named(await self._sections(viewer, asked, palette, strings_of(request)), chart)
        if form == "csv" and figure is not None:
            file = f"silverpoint-{topic}-{asked.by}-{figure.name}.csv"
            return saved_file(csv_text(figure.head, figure.rows), file, CSV_TYPE)
        if form not in _FORMS:
            return Response(status_code=404)
        return await chart_response(figure.spec if figure else None, form, request, site.deps.charts)

    def _may(self, viewer: Viewer) -> bool:
        return "product" in self.site.deps.pages.may(viewer)

    async def _sections(self, viewer: Viewer, asked: Asked, palette: Palette, strings: Strings) -> tuple[Section, ...]:
        product, now_ms = self.site.deps.product, self.site.deps.now_ms()
        name_of = self._names(viewer)
        match asked.topic:
            case "lives":
                lives = await product.lifetimes(viewer, cast("LivesBy", asked.by))
                return await asyncio.to_thread(lives_sections, lives, palette, strings)
            case "use":
                since_ms = now_ms - round(asked.months * _DAYS_A_MONTH) * _DAY_MS
                use = await product.usage(viewer, cast("UsageBy", asked.by), since_ms, now_ms)
                by_month = await product.usage_by_month(viewer, cast("UsageBy", asked.by), now_ms - _YEAR_MS, now_ms)
                return await asyncio.to_thread(usage_sections, use, asked.months, palette, strings, name_of, by_month)
            case "demand":
                demand = await product.demand(viewer, cast("DemandBy", asked.by))
                return await asyncio.to_thread(demand_sections, demand, palette, strings, name_of)

    def _names(self, viewer: Viewer) -> Callable[[str], str]:
        """Clinics' names for who may know them; a vendor is told none."""
        if viewer.role == "vendor":
            return str
        names = {view.id: view.name or view.id for view in self.site.deps.reader.clinics(viewer)}
        return lambda clinic_id: names.get(clinic_id, clinic_id)
