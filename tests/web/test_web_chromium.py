"""The fleet page in a real browser, under the policy that the gateway sends."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Final, Literal

import pytest
from everybody import DESK, PHONE, is_open_to_everybody, overheard, screen, sideways, violations
from playwright.async_api import Browser, Page, expect
from web_fleet import MANAGER, NOW_MS, MemoryFleet, alert_view, clinic_view, device_view, sample_fleet
from web_server import WebServer

pytestmark = [pytest.mark.chromium, pytest.mark.asyncio(loop_scope="module")]

HOSTILE: Final = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"

Scheme = Literal["light", "dark"]


@pytest.fixture
def server() -> Iterator[WebServer]:
    served = WebServer(sample_fleet(60))
    yield served
    served.stop()


@asynccontextmanager
async def page_of(
    browser: Browser, server: WebServer, path: str = "/", size: tuple[int, int] = DESK, scheme: Scheme = "light"
) -> AsyncIterator[Page]:
    """A page that must leave the browser's console empty, unless the test says that the server went away."""
    width, height = size
    context = await browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, has_touch=width < 500, is_mobile=width < 500
    )
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(f"{server.url}{path}")
    yield page
    await context.close()
    assert [text for text in complaints if "ERR_" not in text] == []


async def live(page: Page) -> None:
    await expect(page.locator('[data-link="live"]')).to_be_visible()


async def shown(page: Page) -> list[str]:
    """The devices in the table, in the order that is seen."""
    ids: list[str] = await page.eval_on_selector_all(
        "#rows > tr:not([hidden])", "rows => rows.map(row => row.dataset.id)"
    )
    return ids


async def settled(page: Page, sort: str) -> None:
    """The server's answer to another order has been drawn."""
    await page.wait_for_url(f"**/*sort={sort}*")
    await live(page)
    await expect(page.locator("#rows")).not_to_have_attribute("aria-busy", "true")


def _varied_fleet() -> MemoryFleet:
    """Few devices, and of everything that a row can show one."""
    views = [
        device_view("SP-0001", wear=1.05, label="Room 1"),
        device_view("SP-0002", wear=0.9, source="battery", charge=0.12, active=True, mobile=True),
        device_view("SP-0003", wear=None, serial=None, online=False, charge=0.5),
        device_view("SP-0004").model_copy(update={"nozzle": None, "power": None, "state": "repair"}),
    ]
    alerts = [alert_view(number, views[0], acknowledged_by="technician") for number in range(7)]
    alerts.append(alert_view(8, views[1], rule="battery_low", severity="warning", summary="charge 12 %"))
    alerts.append(alert_view(9, views[2], rule="clock_skew", severity="info"))
    return MemoryFleet(views, [clinic_view()], alerts)


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_the_fleet_and_sign_in_pages_are_open_to_everybody(chromium: Browser, size: tuple[int, int]) -> None:
    server = WebServer(_varied_fleet())
    context = await screen(chromium, size)
    page = await context.new_page()
    said = overheard(page)
    try:
        await page.goto(server.url)
        await live(page)
        await is_open_to_everybody(page, said)
        server.access.viewer = None
        await page.goto(f"{server.url}/?q=x")
        assert page.url.endswith("/login?next=%2F%3Fq%3Dx")
        await expect(page.get_by_label("User name")).to_be_focused()
        await is_open_to_everybody(page, said)
    finally:
        await context.close()
        server.stop()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_hostile_and_endless_names_stay_text_within_the_page(chromium: Browser, size: tuple[int, int]) -> None:
    endless = "W" * 200
    view = device_view(label=HOSTILE, serial=HOSTILE, lot="\u202e" + HOSTILE)
    fleet = MemoryFleet(
        [view, device_view("S" * 64, label=endless, serial="N" * 64, clinic_id="c" * 64)],
        [clinic_view(name=endless)],
        [alert_view(1, view, acknowledged_by=HOSTILE), alert_view(2, view, rule="clock_skew", summary=endless)],
    )
    server = WebServer(fleet)
    try:
        async with page_of(chromium, server, size=size) as page:
            await live(page)
            changed = view.model_copy(update={"label": HOSTILE + "2"})
            server.on_loop(lambda: fleet.push(changed, device_view("SP-NEW", label=HOSTILE)))
            await expect(page.locator('tr[data-id="SP-NEW"] .name')).to_have_text(HOSTILE)
            await expect(page.locator('tr[data-id="SP-0001"] .name')).to_have_text(HOSTILE + "2")
            assert await page.locator("img[src=x]").count() == 0
            assert await page.title() == "Fleet · Silverpoint"
            assert await sideways(page) == 0
    finally:
        server.stop()


async def test_a_change_is_seen_within_two_seconds(chromium: Browser, server: WebServer) -> None:
    fleet = server.fleet
    async with page_of(chromium, server) as page:
        await live(page)
        row = page.locator('tr[data-id="SP-0001"]')
        worn = fleet.views["SP-0001"].model_copy(
            update={"nozzle": device_view(serial="NZ-WORN", wear=1.07).nozzle, "wear_band": "worn_out"}
        )
        alerts = [alert_view(7, worn), *fleet.alerts]
        before = int(await page.locator("[data-kpi=in_session]").inner_text())
        starting = device_view("SP-0999", clinic_id="clinic-000", active=True)
        server.on_loop(lambda: fleet.push(worn, starting, alerts=alerts))

        await expect(row.locator(".percent")).to_have_text("107 %")
        await expect(row.locator(".band")).to_have_text("Replace")
        await expect(row.locator(".badge")).to_contain_text("Replace")
        await expect(row.locator(".bar .fill")).to_have_attribute("width", "85.6")
        await expect(page.locator("#action-counts .critical")).to_have_text("4 critical")
        await expect(page.locator("#actions-shown .subject", has_text="NZ-WORN")).to_be_visible()
        await expect(page.locator("[data-kpi=in_session]")).to_have_text(str(before + 1))
        await expect(page.locator("#count")).to_have_text("61 devices")


async def test_alerts_that_end_leave_a_calm_page(chromium: Browser, server: WebServer) -> None:
    async with page_of(chromium, server) as page:
        await live(page)
        server.on_loop(lambda: server.fleet.push(alerts=[]))
        await expect(page.locator("#actions-none")).to_be_visible()
        await expect(page.locator("#actions-more")).to_be_hidden()
        assert await page.locator(".badge").count() == 0


async def test_the_first_device_brings_the_table(chromium: Browser) -> None:
    server = WebServer(MemoryFleet())
    try:
        async with page_of(chromium, server) as page:
            await live(page)
            await expect(page.locator("#no-devices")).to_be_visible()
            server.on_loop(lambda: server.fleet.push(device_view()))
            await expect(page.locator('tr[data-id="SP-0001"]')).to_be_visible()
    finally:
        server.stop()


async def test_the_table_is_sorted_and_filtered_by_keyboard_and_remembers_it_in_the_address(
    chromium: Browser, server: WebServer
) -> None:
    async with page_of(chromium, server) as page:
        await live(page)
        header = page.locator("thead .wear")
        await header.get_by_role("button").focus()
        await page.keyboard.press("Enter")
        await expect(header).to_have_attribute("aria-sort", "descending")
        await settled(page, "wear.desc")
        wear = [server.fleet.views[name].nozzle.wear for name in await shown(page)]  # type: ignore[union-attr]
        assert wear == sorted(wear, key=lambda value: (value is None, -(value or 0)))

        await page.get_by_role("button", name="Needs action").press("Space")
        await page.get_by_label("Search").fill("trolley graz")
        await page.wait_for_url("**/?q=trolley+graz&show=action&sort=wear.desc")
        await settled(page, "wear.desc")
        found = await shown(page)
        assert found
        assert all("Trolley" in server.fleet.views[name].label for name in found)
        await expect(page.locator("#count")).to_have_text(f"{len(found)} of 60 devices")
        assert page.url.endswith("/?q=trolley+graz&show=action&sort=wear.desc")

        await page.reload()
        assert await shown(page) == found
        await page.get_by_label("Search").fill("no such device")
        await page.get_by_role("link", name="Clear filters").click()
        await expect(page.locator("#rows > tr")).to_have_count(60)


async def test_a_phone_sorts_by_the_list(chromium: Browser, server: WebServer) -> None:
    async with page_of(chromium, server, size=PHONE) as page:
        await live(page)
        await page.get_by_label("Sort by").select_option("sessions.desc")
        await settled(page, "sessions.desc")
        totals = [server.fleet.views[name].sessions.total for name in await shown(page)]  # type: ignore[union-attr]
        assert totals == sorted(totals, reverse=True)  # type: ignore[type-var]


async def test_a_lost_connection_is_said_with_the_time_and_recovers(chromium: Browser, server: WebServer) -> None:
    server.fleet.views = dict(list(server.fleet.views.items())[:12])
    async with page_of(chromium, server) as page:
        await live(page)
        server.stop()
        await expect(page.locator('[data-link="lost"]')).to_have_text(
            "Connection lost, data from " + await page.evaluate("new Date().toTimeString().slice(0, 5)")
        )
        server.fleet.views["SP-0001"] = server.fleet.views["SP-0001"].model_copy(update={"label": "Moved meanwhile"})
        del server.fleet.views["SP-0002"]
        server.start()
        await live(page)
        await expect(page.locator('tr[data-id="SP-0001"] .name')).to_have_text("Moved meanwhile")
        await expect(page.locator('tr[data-id="SP-0002"]')).to_have_count(0)


async def test_a_viewer_who_was_signed_out_elsewhere_signs_in_again(chromium: Browser) -> None:
    server = WebServer(sample_fleet(3), beat_s=0.1)
    try:
        async with page_of(chromium, server) as page:
            await live(page)
            server.access.viewer = None
            await page.wait_for_url("**/login*")
            server.access.viewer = MANAGER
    finally:
        server.stop()


async def test_the_page_counts_time_as_the_server_does(chromium: Browser, server: WebServer) -> None:
    async with page_of(chromium, server) as page:
        drawn = {view.id: NOW_MS - (view.last_seen_ms or 0) for view in server.fleet.views.values()}
        before = await page.locator("#rows time").all_inner_texts()
        await live(page)
        await page.evaluate("document.querySelectorAll('#rows time').forEach(time => { time.textContent = '' })")
        await expect(page.locator("#rows time").first).not_to_be_empty()
        after = await page.locator("#rows time").all_inner_texts()
        assert len(drawn) == len(before) == len(after)
        steady = [index for index, text in enumerate(before) if "min" not in text and "just" not in text]
        assert steady
        assert [after[index] for index in steady] == [before[index] for index in steady]


async def test_the_chosen_colours_are_kept(chromium: Browser, server: WebServer) -> None:
    async with page_of(chromium, server) as page:
        await page.get_by_label("Colours").select_option("dark")
        await page.reload()
        assert await page.evaluate("document.documentElement.dataset.theme") == "dark"
        await live(page)


async def test_without_script_the_page_still_tells_everything(chromium: Browser, server: WebServer) -> None:
    context = await chromium.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(server.url)
    assert await page.locator("#rows > tr").count() == 60
    await expect(page.locator(".link")).to_contain_text("As of ")
    assert await page.locator("#rows .bar .fill").first.get_attribute("width") not in (None, "0")
    await context.close()


async def test_ten_thousand_devices_are_first_shown_and_then_sorted_found_and_paged_at_once(
    chromium: Browser,
) -> None:
    server = WebServer(sample_fleet(10_000, clinics=500))
    try:
        async with page_of(chromium, server) as page:
            await live(page)
            await expect(page.locator("#rows > tr")).to_have_count(100)
            for act, asked in (
                (page.locator("thead .wear button").click(), "?sort=wear.desc"),
                (page.get_by_label("Search").fill("graz"), "?q=graz&sort=wear.desc"),
                (page.get_by_role("link", name="Next").click(), "?q=graz&sort=wear.desc&page=2"),
            ):
                started = time.monotonic()
                await act
                await page.wait_for_url(f"{server.url}/{asked}")
                await expect(page.locator("#count, #pager .range")).to_contain_text(["", "of "])
                assert time.monotonic() - started < 30
            found = await shown(page)
            assert len(found) == 100
            assert await sideways(page) == 0
            await page.reload()
            assert await shown(page) == found
            await page.go_back()
            await expect(page.locator("#pager .range")).to_contain_text("1 to 100 of")
    finally:
        server.stop()


async def test_rows_stay_where_they_are_while_somebody_reads_and_move_when_asked(
    chromium: Browser, server: WebServer
) -> None:
    async with page_of(chromium, server, "/?sort=wear.desc") as page:
        await live(page)
        before = await shown(page)
        await page.mouse.move(300, 300)
        last = server.fleet.views[before[-1]]
        server.on_loop(lambda: server.fleet.push(device_view(last.id, clinic_id=last.clinic_id, wear=1.31)))
        await expect(page.locator(f'tr[data-id="{last.id}"] .percent')).to_have_text("131 %")
        assert await shown(page) == before
        await page.get_by_role("button", name="Order has changed").click()
        assert (await shown(page))[0] == last.id
        await expect(page.get_by_label("Search")).to_be_focused()


async def test_a_wall_screen_shows_the_action_and_the_figures_and_nothing_to_press(chromium: Browser) -> None:
    server = WebServer(_varied_fleet())
    try:
        async with page_of(chromium, server, "/?wall", (1920, 1080), "dark") as page:
            await live(page)
            assert await page.locator("#fleet").count() == 0
            starting = device_view("SP-0999", active=True)
            server.on_loop(lambda: server.fleet.push(starting))
            await expect(page.locator("[data-kpi=in_session]")).to_have_text("2")
            assert await page.evaluate("document.documentElement.scrollHeight") <= 1080
            assert await violations(page) == []
    finally:
        server.stop()
