"""The page of one's own notifications in a real browser: a test message is followed, the calendar's address copied."""

from __future__ import annotations

from pathlib import Path

import pytest
from everybody import DESK, PHONE, is_open_to_everybody, overheard, screen
from playwright.async_api import Browser, expect
from test_my_notifications import MAILS, PATH, ROUTED, Taken, deliverer
from work_server import sign_in, work_server

pytestmark = [pytest.mark.chromium, pytest.mark.asyncio(loop_scope="module")]


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_the_page_is_open_to_everybody_also_with_mistakes(
    chromium: Browser, tmp_path: Path, size: tuple[int, int]
) -> None:
    async with work_server(tmp_path, ROUTED) as server:
        context = await screen(chromium, size)
        page = await context.new_page()
        await sign_in(page, server, "kim")
        await page.get_by_role("link", name="My notifications").first.click()
        await page.wait_for_url(f"{server.url}{PATH}")
        said = overheard(page)
        await is_open_to_everybody(page, said)
        await page.fill("[name=email]", "kim at home")
        await page.fill("[name=quiet_from]", "22:00")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_label("Mail address")).to_have_accessible_description(
            "Write one mail address, such as service@example.org empty: no mails"
        )
        await expect(page.get_by_label("Mail address")).to_have_value("kim at home")
        said.clear()  # the browser says of itself that the answer was 422
        await is_open_to_everybody(page, said)
        await context.close()


async def test_what_becomes_of_a_test_message_shows_by_itself(chromium: Browser, tmp_path: Path) -> None:
    async with work_server(tmp_path, MAILS) as server:
        context = await screen(chromium, PHONE)
        page = await context.new_page()
        await sign_in(page, server, "kim", PATH)
        await page.fill("[name=email]", "kim@example.org")
        await page.get_by_role("button", name="Save").click()
        await page.get_by_role("button", name="Send me a test").click()
        await expect(page.locator("#last")).to_contain_text("Mail: test message")
        await expect(page.get_by_role("link", name="Look again")).to_be_visible()
        await deliverer(server.rig, Taken(), MAILS).deliver_due()
        await expect(page.locator("#last .sent")).to_contain_text("sent 9 Oct", timeout=30_000)
        await expect(page.get_by_role("link", name="Look again")).to_have_count(0)
        await context.close()


async def test_the_calendars_address_is_copied(chromium: Browser, tmp_path: Path) -> None:
    async with work_server(tmp_path) as server:
        context = await screen(chromium, DESK)
        await context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = await context.new_page()
        await sign_in(page, server, "kim", PATH)
        await page.get_by_role("button", name="Copy").click()
        await expect(page.get_by_role("button", name="Copied")).to_be_visible()
        copied = await page.evaluate("navigator.clipboard.readText()")
        assert copied == await page.get_by_label("Address of your calendar").input_value()
        assert "BEGIN:VCALENDAR" in await (await page.request.get(copied)).text()
        await context.close()
