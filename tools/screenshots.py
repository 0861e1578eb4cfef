"""Pictures of every page into out/screenshots: desktop and phone, light and dark, the wall, the reports.

Starts a demo of its own on a free port, waits for its history, and ends it; then a gateway that knows no device.
Words after the command choose among the pictures by the beginnings of their names: `screenshots.py product wall`.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import time
from pathlib import Path
from typing import NamedTuple

from playwright.async_api import Browser, Page, async_playwright
from screen_hosts import Host, fresh_gateway, running_demo

OUT = Path("out/screenshots")
SIGN_IN = "/login"


class Shot(NamedTuple):
    """One page: where it is, who looks at it, and whether the picture goes down to its end."""

    path: str
    role: str = "admin"
    whole: bool = False


PAGES = {
    "device": Shot("/devices/{device}", whole=True),
    "clinic": Shot("/clinics/{clinic}", whole=True),
    "alerts": Shot("/alerts"),
    "order": Shot("/work/orders/{order}"),
    "registry": Shot("/registry"),
    "registry-devices": Shot("/registry?kind=device"),
    "registry-lots": Shot("/registry?kind=lot"),
    "people": Shot("/registry/people"),
    "operator": Shot("/operator", whole=True),
    "work": Shot("/work"),
    "orders": Shot("/work/orders"),
    "silences": Shot("/silences"),
    "notifications": Shot("/me/notifications", whole=True),
    "reports": Shot("/reports"),
    "product": Shot("/product/lives", whole=True),
    "product-use": Shot("/product/use", whole=True),
    "product-demand": Shot("/product/demand", whole=True),
    "vendor": Shot("/product/lives", "vendor", whole=True),
    "vendor-use": Shot("/product/use", "vendor", whole=True),
    "vendor-demand": Shot("/product/demand", "vendor", whole=True),
    "vendor-reports": Shot("/reports", "vendor"),
    "missing": Shot("/devices/no-such-device"),
    "fleet": Shot("/"),
    "wall": Shot("/?wall"),
}
FRESH_PAGES = {
    "fresh-fleet": Shot("/"),
    "fresh-wall": Shot("/?wall"),
    "fresh-alerts": Shot("/alerts"),
    "fresh-work": Shot("/work"),
    "fresh-orders": Shot("/work/orders"),
    "fresh-registry": Shot("/registry"),
    "fresh-product": Shot("/product/lives"),
    "fresh-use": Shot("/product/use"),
    "fresh-demand": Shot("/product/demand"),
    "fresh-reports": Shot("/reports"),
    "fresh-operator": Shot("/operator", whole=True),
}
SIZES = {"desktop": (1440, 900), "phone": (390, 844), "screen": (1920, 1080)}
WALL_ONLY = "screen"
SCHEMES = ("light", "dark")
CHROMIUM_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
TELLING_WEAR = 0.75
FORECAST_DEADLINE_S = 90
"""So long the pictures wait until the first nozzles are forecast."""
REPORT_DEADLINE_MS = 120_000


async def main(chosen: tuple[str, ...]) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("chromium is not installed; on Debian: apt-get install chromium")
    OUT.mkdir(parents=True, exist_ok=True)
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=chromium, args=list(CHROMIUM_FLAGS))
        if pages := _chosen(PAGES, chosen):
            async with running_demo() as demo:
                await _take_demo(browser, demo, pages, chosen)
        if pages := _chosen(FRESH_PAGES, chosen):
            async with fresh_gateway() as fresh:
                await _take_fresh(browser, fresh, pages)
        await browser.close()


def _chosen(pages: dict[str, Shot], chosen: tuple[str, ...]) -> dict[str, Shot]:
    return {name: shot for name, shot in pages.items() if not chosen or name.startswith(chosen)}


async def _take_demo(browser: Browser, demo: Host, pages: dict[str, Shot], chosen: tuple[str, ...]) -> None:
    for size in SIZES:
        of_size = {name: shot for name, shot in pages.items() if size != WALL_ONLY or name == "wall"}
        for scheme in SCHEMES:
            for role in dict.fromkeys(shot.role for shot in of_size.values()):
                page = await _signed_in(browser, demo, role, size, scheme)
                places = await _places(page, demo) if role == "admin" else {}
                for name, shot in of_size.items():
                    if shot.role == role:
                        await _take(page, demo.address + shot.path.format(**places), f"{name}-{size}-{scheme}", shot)
                if size != WALL_ONLY and not chosen:
                    await _extras(page, demo, role, size, scheme)
                await page.context.close()


async def _take_fresh(browser: Browser, fresh: Host, pages: dict[str, Shot]) -> None:
    for size, scheme in (("desktop", "light"), ("phone", "dark")):
        page = await _signed_in(browser, fresh, "admin", size, scheme)
        for name, shot in pages.items():
            await _take(page, fresh.address + shot.path, f"{name}-{size}-{scheme}", shot)
        await page.context.close()


async def _signed_in(browser: Browser, host: Host, role: str, size: str, scheme: str) -> Page:
    width, height = SIZES[size]
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        device_scale_factor=1 if size == WALL_ONLY else 2,
    )
    page = await context.new_page()
    await page.goto(host.address + SIGN_IN)
    await page.screenshot(path=OUT / f"sign-in-{size}-{scheme}.png")
    await page.fill("#username", role)
    await page.fill("#password", host.passwords[role])
    await page.click("button.primary")
    await page.wait_for_url(lambda address: SIGN_IN not in address)
    return page


async def _take(page: Page, address: str, name: str, shot: Shot) -> None:
    await page.goto(address)
    await page.wait_for_load_state("load")
    await page.wait_for_selector('[data-link="connecting"]', state="detached")
    await page.wait_for_selector("figure[data-chart]:not([data-drawn])", state="detached")
    await page.screenshot(path=OUT / f"{name}.png", full_page=shot.whole)


async def _extras(page: Page, demo: Host, role: str, size: str, scheme: str) -> None:
    """What takes more than an address."""
    if scheme == SCHEMES[0]:
        await _report(page, demo, role, size)
    if role == "admin":
        await _without_signal(page, demo, OUT / f"work-offline-{size}-{scheme}.png")


async def _report(page: Page, demo: Host, role: str, size: str) -> None:
    """The newest report, as the file that people get; it is light whatever the screen is."""
    await page.goto(f"{demo.address}/reports")
    for form in ("html", "pdf"):
        link = await page.locator(f'.reports a[href*=".{form}"]').first.get_attribute("href")
        answer = await page.request.get(f"{demo.address}{link}", timeout=REPORT_DEADLINE_MS)
        if not answer.ok:
            sys.exit(f"the demo made no report: {await answer.text()}")
        (OUT / f"report-{role}.{form}").write_bytes(await answer.body())
    await page.goto((OUT / f"report-{role}.html").resolve().as_uri())
    await page.screenshot(path=OUT / f"report-{role}-{size}.png", full_page=True)


async def _without_signal(page: Page, demo: Host, path: Path) -> None:
    """The page of work after something was claimed with no signal; it is undone, so that the demo stays as it was."""
    await page.goto(f"{demo.address}/work")
    await page.wait_for_selector('[data-link="live"]')
    await page.context.set_offline(True)
    await page.locator(".act-claim button").first.click()
    await page.wait_for_selector("#outbox li")
    await page.screenshot(path=path)
    await page.locator("#outbox li button").first.click()


async def _places(page: Page, demo: Host) -> dict[str, str]:
    device, clinic = await _most_told(page, demo)
    answer = await page.request.get(f"{demo.address}/api/v1/work-orders?state=open&limit=1")
    return {"device": device, "clinic": clinic, "order": str((await answer.json())["items"][0]["id"])}


async def _most_told(page: Page, demo: Host) -> tuple[str, str]:
    """A mobile device whose nozzle is measured, forecast, and has much behind it, if there is one, and its clinic."""
    until_s = time.monotonic() + FORECAST_DEADLINE_S
    while True:
        answer = await page.request.get(f"{demo.address}/api/v1/devices?limit=1000&online=true")
        devices = [device for device in (await answer.json())["items"] if device["nozzle"]]
        told = [device for device in devices if (device["forecast"] or {}).get("replace_by")]
        if told or time.monotonic() > until_s:
            break
        await asyncio.sleep(2)
    fresh = [device for device in told if (device["nozzle"]["wear"] or 0.0) < 1] or devices
    measured = [device for device in fresh if device["nozzle"]["coating"] is not None] or fresh
    mobile = [device for device in measured if device["form"] == "mobile"] or measured
    best = min(mobile, key=lambda device: abs((device["nozzle"]["wear"] or 0.0) - TELLING_WEAR))
    return best["id"], best["clinic_id"]


if __name__ == "__main__":
    asyncio.run(main(tuple(sys.argv[1:])))
