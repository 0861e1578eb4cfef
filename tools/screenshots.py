"""Pictures of every page, from a running demo, into out/screenshots: desktop and phone, light and dark.

Starts a demo of its own on a free port, waits for its history, and ends it.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

from playwright.async_api import Browser, Page, async_playwright

OUT = Path("out/screenshots")
SIGN_IN = "/login"
PAGES = {
    "fleet": "/",
    "device": "/devices/{device}",
    "clinic": "/clinics/{clinic}",
    "alerts": "/alerts",
    "registry": "/registry",
    "registry-devices": "/registry?kind=device",
    "operator": "/operator",
}
WHOLE_PAGES = frozenset({"device", "clinic", "operator"})
"""Pictures of these go down to the end of the page."""
SIZES = {"desktop": (1440, 900), "phone": (390, 844)}
SCHEMES = ("light", "dark")
CHROMIUM_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
READY_DEADLINE_S = 180


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
            device, clinic = await _most_worn(page, demo)
            for name, path in PAGES.items():
                await page.goto(demo.address + path.format(device=device, clinic=clinic))
                await page.wait_for_load_state("load")
                await page.wait_for_selector("figure[data-chart]:not([data-drawn])", state="detached")
                await page.screenshot(path=OUT / f"{name}-{size}-{scheme}.png", full_page=name in WHOLE_PAGES)
            await context.close()


async def _sign_in(page: Page, demo: Running) -> None:
    await page.fill("#username", "admin")
    await page.fill("#password", demo.password)
    await page.click("button.primary")
    await page.wait_for_url(f"{demo.address}/")


async def _most_worn(page: Page, demo: Running) -> tuple[str, str]:
    """A device with something to tell, and its clinic."""
    answer = await page.request.get(f"{demo.address}/api/v1/devices?limit=1000&online=true")
    devices = [device for device in (await answer.json())["items"] if device["nozzle"]]
    worn = max(devices, key=lambda device: device["nozzle"]["wear"] or 0.0)
    return worn["id"], worn["clinic_id"]


if __name__ == "__main__":
    asyncio.run(main())
