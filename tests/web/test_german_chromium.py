"""German pages in a real browser: long words have room, at a desk and on a phone, and everybody can read them."""

from __future__ import annotations

from pathlib import Path

import pytest
from busy_gateway import make_busy
from everybody import DESK, PHONE, drawn, sideways, violations
from playwright.async_api import Browser
from work_server import sign_in, work_server

from tests.serve.rig import CLINICS

pytestmark = [pytest.mark.chromium, pytest.mark.asyncio(loop_scope="module")]

PAGES = (
    "/", "/alerts", "/devices/d-one", f"/clinics/{CLINICS[0]}", "/work", "/work/orders", "/work/orders/1", "/silences",
    f"/registry?edit={CLINICS[0]}", "/registry?kind=nozzle_model", "/registry/people", "/operator", "/nowhere",
    "/me/notifications",
)  # fmt: skip
CUT_OFF = """() => [...document.querySelectorAll("main *, header *, footer *")].filter((element) => {
  const style = getComputedStyle(element);
  if (!element.clientWidth || !element.textContent.trim()) return false;
  if (element.closest(".aside, .skip, svg, select")) return false;
  const wide = element.scrollWidth > element.clientWidth + 1 && style.overflowX === "hidden";
  const high = element.scrollHeight > element.clientHeight + 2 && style.overflowY === "hidden";
  return wide || high;
}).map((element) => `${element.className}: ${element.textContent.trim()}`)"""
"""Texts of which a part is not to be seen."""


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_german_words_have_room_everywhere(chromium: Browser, tmp_path: Path, size: tuple[int, int]) -> None:
    async with work_server(tmp_path) as server:
        await make_busy(server.rig)
        await server.person("ann", "admin")
        context = await chromium.new_context(
            viewport={"width": size[0], "height": size[1]}, locale="de-DE", is_mobile=size == PHONE
        )
        page = await context.new_page()
        await sign_in(page, server, "ann", "/alerts")
        for path in PAGES:
            await page.goto(f"{server.url}{path}")
            await drawn(page)
            assert await page.evaluate("document.documentElement.lang") == "de", path
            assert await sideways(page) == 0, path
            assert await page.evaluate(CUT_OFF) == [], path
            assert size == DESK or await violations(page) == [], path
        await context.close()
