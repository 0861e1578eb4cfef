"""The pages about work in a phone's browser on a real gateway: acts without a signal, conflicts, signing out, axe."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import pytest
import pytest_asyncio
from everybody import DESK, PHONE, is_open_to_everybody, sideways
from playwright.async_api import Browser, Locator, Page, expect
from test_web_chromium import HOSTILE, Scheme, live
from work_server import WorkServer, sign_in, work_server

from gateway.serve.work_shapes import AssignBody, ClaimBody, NoteBody
from schemas.access import Viewer
from schemas.registry import Clinic, DeviceEntry
from tests.serve.rig import CLINICS, MINUTE_MS, NOW_MS

pytestmark = [pytest.mark.chromium, pytest.mark.asyncio(loop_scope="module")]

LEE = Viewer("lee", "technician")
MARA = Viewer("mara", "manager")
TURNED = "\u202edevres txet\u2066"
KEPT = (
    "caches.open('silverpoint-kept').then(kept => kept.keys()).then(keys => keys.map(key => new URL(key.url).pathname))"
)


@pytest_asyncio.fixture(loop_scope="module")
async def server(tmp_path: Path) -> AsyncIterator[WorkServer]:
    async with work_server(tmp_path) as served:
        yield served


@asynccontextmanager
async def phone(
    browser: Browser,
    server: WorkServer,
    name: str = "kim",
    size: tuple[int, int] = PHONE,
    scheme: Scheme = "light",
    zone: str | None = None,
) -> AsyncIterator[Page]:
    """Somebody's phone, signed in and on the page of work; its console must stay empty but for a lost signal."""
    width, height = size
    context = await browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, has_touch=width < 500, is_mobile=width < 500,
        timezone_id=zone,
    )  # fmt: skip
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await sign_in(page, server, name)
    await live(page)
    yield page
    await context.close()
    assert [text for text in complaints if "ERR_" not in text and "status of" not in text] == []


async def keeps(page: Page, path: str, *, kept: bool = True) -> None:
    """Waits until the phone's worker has kept the page at `path`, or has dropped it. The policy forbids to evaluate
    text in the page by itself."""
    for _ in range(600):
        controlled = await page.evaluate("navigator.serviceWorker.controller !== null")
        if controlled and (path in await page.evaluate(KEPT)) == kept:
            return
        await page.wait_for_timeout(100)
    raise AssertionError(f"{path}: kept is not {kept}")


def at_ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 1_000


def job(page: Page, serial: str = "n-one") -> Locator:
    return page.locator(".job", has_text=serial)


async def test_what_is_done_without_signal_is_kept_shown_and_sent_once_with_its_time(
    chromium: Browser, server: WorkServer
) -> None:
    order = server.order("n-one")
    async with phone(chromium, server) as page:
        await keeps(page, "/work")
        await page.context.set_offline(True)
        await page.reload()
        await expect(page.locator("html")).to_have_attribute("data-stale", "")
        await expect(page.locator(".link")).to_contain_text("Connection lost, data from")
        await job(page).get_by_label("Why").select_option("damaged")
        await job(page).get_by_role("button", name="Replaced").click()
        await expect(job(page).locator(".unsent")).to_have_text("Replaced · 1 unsent")
        await expect(job(page).get_by_role("button", name="Replaced")).to_be_disabled()
        await expect(page.locator("#outbox .count")).to_have_text("1 unsent")
        await page.get_by_role("button", name="Send now").click()
        await expect(page.locator("#outbox .why")).to_have_text("Waits for a connection; nothing is lost.")
        await page.reload()
        await expect(job(page).locator(".unsent")).to_have_text("Replaced · 1 unsent")

        server.rig.clock.advance(20 * MINUTE_MS)
        await page.context.set_offline(False)
        await expect(page.locator("#outbox")).to_be_hidden()
        await expect(job(page)).to_have_count(0)
        await expect(page.locator("#work-waiting")).to_contain_text("n-one")
    stored = await server.stored(order.order_id)
    assert (stored.state, stored.claimed_by, stored.claim_reason) == ("claimed", "kim", "damaged")
    assert stored.claimed_ms is not None
    assert NOW_MS - MINUTE_MS < stored.claimed_ms < NOW_MS + 5 * MINUTE_MS
    claims = [row for row in await server.rig.store.order_history(order.order_id) if row.act == "claimed"]
    assert len(claims) == 1
    assert claims[0].recorded_ms >= NOW_MS + 20 * MINUTE_MS


async def test_what_was_done_without_signal_goes_out_from_whichever_page_is_opened_next(
    chromium: Browser, server: WorkServer
) -> None:
    order = server.order("n-one")
    async with phone(chromium, server) as page:
        await keeps(page, "/work")
        await page.context.set_offline(True)
        await job(page).get_by_role("button", name="Replaced").click()
        await page.get_by_role("button", name="Send now").click()
        await expect(page.locator("#outbox .why")).to_have_text("Waits for a connection; nothing is lost.")
        await page.goto("about:blank")
        await page.context.set_offline(False)
        await page.goto(f"{server.url}/reports")
        await server.settled(order.order_id, "claimed")


async def test_what_was_done_earlier_is_told_by_the_clinics_clocks_without_signal_too(
    chromium: Browser, server: WorkServer
) -> None:
    """The phone's own zone is another one; it is 10:53 in the clinic."""
    order = server.order("n-one").order_id
    async with phone(chromium, server, zone="America/Los_Angeles") as page:
        path = f"/work/orders/{order}"
        await keeps(page, "/work")
        await page.goto(server.url + path)
        await keeps(page, path)
        await page.context.set_offline(True)
        claim = page.locator(".act-claim")
        when = claim.get_by_label("When it was done")
        await when.fill("2025-10-09T10:54")
        await claim.get_by_role("button", name="Replaced").click()
        assert not await when.evaluate("field => field.checkValidity()")
        await expect(page.locator("#outbox")).to_be_hidden()
        await when.fill("2025-10-08T17:30")
        await claim.get_by_role("button", name="Replaced").click()
        await expect(page.locator("#outbox .count")).to_have_text("1 unsent")
        await expect(when).to_have_value("")
        await page.get_by_role("button", name="Send now").click()
        await page.context.set_offline(False)
        await server.settled(order, "claimed")
    assert (await server.stored(order)).claimed_ms == at_ms("2025-10-08T17:30+02:00")


async def test_a_swap_that_the_device_did_not_report_is_recorded_with_its_time(
    chromium: Browser, server: WorkServer
) -> None:
    order = server.order("n-one").order_id
    async with phone(chromium, server, zone="Asia/Tokyo") as page:
        await page.goto(f"{server.url}/work/orders/{order}")
        await page.get_by_text("The device did not report the swap").click()
        swap = page.locator(".act-swap")
        await swap.get_by_label("Serial of the nozzle").fill("n-nine")
        await swap.get_by_label("Why").select_option("damaged")
        await swap.get_by_label("When it was done").fill("2025-10-09T10:53")
        await swap.get_by_role("button", name="Record swap").click()
        await page.get_by_role("button", name="Send now").click()
        await server.settled(order, "claimed")
    stored = await server.stored(order)
    assert (stored.claim_reason, stored.claimed_ms) == ("damaged", at_ms("2025-10-09T10:53+02:00"))
    (row,) = [row for row in await server.rig.store.ledger(serial="n-nine") if row.made_by == "person"]
    assert (row.device_id, row.event_ms) == ("d-one", stored.claimed_ms)


async def test_what_is_typed_stays_when_the_order_changes_meanwhile(chromium: Browser, server: WorkServer) -> None:
    order = server.order("n-one").order_id
    async with phone(chromium, server) as page:
        await page.goto(f"{server.url}/work/orders/{order}")
        await live(page)
        await page.get_by_role("radio", name="damaged").check(force=True)
        await page.get_by_text("The device did not report the swap").click()
        swap = page.locator(".act-swap")
        await swap.get_by_label("When it was done").fill("2025-10-09T10:53")
        serial = swap.get_by_label("Serial of the nozzle")
        await serial.fill("n-ni")
        await server.rig.services.work_acts.assign(MARA, order, AssignBody(assignee="lee"))
        await expect(page.locator(".facts")).to_contain_text("lee")
        await expect(serial).to_be_focused()
        await expect(serial).to_have_value("n-ni")
        await expect(swap.get_by_label("When it was done")).to_have_value("2025-10-09T10:53")
        await expect(page.get_by_role("radio", name="damaged")).to_be_checked()


async def test_a_claim_can_be_undone_before_it_is_sent(chromium: Browser, server: WorkServer) -> None:
    async with phone(chromium, server) as page:
        await job(page).get_by_role("button", name="Replaced").click()
        await page.get_by_role("button", name="Undo: Replaced, Nozzle n-one, Laser room pen").click()
        await expect(page.locator("#outbox")).to_be_hidden()
        await expect(job(page).get_by_role("button", name="Replaced")).to_be_enabled()
    assert (await server.stored(server.order("n-one").order_id)).state == "open"


async def test_what_somebody_else_did_meanwhile_is_said_in_words(chromium: Browser, server: WorkServer) -> None:
    order = server.order("n-one")
    async with phone(chromium, server) as page:
        await page.context.set_offline(True)
        await job(page).get_by_role("button", name="Replaced").click()
        await server.rig.services.work_acts.claim(LEE, order.order_id, ClaimBody(reason="worn"))
        await page.context.set_offline(False)
        await page.get_by_role("button", name="Send now").click()
        refused = page.locator("#outbox .refused")
        await expect(refused.locator(".fate")).to_have_text("lee has claimed it already.")
        await refused.get_by_role("button").click()
        await expect(page.locator("#outbox")).to_be_hidden()
    stored = await server.stored(order.order_id)
    assert stored.claimed_by == "lee"


async def test_a_sign_in_that_ended_without_signal_keeps_the_acts_until_the_same_person_is_back(
    chromium: Browser, server: WorkServer
) -> None:
    order = server.order("n-one")
    async with phone(chromium, server) as page:
        await page.context.set_offline(True)
        await job(page).get_by_role("button", name="Replaced").click()
        server.rig.clock.advance(13 * 60 * MINUTE_MS)
        await page.context.set_offline(False)
        await expect(page.locator("#outbox .why")).to_contain_text("Sign in again to send this")
        assert (await server.stored(order.order_id)).state == "open"

        await sign_in(page, server, "lee")
        await live(page)
        await expect(page.locator("#outbox")).to_be_hidden()
        assert (await server.stored(order.order_id)).state == "open"
        await sign_in(page, server, "kim")
        await expect(page.locator("#work-waiting")).to_contain_text("n-one")
    stored = await server.stored(order.order_id)
    assert (stored.claimed_by, stored.claimed_ms is not None) == ("kim", True)
    assert stored.claimed_ms is not None
    assert stored.claimed_ms < NOW_MS + 5 * MINUTE_MS


async def test_signing_out_asks_before_it_erases_what_was_not_sent_and_leaves_nothing(
    chromium: Browser, server: WorkServer
) -> None:
    async with phone(chromium, server) as page:
        await keeps(page, "/work")
        await page.context.set_offline(True)
        await job(page).get_by_role("button", name="Replaced").click()
        await page.get_by_role("button", name="Send now").click()
        # Set up first: back online, the page sends at once.
        await page.route("**/api/v1/me", lambda route: route.abort())
        await page.context.set_offline(False)
        await page.get_by_role("button", name="Sign out", exact=True).click()
        await expect(page.locator("dialog")).to_contain_text("1 act has not been sent.")
        await page.get_by_role("button", name="Stay signed in").click()
        await expect(page.locator("dialog")).to_be_hidden()
        await expect(page.locator("#outbox .count")).to_have_text("1 unsent")
        await page.get_by_role("button", name="Sign out", exact=True).click()
        await page.get_by_role("button", name="Sign out and erase").click()
        await page.wait_for_url("**/login")
        assert await page.evaluate(KEPT) == []
        await page.context.set_offline(True)
        await page.goto(f"{server.url}/work")
        await expect(page.locator("body")).to_contain_text("No connection")
        await expect(page.locator("body")).not_to_contain_text("n-one")
    assert (await server.stored(server.order("n-one").order_id)).state == "open"


async def test_a_phone_keeps_no_page_of_whoever_used_it_before(chromium: Browser, server: WorkServer) -> None:
    async with phone(chromium, server) as page:
        await keeps(page, "/work")
        path = f"/work/orders/{server.order('n-one').order_id}"
        await page.goto(server.url + path)
        await keeps(page, path)
        await page.context.clear_cookies()
        await sign_in(page, server, "lee")
        await keeps(page, path, kept=False)


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
async def test_the_pages_about_work_are_open_to_everybody(
    chromium: Browser, server: WorkServer, size: tuple[int, int]
) -> None:
    order = server.order("n-one").order_id
    async with phone(chromium, server, "mara", size) as page:
        for path in (f"/work/orders/{order}", "/work/orders?state=any", "/silences", "/work"):
            await page.goto(server.url + path)
            await is_open_to_everybody(page, [])
        await page.context.set_offline(True)
        await job(page).get_by_role("button", name="Replaced").click()
        await expect(page.locator("#outbox")).to_be_visible()
        await is_open_to_everybody(page, [])


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
async def test_hostile_text_is_text_on_the_pages_about_work(
    chromium: Browser, server: WorkServer, size: tuple[int, int]
) -> None:
    order = server.order("n-one").order_id
    await server.rig.services.parts.registry.save(
        [
            Clinic(clinic_id=CLINICS[0], name=HOSTILE, contact=HOSTILE, region=TURNED),
            DeviceEntry(device_id="d-one", label=HOSTILE, room=TURNED),
        ]
    )
    await server.rig.services.work_acts.note(MARA, order, NoteBody(text=HOSTILE))
    silence = {"kind": "silence", "lasts_h": "24", "comment": HOSTILE, "clinic": CLINICS[0]}
    assert not await server.rig.services.work_pages.add_silence(MARA, silence)
    async with phone(chromium, server, "mara", size) as page:
        for path in ("/work", f"/work/orders/{order}", "/work/orders?state=any", "/silences"):
            await page.goto(server.url + path)
            await expect(page.locator("main")).to_contain_text("<img src=x")
            assert await page.title() != "owned", path
            assert await page.locator("img[src=x], body [onerror]").count() == 0, path
            assert await sideways(page) == 0, path


async def test_every_target_is_large_enough_for_a_thumb(chromium: Browser, server: WorkServer) -> None:
    order = server.order("n-one").order_id
    async with phone(chromium, server, "mara") as page:
        for path in ("/work", f"/work/orders/{order}"):
            await page.goto(server.url + path)
            small = await page.eval_on_selector_all(
                "main :is(button, select, a.big, a.chip, textarea, input:not([type=radio])), main .pick",
                "all => all.filter(one => one.offsetParent && one.getBoundingClientRect().height < 44)"
                ".map(one => one.outerHTML.slice(0, 120))",
            )
            assert small == [], path


async def test_an_order_is_noted_assigned_and_claimed_by_keyboard(chromium: Browser, server: WorkServer) -> None:
    order = server.order("n-one").order_id
    async with phone(chromium, server, "mara", DESK) as page:
        await page.goto(f"{server.url}/work/orders/{order}")
        await live(page)
        await page.get_by_label("What others should know").fill("The door code is at the desk")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await expect(page.locator("#order-history")).to_contain_text("The door code is at the desk")
        await page.get_by_label("Give it to").select_option("kim")
        await page.get_by_role("button", name="Assign").press("Enter")
        await expect(page.locator("#order-history")).to_contain_text("→ kim")
        await page.get_by_label("recalled").press("Space")
        await page.get_by_role("button", name="Replaced").press("Enter")
        await page.get_by_role("button", name="Send now").press("Enter")
        await expect(page.locator("#order-state")).to_have_text("Claimed")
    stored = await server.stored(order)
    assert (stored.assignee, stored.claimed_by, stored.claim_reason) == ("kim", "mara", "recalled")


async def test_an_alert_is_acknowledged_and_silenced_with_one_tap(chromium: Browser, server: WorkServer) -> None:
    async with phone(chromium, server) as page:
        card = page.locator(".one-alert", has_text="Laser room pen")
        await card.get_by_role("button", name="Silence for a day").tap()
        await expect(card).to_contain_text("silenced")
        await card.get_by_role("button", name="Acknowledge").tap()
        await expect(card).to_have_count(0)
    (alert,) = [found for found in await server.rig.store.alerts(limit=10, before=None) if found.subject == "n-one"]
    assert alert.acknowledged_by == "kim"


async def test_taking_a_visit_takes_every_order_on_it(chromium: Browser, server: WorkServer) -> None:
    async with phone(chromium, server) as page:
        visit = page.locator(".visit", has_text="n-one")
        await visit.get_by_role("button", name="Take this visit").tap()
        await expect(visit).to_contain_text("This visit is yours")
    assert (await server.stored(server.order("n-one").order_id)).assignee == "kim"
