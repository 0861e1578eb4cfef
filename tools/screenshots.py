"""Pictures of every page, from a running demo, into out/screenshots: desktop and phone, light and dark.

Starts a demo of its own on a free port, waits for its history, and ends it.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import sys
from pathlib import Path

from playwright.async_api import Browser, async_playwright

OUT = Path("out/screenshots")
PAGES = {"fleet": "/", "sign-in": "/login"}
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
            address = await _address(demo)
        async with async_playwright() as driver:
            browser = await driver.chromium.launch(executable_path=chromium, args=list(CHROMIUM_FLAGS))
            await _take_all(browser, address)
            await browser.close()
    finally:
        if demo.returncode is None:
            demo.terminate()
        await demo.wait()


async def _address(demo: asyncio.subprocess.Process) -> str:
    assert demo.stdout is not None
    async for line in demo.stdout:
        if found := re.search(rb"open (http://\S+)", line):
            return found.group(1).decode().rstrip("/")
    raise SystemExit("the demo ended before it was ready")


async def _take_all(browser: Browser, address: str) -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    for size, (width, height) in SIZES.items():
        for scheme in SCHEMES:
            context = await browser.new_context(
                viewport={"width": width, "height": height}, color_scheme=scheme, device_scale_factor=2
            )
            page = await context.new_page()
            for name, path in PAGES.items():
                await page.goto(address + path)
                await page.wait_for_load_state("load")
                await page.screenshot(path=OUT / f"{name}-{size}-{scheme}.png")
            await context.close()


if __name__ == "__main__":
    asyncio.run(main())
