"""Pictures of every page, from a running demo, into out/screenshots: desktop and phone, light and dark.

Starts a demo of its own on a free port, waits for its history, and ends it.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
import time
from pathlib import Path
from typing import NamedTuple

from playwright.async_api import Browser, Page, async_playwright

OUT = Path("out/screenshots")
SIGN_IN = "/login"
PAGES = {
    "device": "/devices/{device}",
    "clinic": "/clinics/{clinic}",
    "alerts": "/alerts",
    "order": "/work/orders/{order}",
    "registry": "/registry",
    "registry-devices": "/registry?kind=device",
    "registry-lots": "/registry?kind=lot",
    "people": "/registry/people",
    "operator": "/operator",
    "work": "/work",
    "orders": "/work/orders",
    "silences": "/silences",
    "reports": "/reports",
    "product": "/product",
    "product-use": "/product/use",
    "product-demand": "/product/demand",
    "fleet": "/",
    "wall": "/?wall",
}
WHOLE_PAGES = frozenset({"device", "clinic", "operator", "product", "product-use", "product-demand"})
"""Pictures of these go down to the end of the page."""
SIZES = {"desktop": (1440, 900), "phone": (390, 844)}
SCHEMES = ("light", "dark")
CHROMIUM_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
READY_DEADLINE_S = 300
TELLING_WEAR = 0.75
FORECAST_DEADLINE_S = 90
"""So long the pictures wait until the first nozzles are forecast."""


async def main() -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("chromium is not installed; on Debian: apt-get install chromium")
    demo = await asyncio.create_subprocess_exec(
        sys.executable, "-u", "-m", "gateway.cli", "demo", stdout=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(READY_DEADLINE_S):
            running = await _running(demo)
        async with async_playwright() as driver:
            browser = await driver.chromium.launch(executable_path=chromium, args=list(CHROMIUM_FLAGS))
            await _take_all(browser, running)
            await browser.close()
    finally:
        if demo.returncode is None:
            demo.terminate()
        await demo.wait()


class Running(NamedTuple):
    """Where the demo is, and how its administrator signs in."""

    address: str
    password: str


async def _running(demo: asyncio.subprocess.Process) -> Running:
    assert demo.stdout is not None
    address = ""
    async for line in demo.stdout:
        if found := re.search(rb"open (http://\S+)", line):
            address = found.group(1).decode().rstrip("/")
        if found := re.match(rb"\s+admin\s+(\S+)", line):
            return Running(address, found.group(1).decode())
    raise SystemExit("the demo ended before it was ready")


async def _take_all(browser: Browser, demo: Running) -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    for size, (width, height) in SIZES.items():
        for scheme in SCHEMES:
            context = await browser.new_context(
                viewport={"width": width, "height": height}, color_scheme=scheme, device_scale_factor=2
            )
            page = await context.new_page()
            await page.goto(demo.address + SIGN_IN)
            await page.screenshot(path=OUT / f"sign-in-{size}-{scheme}.png")
            await _sign_in(page, demo)
            device, clinic = await _most_told(page, demo)
            order = await _first_order(page, demo)
            for name, path in PAGES.items():
                await page.goto(demo.address + path.format(device=device, clinic=clinic, order=order))
                await page.wait_for_load_state("load")
                await page.wait_for_selector('[data-link="connecting"]', state="detached")
                await page.wait_for_selector("figure[data-chart]:not([data-drawn])", state="detached")
                await page.screenshot(path=OUT / f"{name}-{size}-{scheme}.png", full_page=name in WHOLE_PAGES)
            await _report(page, demo, size)
            await _without_signal(page, demo, OUT / f"work-offline-{size}-{scheme}.png")
            await context.close()


async def _report(page: Page, demo: Running, size: str) -> None:
    """This month's report, as the file that people get; it is light whatever the screen is."""
    await page.goto(f"{demo.address}/reports")
    link = await page.locator('.reports a[href*=".html"]').first.get_attribute("href")
    answer = await page.request.get(f"{demo.address}{link}", timeout=120_000)
    if not answer.ok:
        sys.exit(f"the demo made no report: {await answer.text()}")
    file = OUT / "report.html"
    file.write_bytes(await answer.body())
    await page.goto(file.resolve().as_uri())
    await page.screenshot(path=OUT / f"report-{size}.png", full_page=True)


async def _first_order(page: Page, demo: Running) -> int:
    """An open work order: a fleet with history has some."""
    answer = await page.request.get(f"{demo.address}/api/v1/work-orders?state=open&limit=1")
    order_id: int = (await answer.json())["items"][0]["id"]
    return order_id


async def _without_signal(page: Page, demo: Running, path: Path) -> None:
    """The page of work after something was claimed with no signal; it is undone, so that the demo stays as it was."""
    await page.goto(f"{demo.address}/work")
    await page.wait_for_selector('[data-link="live"]')
    await page.context.set_offline(True)
    await page.locator(".act-claim button").first.click()
    await page.wait_for_selector("#outbox li")
    await page.screenshot(path=path)
    await page.locator("#outbox li button").first.click()


async def _sign_in(page: Page, demo: Running) -> None:
    await page.fill("#username", "admin")
    await page.fill("#password", demo.password)
    await page.click("button.primary")
    await page.wait_for_url(f"{demo.address}/")


async def _most_told(page: Page, demo: Running) -> tuple[str, str]:
    """A device whose nozzle has a forecast and much behind it, with a battery if there is one, and its clinic."""
    until_s = time.monotonic() + FORECAST_DEADLINE_S
    while True:
        answer = await page.request.get(f"{demo.address}/api/v1/devices?limit=1000&online=true")
        devices = [device for device in (await answer.json())["items"] if device["nozzle"]]
        told = [device for device in devices if (device["forecast"] or {}).get("replace_by")]
        if told or time.monotonic() > until_s:
            break
        await asyncio.sleep(2)
    fresh = [device for device in told if (device["nozzle"]["wear"] or 0.0) < 1] or devices
    battery = [device for device in fresh if device["power"]["charge"] is not None] or fresh
    best = min(battery, key=lambda device: abs((device["nozzle"]["wear"] or 0.0) - TELLING_WEAR))
    return best["id"], best["clinic_id"]


if __name__ == "__main__":
    asyncio.run(main())
