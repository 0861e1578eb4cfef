"""The pages of reports and of the product, and a report itself, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from everybody import DESK, PHONE, drawn, is_open_to_everybody, overheard, screen, sideways, violations
from playwright.async_api import Browser
from web_fleet import sample_fleet
from web_server import WebServer

from dashboards.reports.fleet import fleet_report
from dashboards.reports.html import html_report
from dashboards.reports.svg import drawn as drawings
from dashboards.web.strings import ENGLISH
from tests.reports.facts import HOSTILE, facts

pytestmark = [pytest.mark.chromium, pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture
def server() -> Iterator[WebServer]:
    served = WebServer(sample_fleet(12))
    yield served
    served.stop()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    page = fleet_report(facts(HOSTILE, clinics=14), ENGLISH)
    path = tmp_path_factory.mktemp("reports") / "report.html"
    path.write_bytes(html_report(page, drawings(page)))
    return path


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_the_pages_are_open_to_everybody(chromium: Browser, server: WebServer, size: tuple[int, int]) -> None:
    context = await screen(chromium, size)
    page = await context.new_page()
    said = overheard(page)
    for path in ("/reports", "/product/lives", "/product/use", "/product/demand"):
        await page.goto(f"{server.url}{path}")
        await drawn(page)
        await is_open_to_everybody(page, said)
    await context.close()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_a_report_runs_nothing_and_asks_for_nothing(
    chromium: Browser, report: Path, size: tuple[int, int]
) -> None:
    context = await chromium.new_context(viewport={"width": size[0], "height": size[1]})
    page = await context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(report.as_uri())
    assert said == []
    assert asked == [report.as_uri()]
    assert await sideways(page) == 0
    assert await page.locator("img, script, iframe").count() == 0
    assert HOSTILE.split("\u202e")[0] in await page.locator("tbody th").first.inner_text()
    await context.close()


async def test_a_report_is_open_to_everybody(chromium: Browser, report: Path) -> None:
    # The tool is a script, which the report itself refuses.
    context = await chromium.new_context(bypass_csp=True)
    page = await context.new_page()
    await page.goto(report.as_uri())
    assert await violations(page) == []
    await context.close()
