"""The pages about one thing in a real browser, under the policy that the gateway sends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from everybody import DESK, PHONE, drawn, is_open_to_everybody, overheard, screen
from playwright.async_api import Browser, expect
from test_web_chromium import HOSTILE, live, page_of
from web_fleet import NOW_MS, MemoryFleet, alert_view, clinic_view, device_view
from web_server import WebServer

from schemas.views import ForecastView, Quantiles

pytestmark = [pytest.mark.chromium, pytest.mark.asyncio(loop_scope="module")]

PAGES = (
    "/devices/SP-0001",
    "/clinics/lyon",
    "/alerts?state=any",
    "/alerts",
    "/registry?edit=lyon",
    "/registry?kind=device",
    "/registry?kind=nozzle_model&edit=MN-12",
    "/registry?kind=lot&edit=L2642",
    "/registry/people?edit=vendor",
    "/operator?released=1&kept=2",
    "/me/notifications",
)


@pytest.fixture
def server() -> Iterator[WebServer]:
    spread = Quantiles(p10=9, p50=14, p90=22)
    forecast = ForecastView(remaining_sessions=spread, remaining_days=spread, replace_by="2026-12-01")
    views = [
        device_view(wear=0.9, label="Room 1", charge=0.12, source="battery").model_copy(update={"forecast": forecast}),
        device_view("SP-0002", wear=1.04, label="W" * 120, serial="N" * 64, lot="L" * 64),
        device_view("SP-0003", wear=None, serial=None, online=False),
    ]
    hours = ",".join(["08:00-18:00"] * 6 + ["closed"])
    clinic = clinic_view().model_copy(update={"opening_hours": hours, "contact": "x" * 120, "region": "Rhône"})
    alerts = [
        alert_view(4, views[0], severity="warning", rule="nozzle_due"),
        alert_view(5, views[1], acknowledged_by="technician"),
        alert_view(6, views[0], severity="info", rule="clock_skew", summary="y" * 200),
    ]
    served = WebServer(MemoryFleet(views, [clinic], alerts))
    past = alert_view(1, views[0], severity="warning").model_copy(update={"state": "resolved", "resolved_ms": NOW_MS})
    served.behind.pages.past = [past]
    yield served
    served.stop()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_every_page_is_open_to_everybody(chromium: Browser, server: WebServer, size: tuple[int, int]) -> None:
    context = await screen(chromium, size)
    page = await context.new_page()
    said = overheard(page)
    for path in PAGES:
        await page.goto(f"{server.url}{path}")
        await drawn(page)
        await is_open_to_everybody(page, said)
    await context.close()


async def test_charts_are_drawn_under_the_strict_policy_and_follow_the_chosen_time(
    chromium: Browser, server: WebServer
) -> None:
    async with page_of(chromium, server, "/devices/SP-0001") as page:
        await live(page)
        await drawn(page)
        assert await page.locator("figure[data-chart] svg.marks").count() == 4
        await page.get_by_role("link", name="Week", exact=True).press("Enter")
        await expect(page.locator(".charts .plot").first).to_contain_text("Sat 21")
        assert page.url.endswith("/devices/SP-0001?span=week")
        await page.locator(".charts .mark-symbol path").nth(100).hover()
        await expect(page.locator("#vg-tooltip-element")).to_contain_text("NZ-000001")


async def test_a_device_goes_back_in_time_and_forth_again_by_keyboard(chromium: Browser, server: WebServer) -> None:
    async with page_of(chromium, server, "/devices/SP-0001?span=week") as page:
        await drawn(page)
        later = page.get_by_role("link", name="Later")
        await expect(later).to_be_hidden()
        await page.get_by_role("link", name="Earlier", exact=True).press("Enter")
        await expect(page.locator(".charts .plot").first).to_contain_text("Sat 14")
        assert "?span=week&until=" in page.url
        until = page.url.partition("until=")[2]
        await page.get_by_role("link", name="Day", exact=True).press("Enter")
        assert page.url.endswith(f"?span=day&until={until}")
        await page.get_by_role("link", name="Week", exact=True).press("Enter")
        await page.reload()
        await expect(page.locator(".charts .plot").first).to_contain_text("Sat 14")
        await later.press("Enter")
        await expect(page.locator(".charts .plot").first).to_contain_text("Sat 21")
        assert page.url.endswith("/devices/SP-0001?span=week")
        await expect(later).to_be_hidden()


async def test_the_device_page_shows_a_change_within_two_seconds_and_keeps_the_keyboard(
    chromium: Browser, server: WebServer
) -> None:
    async with page_of(chromium, server, "/devices/SP-0001") as page:
        await live(page)
        button = page.get_by_role("button", name="Acknowledge: Nozzle due, NZ-000001")
        await button.focus()
        worn = device_view(wear=1.07, label="Room 1")
        alerts = [alert_view(9, worn, rule="battery_low", summary="12 % left"), *server.fleet.alerts]
        server.on_loop(lambda: server.fleet.push(worn, alerts=alerts))
        await expect(page.locator("#device-now .wear-now .figure")).to_have_text("107 %")
        await expect(page.locator("#device-alerts .alert")).to_have_count(3)
        await expect(button).to_be_focused()


async def test_an_alert_is_acknowledged_in_place(chromium: Browser, server: WebServer) -> None:
    async with page_of(chromium, server, "/alerts") as page:
        await live(page)
        await page.get_by_role("button", name="Acknowledge: Nozzle due").click()
        await expect(page.locator(".alert.due .by")).to_have_text("Acknowledged by \u2068manager\u2069")
        assert page.url.endswith("/alerts")
        await page.get_by_label("State").select_option("resolved")
        await page.get_by_role("button", name="Show").click()
        await expect(page.locator(".alert.past")).to_have_count(1)


async def test_a_registry_entry_is_edited_by_keyboard(chromium: Browser, server: WebServer) -> None:
    async with page_of(chromium, server, "/registry?kind=device") as page:
        await page.get_by_role("link", name="Edit SP-0002").press("Enter")
        await page.get_by_label("Room").fill(HOSTILE)
        await page.keyboard.press("Enter")
        await expect(page.locator(".done")).to_have_text("Saved SP-0002.")
    kind, entry_id, fields = server.behind.acts.saved[0]
    assert (kind, entry_id, fields["room"]) == ("device", "SP-0002", HOSTILE)


async def test_without_script_a_device_still_shows_its_charts(chromium: Browser, server: WebServer) -> None:
    context = await chromium.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{server.url}/devices/SP-0001")
    pictures = page.locator("noscript img")
    assert await pictures.count() == 4
    assert await pictures.first.evaluate("image => image.naturalWidth") > 0
    await context.close()


async def test_a_print_is_light_whatever_the_screen_was(chromium: Browser, server: WebServer) -> None:
    async with page_of(chromium, server, "/devices/SP-0001", scheme="dark") as page:
        await drawn(page)
        await page.emulate_media(media="print")
        grey = await page.locator(".charts .mark-text.role-axis-label text").first.evaluate(
            "text => getComputedStyle(text).fill"
        )
        assert grey == "rgb(83, 96, 109)"
        await expect(page.locator(".spans")).to_be_hidden()
