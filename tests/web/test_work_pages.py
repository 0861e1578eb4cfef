"""The pages about work over HTTP, on a real gateway: who sees what, the one link to act, silences, kept pages."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from work_server import TELEPHONE, work_rig

from dashboards.web.pages.order import reasons
from dashboards.web.pages.silences import read_address as read_silences
from dashboards.web.pages.work import WorkAsked, contact_link, read_address, write_address
from dashboards.web.strings import ENGLISH
from gateway.serve.access import LOCAL
from gateway.serve.work_shapes import ClaimBody
from gateway.store.service_rows import AlertChange
from schemas.access import Role, Scope, Viewer
from schemas.work_views import OrdersAsked
from tests.serve.rig import CLINICS, PASSWORD, Rig

DAY_MS = 86_400_000
EVERYTHING = Scope()


@asynccontextmanager
async def working(directory: Path) -> AsyncIterator[Rig]:
    async with work_rig(directory) as rig:
        work = rig.services.parts.work
        assert work is not None
        await work.desk.evaluate([state.device_id for state in rig.services.parts.fleet.devices()])
        yield rig


async def signed_in(rig: Rig, name: str, role: Role, scope: Scope = EVERYTHING, after: str = "/") -> httpx.AsyncClient:
    """A browser of somebody who has just signed in; `landed` is where the sign-in led."""
    await rig.services.access.add_user(LOCAL, name, role, scope, PASSWORD)
    client = rig.client()
    answer = await client.post("/login", data={"username": name, "password": PASSWORD, "next": after})
    client.headers["x-landed"] = answer.headers["location"]
    return client


def order_id(rig: Rig, serial: str) -> int:
    work = rig.services.parts.work
    assert work is not None
    return next(order.order_id for order in work.desk.live() if order.subject == serial)


async def test_a_technician_lands_on_work_and_everybody_else_on_the_fleet(tmp_path: Path) -> None:
    async with working(tmp_path) as rig:
        assert (await signed_in(rig, "kim", "technician")).headers["x-landed"] == "/work"
        assert (await signed_in(rig, "mara", "manager")).headers["x-landed"] == "/"
        deep = await signed_in(rig, "lee", "technician", after="/alerts?state=any")
        assert deep.headers["x-landed"] == "/alerts?state=any"


async def test_the_page_of_work_shows_visits_with_parts_place_and_contact(tmp_path: Path) -> None:
    async with working(tmp_path) as rig:
        client = await signed_in(rig, "kim", "technician")
        page = (await client.get("/work")).text
        for text in (
            "Praxis an der Alster",
            "1 × fine-24",
            "Laser room pen",
            "Room 4",
            TELEPHONE,
            "open 08:00–18:00",
        ):
            assert text in page
        assert 'href="tel:+49405550100"' in page
        assert f'data-paths="/api/v1/work-orders/{order_id(rig, "n-one")}/claim"' in page
        assert "n-one" not in (await client.get("/work?mine=1")).text.partition('id="work-alerts"')[0]
        only = (await client.get(f"/work?clinic={CLINICS[1]}")).text
        assert "n-four" in only
        assert "Laser room pen" not in only


async def test_work_outside_of_the_scope_is_not_there(tmp_path: Path) -> None:
    async with working(tmp_path) as rig:
        neighbour = await signed_in(rig, "nora", "technician", Scope(clinics=frozenset({CLINICS[1]})))
        page = (await neighbour.get("/work")).text
        assert "n-four" in page
        assert "n-one" not in page
        assert (await neighbour.get(f"/work/orders/{order_id(rig, 'n-one')}")).status_code == 404
        vendor = await signed_in(rig, "vera", "vendor")
        for path in ("/work", "/work/orders", f"/work/orders/{order_id(rig, 'n-four')}", "/silences"):
            assert (await vendor.get(path)).status_code == 404
        assert 'href="/work"' not in (await vendor.get("/")).text
        assert (await vendor.get("/work/live")).status_code == 403
        stranger = rig.client()
        assert (await stranger.get("/work")).headers["location"] == "/login?next=%2Fwork"
        assert (await stranger.get("/work/live")).status_code == 401


async def test_the_link_of_a_message_leads_to_what_is_to_be_done(tmp_path: Path) -> None:
    async with working(tmp_path) as rig:
        alerts = {alert.subject: alert.alert_id for alert in await rig.store.alerts(limit=10, before=None)}
        kim, vera = await signed_in(rig, "kim", "technician"), await signed_in(rig, "vera", "vendor")
        worn = f"/act?alert={alerts['n-one']}"
        assert (await kim.get(worn)).headers["location"] == f"/work/orders/{order_id(rig, 'n-one')}"
        assert (await kim.get(f"/act?clinic={CLINICS[0]}")).headers["location"] == f"/work?clinic={CLINICS[0]}"
        assert (await vera.get(worn)).headers["location"].startswith("/alerts")
        ada = await signed_in(rig, "ada", "admin")
        worn_alert = next(one for one in await rig.store.alerts(limit=10, before=None) if one.subject == "n-one")
        told = replace(
            worn_alert, alert_id=0, rule="gateway_message_dead", subject="gateway", clinic_id="", device_id=None
        )
        lost = replace(worn_alert, alert_id=0, rule="mains_lost", subject=worn_alert.device_id or "")
        dark = replace(lost, rule="clinic_mains_lost", subject=lost.clinic_id, device_id=None)
        for alert, place in ((lost, f"/devices/{lost.device_id}"), (dark, f"/clinics/{lost.clinic_id}")):
            (fired,) = await rig.store.apply_alerts([AlertChange(alert, None, 1, "fired")], 0)
            where = (await kim.get(f"/act?alert={fired.alert_id}")).headers["location"]
            assert where.startswith(f"{place}#")
            shown = await kim.get(where)
            assert shown.status_code == 200
            assert f'id="{where.partition("#")[2]}"' in shown.text
        (dead,) = await rig.store.apply_alerts([AlertChange(told, None, 1, "fired")], 0)
        of_gateway = f"/act?alert={dead.alert_id}"
        assert (await ada.get(of_gateway)).headers["location"] == "/operator#operator-outbox"
        assert (await kim.get(of_gateway)).headers["location"] == "/alerts"
        for odd in ("/act", "/act?alert=999", "/act?alert=x", "/act?clinic=//evil.example"):
            assert (await kim.get(odd)).headers["location"] == "/work"
        assert (await rig.client().get(worn)).headers["location"] == f"/login?next=%2Fact%3Falert%3D{alerts['n-one']}"


async def test_the_list_of_orders_is_filtered_by_state_and_clinic(tmp_path: Path) -> None:
    async with working(tmp_path) as rig:
        mara = await signed_in(rig, "mara", "manager")
        claimed = order_id(rig, "n-one")
        await rig.services.work_acts.claim(Viewer("kim", "technician"), claimed, ClaimBody(reason="worn"))
        both = (await mara.get("/work/orders")).text
        assert "n-one" in both
        assert "n-four" in both
        assert "n-one" not in (await mara.get("/work/orders?state=open")).text
        assert "n-four" not in (await mara.get("/work/orders?state=claimed")).text
        assert "n-four" not in (await mara.get(f"/work/orders?state=any&clinic={CLINICS[0]}")).text
        assert "No work order matches" in (await mara.get("/work/orders?state=closed")).text
        assert "No work order matches" in (await mara.get("/work/orders?state=overdue")).text
        rig.clock.advance(30 * DAY_MS)
        late = await rig.services.work_pages.orders(Viewer("m", "manager"), OrdersAsked(state="overdue"), 10, None)
        assert {order.subject for order in late.items} == {"n-one", "n-four"}
        first = await rig.services.work_pages.orders(Viewer("m", "manager"), OrdersAsked(), 1, None)
        rest = await rig.services.work_pages.orders(Viewer("m", "manager"), OrdersAsked(), 1, first.next)
        assert (len(first.items), len(rest.items), rest.next) == (1, 1, None)


async def test_an_order_offers_what_its_reader_may_do(tmp_path: Path) -> None:
    async with working(tmp_path) as rig:
        order = order_id(rig, "n-one")
        kim, mara = await signed_in(rig, "kim", "technician"), await signed_in(rig, "mara", "manager")
        for client, closes in ((kim, False), (mara, True)):
            page = (await client.get(f"/work/orders/{order}")).text
            assert f"/api/v1/work-orders/{order}/claim" in page
            assert (f"/api/v1/work-orders/{order}/close" in page) is closes
            assert ('<select name="assignee">' in page) is closes
        await rig.services.work_acts.claim(
            Viewer("kim", "technician"), order, ClaimBody(reason="damaged", note="bent <b>pin</b>")
        )
        seen = (await mara.get(f"/work/orders/{order}")).text
        assert f"/api/v1/work-orders/{order}/claim" not in seen
        assert "damaged: bent &lt;b&gt;pin&lt;/b&gt;" in seen
        again = await kim.post(f"/api/v1/work-orders/{order}/claim", json={"reason": "worn"})
        assert again.status_code in (200, 403)


async def test_a_form_sent_twice_acts_once_and_leads_to_the_same_place(tmp_path: Path) -> None:
    async with working(tmp_path) as rig:
        mara = await signed_in(rig, "mara", "manager")
        page = (await mara.get(f"/silences?clinic={CLINICS[0]}")).text
        hidden = {name: page.split(f'name="{name}" value="')[1].split('"')[0] for name in ("csrf", "once")}
        form = {**hidden, "kind": "silence", "clinic": CLINICS[0], "lasts_h": "24"}
        twice = await asyncio.gather(*(mara.post("/silences", data=form) for _ in range(2)))
        again = await mara.post("/silences", data=form)
        assert {answer.headers["location"] for answer in (*twice, again)} == {"/silences?done=1"}
        assert len(await rig.store.silences(limit=5, before=None)) == 1
        # By the way back, from a page that was opened anew, it is the same a moment later; something else typed is not.
        assert (await mara.post("/silences", data={**form, "once": "another-page"})).status_code == 303
        assert len(await rig.store.silences(limit=5, before=None)) == 1
        assert (await mara.post("/silences", data={**form, "lasts_h": "48"})).status_code == 303
        assert len(await rig.store.silences(limit=5, before=None)) == 2
        noah = await signed_in(rig, "noah", "manager")
        his = {**form, "csrf": (await noah.get("/api/v1/me")).json()["csrf"]}
        assert (await noah.post("/silences", data=his)).status_code == 303
        assert len(await rig.store.silences(limit=5, before=None)) == 3
        # What had a mistake did nothing, and is not remembered as done.
        wrong = {**form, "once": "third", "lasts_h": "long"}
        assert [(await mara.post("/silences", data=wrong)).status_code for _ in range(2)] == [422, 422]


async def test_an_acknowledgement_sent_twice_is_one_line_of_the_audit_trail(tmp_path: Path) -> None:
    async with working(tmp_path) as rig:
        ada = await signed_in(rig, "ada", "admin")
        page = (await ada.get("/alerts")).text
        action = page.split('action="/alerts/')[1].split("/")[0]
        hidden = {name: page.split(f'name="{name}" value="')[1].split('"')[0] for name in ("csrf", "once")}
        form = {**hidden, "next": "/alerts"}
        answers = [await ada.post(f"/alerts/{action}/acknowledge", data=form) for _ in range(2)]
        assert [answer.headers["location"] for answer in answers] == ["/alerts", "/alerts"]
        acts = [row["action"] for row in (await ada.get("/api/v1/audit")).json()["items"]]
        assert acts.count("acknowledge_alert") == 1


async def test_silences_are_made_from_a_form_shown_and_ended(tmp_path: Path) -> None:
    async with working(tmp_path) as rig:
        mara = await signed_in(rig, "mara", "manager")
        page = (await mara.get(f"/silences?clinic={CLINICS[0]}")).text
        token = re.search(r'name="csrf" value="([^"]+)"', page)
        assert token is not None
        csrf = token[1]
        assert f'<option value="{CLINICS[0]}" selected>' in page
        window = {
            "csrf": csrf, "kind": "maintenance", "clinic": CLINICS[0], "starts": "2025-10-10T08:00", "lasts_h": "4",
            "comment": "works on the <wiring>",
        }  # fmt: skip
        assert (await mara.post("/silences", data=window)).headers["location"] == "/silences?done=1"
        (made,) = await rig.store.silences(limit=5, before=None)
        assert made.starts_ms == 1_760_076_000_000
        assert made.ends_ms - made.starts_ms == 4 * 3_600_000
        shown = (await mara.get("/silences")).text
        assert "from 10 Oct, 08:00 until 10 Oct, 12:00" in shown
        assert "works on the &lt;wiring&gt;" in shown

        wrong = await mara.post("/silences", data={"csrf": csrf, "kind": "maintenance", "rule": "", "starts": "soon"})
        assert wrong.status_code == 422
        assert "Not silenced" in wrong.text
        nothing = await mara.post("/silences", data={"csrf": csrf, "kind": "silence", "lasts_h": "24"})
        assert "say which alerts are meant" in nothing.text
        assert (await mara.post("/silences", data={**window, "csrf": "x"})).status_code == 403

        ended = await mara.post(f"/silences/{made.silence_id}/end", data={"csrf": csrf})
        assert ended.headers["location"] == "/silences"
        late = await mara.post(f"/silences/{made.silence_id}/end", data={"csrf": csrf})
        assert late.headers["location"] == "/silences?late=1"
        assert "Nothing is silenced" in (await mara.get("/silences")).text
        assert "by mara" in (await mara.get("/silences?past=1")).text


async def test_a_phone_may_keep_pages_about_work_alone_and_for_one_person(tmp_path: Path) -> None:
    async with working(tmp_path) as rig:
        kim, lee = await signed_in(rig, "kim", "technician"), await signed_in(rig, "lee", "technician")
        kept = [(await client.get("/work")).headers["x-silverpoint-for"] for client in (kim, lee)]
        assert kept[0] != kept[1]
        assert "kim" not in kept[0]
        for path in ("/", "/alerts", "/work/orders", "/silences"):
            assert "x-silverpoint-for" not in (await kim.get(path)).headers
        worker = await rig.client().get("/work/worker.js", headers={"accept-language": "de"})
        assert worker.headers["service-worker-allowed"] == "/work"
        assert worker.headers["cache-control"] == "no-cache"
        given = json.loads(worker.text.partition("const given = ")[2].partition(";\n")[0])
        assert given["words"]["title"] == "Keine Verbindung"
        for path in given["kept"]:
            assert (await rig.client().get(path)).status_code == 200
        manifest = (await rig.client().get("/work/app.webmanifest")).json()
        assert (manifest["start_url"], manifest["display"]) == ("/work", "standalone")


def test_addresses_say_what_is_asked_for_and_nothing_else() -> None:
    asked = WorkAsked(days=30, mine=True, clinic_id="lyon", visits=24)
    assert write_address(asked) == "/work?days=30&mine=1&clinic=lyon&visits=24"
    assert read_address({"days": "30", "mine": "1", "clinic": "lyon", "visits": "24"}) == asked
    assert read_address({"days": "9", "mine": "yes", "clinic": "../x", "visits": "99999999"}) == WorkAsked()
    assert write_address(WorkAsked()) == "/work"
    assert read_silences({"past": "1", "before": "²", "clinic": "lyon", "other": "x"}).fields == {"clinic": "lyon"}


@pytest.mark.parametrize(
    ("contact", "link"),
    [
        ("Reception +49 40 555 0100", "tel:+49405550100"),
        ("office@alster.example, ext. 4", "mailto:office@alster.example"),
        ("ring at the side door", ""),
        ("javascript:alert(1)", ""),
        ("", ""),
    ],
)
def test_a_contact_is_called_or_written_to_with_one_tap(contact: str, link: str) -> None:
    assert contact_link(contact) == link


def test_the_reason_of_a_claim_is_chosen_beforehand() -> None:
    chosen = [reason.value for reason in reasons("recalled", ENGLISH) if reason.current]
    assert chosen == ["recalled"]
