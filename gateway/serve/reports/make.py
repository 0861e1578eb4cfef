"""Makes reports: from the store to a file's bytes, in a process that does nothing else meanwhile."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Final

from dashboards.reports.fleet import fleet_report
from dashboards.reports.html import html_report
from dashboards.reports.page import ReportPage
from dashboards.reports.product import product_report
from dashboards.reports.svg import drawn
from dashboards.web.strings import CATALOGUES, ENGLISH
from gateway.serve.reports.gather import ReportAsked, fleet_facts
from gateway.store.open import open_reading
from schemas.product_pages import ProductFacts
from schemas.report_pages import ReportFile, ReportForm

MEDIA_TYPES: Final[dict[ReportForm, str]] = {"html": "text/html; charset=utf-8", "pdf": "application/pdf"}
_NO_NAME = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class ReportJob:
    """One report to make; travels to the process that makes it."""

    store_url: str
    asked: ReportAsked
    form: ReportForm
    language: str


async def make_report(job: ReportJob) -> ReportFile:
    """Reads the store, also while a gateway writes it; the same for the same data and time of making.

    Raises NotFoundError, InvalidInputError, StoreError. Holds the interpreter's lock for a second and more.
    """
    strings = CATALOGUES.get(job.language, ENGLISH)
    store = await open_reading(job.store_url)
    try:
        page = fleet_report(await fleet_facts(store, job.asked), strings)
    finally:
        await store.close()
    return ReportFile(_name(page, job.form), MEDIA_TYPES[job.form], _file(page, job.form, job.asked.made_ms))


@dataclass(frozen=True, slots=True)
class ProductJob:
    """A report on the product in the field, whose facts are known already."""

    facts: ProductFacts
    form: ReportForm
    language: str


def make_product(job: ProductJob) -> ReportFile:
    """The same for the same facts. Holds the interpreter's lock for a second and more."""
    page = product_report(job.facts, CATALOGUES.get(job.language, ENGLISH))
    content = _file(page, job.form, job.facts.made_ms)
    return ReportFile(_name(page, job.form), MEDIA_TYPES[job.form], content)


def make_in_process(job: ReportJob) -> ReportFile:
    """The same, for a process of its own."""
    return asyncio.run(make_report(job))


def _file(page: ReportPage, form: ReportForm, made_ms: int) -> bytes:
    charts = drawn(page)
    if form == "html":
        return html_report(page, charts)
    from dashboards.reports.pdf import pdf_report

    return pdf_report(page, charts, made_ms)


def _name(page: ReportPage, form: ReportForm) -> str:
    """Letters, digits and dashes only, whatever the clinic is called."""
    words = _NO_NAME.sub("-", f"{page.kind} {page.title} {page.period}").strip("-").lower()
    return f"silverpoint-{words}.{form}"
