"""Hostile text on every page and in every download: shown as text, never run, under the policy that is sent."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from everybody import DESK, PHONE, drawn, overheard, screen, sideways
from playwright.async_api import Browser
from web_fleet import NOW_MS, MemoryFleet, alert_view, clinic_view, device_view
from web_server import WebServer, web_app

from schemas.page_views import LedgerEntry, PersonView
from schemas.registry import Clinic, DeviceEntry, Lot

IMAGE = "<img src=x onerror=\"document.title='owned'\">"
SCRIPT = "</script><script>document.title='owned'</script>"
TURNED = "\u202edevres txet\u2066"
FORMULA = '=HYPERLINK("http://evil.example","x")'
HOSTILE = (IMAGE, SCRIPT, TURNED, FORMULA)
PAGES = (
    "/",
    "/?q=" + "%3Cimg%20src%3Dx%20onerror%3D1%3E",
    "/?wall",
    "/devices/SP-0001",
    "/clinics/lyon",
    "/alerts?state=any",
    "/registry?kind=clinic&edit=lyon",
    "/registry?kind=device&edit=SP-0001",
    "/registry?kind=lot",
    "/registry/people?edit=manager",
    "/operator?released=%3Cimg%3E&kept=1",
)


@pytest.fixture
def server() -> Iterator[WebServer]:
    served = WebServer(hostile_fleet())
    hostile_history(served)
    yield served
    served.stop()


def hostile_fleet() -> MemoryFleet:
    """Whatever a device or a person may have written, in each place where it may stand."""
    view = device_view(label=IMAGE, serial=SCRIPT, lot=TURNED, wear=1.1)
    other = device_view("SP-0002", label=TURNED, serial=FORMULA, lot=IMAGE)
    alerts = [
        alert_view(1, view, acknowledged_by=IMAGE, summary=SCRIPT),
        alert_view(2, other, rule="clock_skew", severity="info", summary=IMAGE),
    ]
    clinic = clinic_view(name=IMAGE).model_copy(update={"contact": SCRIPT, "region": TURNED})
    return MemoryFleet([view, other], [clinic], alerts)


def hostile_history(served: WebServer) -> None:
    pages = served.behind.pages
    pages.entries = pages.entries.model_copy(
        update={
            "clinics": (Clinic(clinic_id="lyon", name=IMAGE, contact=SCRIPT, region=FORMULA),),
            "devices": (DeviceEntry(device_id="SP-0001", label=SCRIPT, room=TURNED, asset_tag=FORMULA),),
            "lots": (Lot(lot="L1", recalled_ms=NOW_MS, recall_note=IMAGE),),
        }
    )
    pages.persons = [PersonView(name="manager", role="manager", clinics=(IMAGE,), models=(FORMULA,), created_ms=NOW_MS)]
    pages.past = [served.fleet.alerts[0].model_copy(update={"state": "resolved", "resolved_ms": NOW_MS})]

    async def ledger(*_: object) -> list[LedgerEntry]:
        return [
            LedgerEntry(
                ts_ms=NOW_MS, action="fitted", serial=SCRIPT, strikes=1, made_by="person", reason=text
            )
            for text in HOSTILE
        ]  # fmt: skip

    pages.ledger = ledger  # type: ignore[method-assign]


@pytest.mark.chromium
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_hostile_text_is_text_on_every_page_in_a_browser(
    chromium: Browser, server: WebServer, size: tuple[int, int]
) -> None:
    context = await screen(chromium, size)
    page = await context.new_page()
    said = overheard(page)
    for path in PAGES:
        await page.goto(f"{server.url}{path}")
        await drawn(page)
        await page.wait_for_timeout(100)
        assert await page.title() != "owned", path
        assert await page.locator("img[src=x], body [onerror]").count() == 0, path
        assert await sideways(page) == 0, path
    assert said == []
    await context.close()


async def test_hostile_text_is_escaped_in_every_answer() -> None:
    served = hostile_fleet()
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(web_app(served)), base_url="http://gateway.test"
    ) as client:
        for path in (*PAGES, "/devices/SP-0001/charts/wear.json", "/charts/sessions.json"):
            answer = await client.get(path)
            if answer.headers["content-type"].startswith("text/html"):
                assert not re.search(r"<img src=x|<script>document", answer.text), path
