"""What holds for every page: nothing on the console, nothing sideways, WCAG 2.2 AA in light and in dark colours."""

from __future__ import annotations

from typing import Final

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page, expect

DESK: Final = (1440, 900)
PHONE: Final = (390, 844)
_AXE: Final = Axe()
_ALL: Final = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
_COLOURS: Final = {
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
    "resultTypes": ["violations"],
}
"""What the colours of a scheme decide; all else is the same in both."""


async def violations(page: Page, *, colours_alone: bool = False) -> list[str]:
    """What axe finds, each with the first places of it."""
    results = await _AXE.run(page, options=_COLOURS if colours_alone else _ALL)
    return [
        f"{found['id']}: {[node['html'][:160] for node in found['nodes'][:3]]}"
        for found in results.response["violations"]
    ]


async def sideways(page: Page) -> int:
    """By how many pixels the page is wider than the screen."""
    pixels: int = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return pixels


async def screen(browser: Browser, size: tuple[int, int]) -> BrowserContext:
    """A desk's or a phone's browser, in light colours."""
    width, height = size
    return await browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="light",
        has_touch=width < 500,
        is_mobile=width < 500,
    )


def overheard(page: Page) -> list[str]:
    """Whatever the page will say on the console, but for a connection that is cut."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if "ERR_" not in message.text else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


async def drawn(page: Page) -> None:
    """Every chart of the page is there."""
    await expect(page.locator("figure[data-chart]:not([data-drawn])")).to_have_count(0)


async def is_open_to_everybody(page: Page, said: list[str]) -> None:
    """Looks at the page that is open, light and then dark; leaves it light."""
    where = page.url
    assert await sideways(page) == 0, where
    assert await violations(page) == [], where
    await page.emulate_media(color_scheme="dark")
    assert await violations(page, colours_alone=True) == [], f"dark: {where}"
    await page.emulate_media(color_scheme="light")
    assert said == [], where
