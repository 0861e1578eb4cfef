"""The addresses of reports: the page that offers them, and their files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request, Response

from dashboards.web.links import REPORTS_PATH
from dashboards.web.pages.reports import reports_page
from dashboards.web.render import page_response, saved_file
from dashboards.web.routing import pages_router
from dashboards.web.site import Site, strings_of
from schemas.report_pages import ReportFile, ReportForm

_FILE = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])\.(html|pdf)", re.ASCII)
_PRODUCT = re.compile(r"product\.(html|pdf)", re.ASCII)
_FORMS: Final[dict[str, ReportForm]] = {"html": "html", "pdf": "pdf"}


def report_routes(site: Site) -> APIRouter:
    """The router of the reports."""
    shown = _ReportPages(site)
    return pages_router(
        gets=(
            (REPORTS_PATH, shown.page),
            (f"{REPORTS_PATH}/{{name}}", shown.file),
        ),
    )


@dataclass(frozen=True)
class _ReportPages:
    """One method for each address."""

    site: Site

    async def page(self, request: Request) -> Response:
        site = self.site
        viewer = await site.entering(request)
        if isinstance(viewer, Response):
            return viewer
        may = site.deps.pages.may(viewer)
        if not may & {"reports", "product"}:
            return await site.missing(request, viewer)
        frame = await site.frame(request, viewer, REPORTS_PATH)
        page = reports_page(
            await site.deps.reports.months(viewer) if "reports" in may else (),
            site.deps.reader.clinics(viewer),
            request.query_params.get("clinic", ""),
            frame.strings,
        )
        return page_response(site.templates.page("reports.html", frame, page), request)

    async def file(self, request: Request, name: str) -> Response:
        """It takes seconds."""
        site = self.site
        viewer = await site.entering(request)
        if isinstance(viewer, Response):
            return viewer
        product = _PRODUCT.fullmatch(name)
        if product is not None and "product" in site.deps.pages.may(viewer):
            language = strings_of(request).language
            return _saved(await site.deps.reports.product(viewer, _FORMS[product[1]], language))
        found = _FILE.fullmatch(name)
        if found is None or "reports" not in site.deps.pages.may(viewer):
            return await site.missing(request, viewer)
        clinic = request.query_params.get("clinic") or None
        if clinic is not None and all(view.id != clinic for view in site.deps.reader.clinics(viewer)):
            return await site.missing(request, viewer)
        made = await site.deps.reports.make(
            viewer,
            month=(int(found[1]), int(found[2])),
            form=_FORMS[found[3]],
            clinic=clinic,
            language=strings_of(request).language,
        )
        return _saved(made)


def _saved(made: ReportFile) -> Response:
    return saved_file(made.content, made.name, made.media_type)
