"""The files: HTML and PDF say the same, whatever text they are given, and are the same each time."""

from __future__ import annotations

import io
import re

import pypdfium2
import pytest

from dashboards.reports.fleet import fleet_report
from dashboards.reports.html import counters, css_string, html_report
from dashboards.reports.page import ReportPage
from dashboards.reports.pdf import pdf_report
from dashboards.reports.svg import drawn
from dashboards.web.strings import CATALOGUES, ENGLISH
from tests.reports.facts import HOSTILE, MADE_MS, facts


def text_of(pdf: bytes) -> list[str]:
    """Of each page, without line breaks."""
    document = pypdfium2.PdfDocument(io.BytesIO(pdf))
    return [re.sub(r"\s+", " ", page.get_textpage().get_text_range()) for page in document]


@pytest.fixture(scope="module")
def page() -> ReportPage:
    return fleet_report(facts(), ENGLISH)


@pytest.fixture(scope="module")
def charts(page: ReportPage) -> list[str]:
    return drawn(page)


def test_both_files_say_what_the_report_says(page: ReportPage, charts: list[str]) -> None:
    html, pages = html_report(page, charts).decode(), text_of(pdf_report(page, charts, MADE_MS))
    pdf = " ".join(pages)
    for text in ("All clinics", "1 Oct 2026 to 31 Oct 2026", "710", "Nozzle due", "1.5 h", *page.summary):
        assert text in html
        assert text in pdf
    for section in page.sections:
        assert section.title in html
        assert section.title in pdf
    assert f"1 of {len(pages)}" in pages[0]
    assert f"{len(pages)} of {len(pages)}" in pages[-1]
    assert all(page.foot in told for told in pages)


def test_the_same_facts_make_the_same_files(page: ReportPage, charts: list[str]) -> None:
    again = fleet_report(facts(), ENGLISH)
    assert html_report(page, charts) == html_report(again, drawn(again))
    assert pdf_report(page, charts, MADE_MS) == pdf_report(again, drawn(again), MADE_MS)


def test_the_html_needs_nothing_but_itself_and_allows_no_script(page: ReportPage, charts: list[str]) -> None:
    html = html_report(page, charts).decode()
    assert "<script" not in html
    assert re.search(r"default-src 'none'; style-src 'unsafe-inline'", html)
    assert not re.findall(r'(?:src|href)="(?!#)', html)
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r"url\(#([^)]+)\)", html)) <= set(ids)


def test_hostile_text_is_text_in_both() -> None:
    page = fleet_report(facts(HOSTILE, whole=False), ENGLISH)
    charts = drawn(page)
    html = html_report(page, charts).decode()
    assert "<img" not in html
    assert "</script>" not in html
    assert html.count("</style>") == 1
    assert "49" not in re.findall(r"<h1>(.*?)</h1>", html)[0]
    shown = "".join(text_of(pdf_report(page, charts, MADE_MS)))
    assert '<img src=x onerror="alert(1)">' in shown
    assert "{{7*7}}#let x = 1" in shown


def test_a_css_string_ends_only_where_it_is_meant_to() -> None:
    assert css_string('a"b\n</style>') == '"a\\000022b\\00000a\\00003c\\00002fstyle\\00003e"'
    assert counters("{page} of {pages}") == 'counter(page) " of " counter(pages)'


@pytest.mark.parametrize("language", sorted(CATALOGUES))
def test_every_language_makes_a_report(language: str) -> None:
    page = fleet_report(facts(), CATALOGUES[language])
    pdf = " ".join(text_of(pdf_report(page, drawn(page), MADE_MS)))
    assert CATALOGUES[language].report.use_title in pdf


def test_a_report_of_nothing_says_so() -> None:
    from dataclasses import replace

    from schemas.report import AlertFacts, CostFacts, ForecastFacts, ReplacementFacts, UseFacts, WearFacts

    full = facts()
    empty = replace(
        full,
        use=UseFacts((), (), None, 0),
        wear=WearFacts(0, (), 0, 0, (), (), (), 5.0),
        replacements=ReplacementFacts((), ()),
        forecasts=ForecastFacts(0, None, 0, 0, ()),
        alerts=AlertFacts((), (), None, 0, 0),
        costs=CostFacts(("2026-Q4",), (), ()),
    )
    page = fleet_report(empty, ENGLISH)
    assert drawn(page) == []
    assert [section.lead for section in page.sections] == [
        ENGLISH.report.use_none,
        ENGLISH.report.wear_none,
        ENGLISH.report.replaced_none,
        ENGLISH.report.cost_none,
        ENGLISH.report.forecast_none,
        ENGLISH.report.alerts_none,
    ]
    assert text_of(pdf_report(page, [], MADE_MS))
