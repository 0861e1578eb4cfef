"""Work over the API: acts with keys, times and audit rows; roles and scopes; swaps that no device reported."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.serve.access import LOCAL
from schemas.access import Scope
from schemas.registry import NozzleModel
from tests.serve.rig import CLINICS, NOW_MS, Rig, device_start, message, sample

SOUTH = Scope(clinics=frozenset({CLINICS[1]}))


async def look(rig: Rig) -> None:
    work = rig.services.parts.work
    assert work is not None
    await work.desk.evaluate([state.device_id for state in rig.services.parts.fleet.devices()])


@pytest.fixture
async def shop(rig: Rig) -> Rig:
    """The rig's fleet, with the order for its worn-out nozzle."""
    await look(rig)
    return rig


async def test_an_alerts_order_is_listed_told_and_filtered(shop: Rig) -> None:
    async with await shop.client_of("technician") as client:
        (order,) = (await client.get("/api/v1/work-orders?state=open")).json()["items"]
        assert (order["kind"], order["subject"], order["device_id"]) == ("nozzle", "n-one", "d-one")
        assert (order["cause"], order["part"], order["overdue"]) == ("nozzle_worn_out", "fine-24", False)
        detail = (await client.get("/api/v1/work-orders/1")).json()
        assert [step["act"] for step in detail["history"]] == ["opened"]
        for query in ("state=claimed", f"clinic={CLINICS[1]}", "assignee=kim"):
            assert (await client.get(f"/api/v1/work-orders?{query}")).json()["items"] == []


async def test_a_claim_is_done_once_by_its_key_at_its_time_and_audited(shop: Rig) -> None:
    key = {"Idempotency-Key": "phone-7"}
    body = {"reason": "worn", "note": "scratched", "at_ms": NOW_MS - 1_000}
    async with await shop.client_of("technician") as client:
        first = await client.post("/api/v1/work-orders/1/claim", json=body, headers=key)
        shop.clock.advance(4 * 86_400_000)
        again = await client.post("/api/v1/work-orders/1/claim", json=body, headers=key)
        assert first.json() == again.json()
        assert (first.json()["state"], first.json()["claimed_ms"]) == ("claimed", NOW_MS - 1_000)
        assert first.json()["assignee"] == "token:technician-0"
        (listed,) = (await client.get("/api/v1/work-orders?state=claimed")).json()["items"]
        assert listed["overdue"]
        wrong = await client.post("/api/v1/work-orders/1/claim", json={"reason": "bored"})
        assert wrong.status_code == 422
    rows = [row for row in await shop.store.audit(limit=50, before=None) if row.action == "claim_order"]
    assert [(row.subject, row.at_ms) for row in rows] == [("1", NOW_MS - 1_000)]


async def test_nobody_takes_over_anothers_claim_and_its_maker_may_correct_it(shop: Rig) -> None:
    async with await shop.client_of("technician") as first, await shop.client_of("technician") as second:
        assert (await first.post("/api/v1/work-orders/1/claim", json={"reason": "worn"})).status_code == 200
        refused = await second.post("/api/v1/work-orders/1/claim", json={"reason": "damaged"})
        assert refused.status_code == 409
        assert refused.json()["detail"].startswith("token:technician-0 has claimed work order 1 already")
        corrected = (await first.post("/api/v1/work-orders/1/claim", json={"reason": "damaged"})).json()
        assert (corrected["claimed_by"], corrected["claim_reason"]) == ("token:technician-0", "damaged")


async def test_notes_and_closing_by_hand(shop: Rig) -> None:
    async with await shop.client_of("manager") as client:
        noted = (await client.post("/api/v1/work-orders/1/notes", json={"text": "key at reception"})).json()
        assert noted["history"][-1]["note"] == "key at reception"
        closed = await client.post("/api/v1/work-orders/1/close", json={"reason": "clinic has closed"})
        assert (closed.json()["state"], closed.json()["end_reason"]) == ("closed", "clinic has closed")
        assert (await client.post("/api/v1/work-orders/1/close", json={"reason": "again"})).status_code == 409


async def test_people_open_orders_for_what_they_see(shop: Rig) -> None:
    body = {"kind": "nozzle", "subject": "n-three", "note": "bent"}
    async with await shop.client_of("manager", SOUTH) as client:
        made = (await client.post("/api/v1/work-orders", json=body)).json()
        assert (made["state"], made["opened_by"], made["clinic_id"]) == ("open", "token:manager-0", CLINICS[1])
        assert (await client.post("/api/v1/work-orders", json=body)).status_code == 409
        hidden = {"kind": "device", "subject": "d-one", "note": "display"}
        assert (await client.post("/api/v1/work-orders", json=hidden)).status_code == 404
        for path in ("", "/assign", "/claim", "/notes", "/close"):
            asked: dict[str, Any] = {
                "": None, "/assign": {"assignee": None}, "/claim": {"reason": "worn"}, "/notes": {"text": "x"},
                "/close": {"reason": "x"},
            }  # fmt: skip
            answer = (
                await client.get("/api/v1/work-orders/1")
                if asked[path] is None
                else await client.post(f"/api/v1/work-orders/1{path}", json=asked[path])
            )
            assert answer.status_code == 404, path
        assert {order["id"] for order in (await client.get("/api/v1/work-orders")).json()["items"]} == {made["id"]}


async def test_an_order_is_given_to_somebody_who_can_do_it(shop: Rig) -> None:
    access = shop.services.access
    await access.add_user(LOCAL, "kim", "technician", Scope(), "long enough 1")
    await access.add_user(LOCAL, "sam", "technician", SOUTH, "long enough 2")
    await access.add_user(LOCAL, "vera", "vendor", Scope(), "long enough 3")
    async with await shop.client_of("manager") as client:
        assigned = await client.post("/api/v1/work-orders/1/assign", json={"assignee": "kim"})
        assert assigned.json()["assignee"] == "kim"
        for nobody in ("sam", "vera", "nobody"):
            answer = await client.post("/api/v1/work-orders/1/assign", json={"assignee": nobody})
            assert answer.status_code == 422, nobody
    async with await shop.client_of("technician") as client:
        assert (await client.post("/api/v1/work-orders/1/assign", json={"assignee": None})).status_code == 403


async def test_a_swap_that_no_device_reported_claims_and_the_device_confirms(shop: Rig) -> None:
    async with await shop.client_of("technician") as client:
        swap = {"serial": "n-new", "lot": "lot-9", "reason": "worn", "at_ms": NOW_MS - 30_000}
        done = await client.post("/api/v1/devices/d-one/swaps", json=swap, headers={"Idempotency-Key": "s1"})
        assert done.json() == {
            "device_id": "d-one", "serial": "n-new", "lot": "lot-9", "at_ms": NOW_MS - 30_000, "replaced": "n-one",
            "order_id": 1,
        }  # fmt: skip
        again = await client.post("/api/v1/devices/d-one/swaps", json=swap, headers={"Idempotency-Key": "s1"})
        assert again.json() == done.json()
        await look(shop)
        assert (await client.get("/api/v1/work-orders/1")).json()["state"] == "claimed"
        life = (await client.get("/api/v1/nozzles/n-one")).json()
        assert life["fitted"] is False
        shown = sample(9, NOW_MS, "n-new", 0.99)
        await shop.take(
            message(CLINICS[0], "d-one", "telemetry", {**shown, "nozzle": {**shown["nozzle"], "strikes": 10}})
        )
        await look(shop)
        order = (await client.get("/api/v1/work-orders/1")).json()
        assert (order["state"], order["replaced_by"], order["claimed_by"]) == (
            "confirmed", "n-new", "token:technician-0",
        )  # fmt: skip
        life = (await client.get("/api/v1/nozzles/n-new")).json()
        assert (life["lot"], [event["made_by"] for event in life["events"]]) == ("lot-9", ["person"])
    rows = [row.action for row in await shop.store.audit(limit=50, before=None)]
    assert rows.count("record_swap") == 1


async def test_swaps_are_refused_for_devices_out_of_sight_and_times_to_come(shop: Rig) -> None:
    async with await shop.client_of("technician", SOUTH) as client:
        assert (await client.post("/api/v1/devices/d-one/swaps", json={"serial": "x"})).status_code == 404
        late = {"serial": "x", "at_ms": NOW_MS + 3_600_000}
        assert (await client.post("/api/v1/devices/d-three/swaps", json=late)).status_code == 422
        assert (await client.post("/api/v1/devices/d-three/swaps", json={"serial": "?"})).status_code == 422


async def test_visits_bring_what_is_due_with_its_parts(shop: Rig) -> None:
    await shop.take(*device_start(CLINICS[0], "d-five", "n-five", lot="lot-a", coating=0.1))
    await look(shop)
    async with await shop.client_of("technician") as client:
        (visit,) = (await client.get("/api/v1/visits")).json()["items"]
        assert (visit["clinic_id"], visit["visit_by"]) == (CLINICS[0], "2025-10-09")
        assert visit["parts"] == [{"model": "fine-24", "count": 2}]
        assert {item["device_id"] for item in visit["items"]} == {"d-one", "d-five"}
        assert (await client.get(f"/api/v1/visits?clinic={CLINICS[1]}")).json()["items"] == []
    async with await shop.client_of("manager", SOUTH) as client:
        assert (await client.get("/api/v1/visits")).json()["items"] == []


async def test_spares_say_when_to_order(shop: Rig) -> None:
    registry = shop.services.parts.registry
    await registry.save([NozzleModel(model="fine-24", rated_strikes=1_000_000, lead_days=10)])
    async with await shop.client_of("technician") as client:
        (line,) = (await client.get(f"/api/v1/spares?clinic={CLINICS[0]}")).json()["items"]
        assert (line["model"], line["on_hand"], line["counted_ms"], line["low"]) == ("fine-24", 0, None, True)
        path = f"/api/v1/spares/clinic/{CLINICS[0]}/fine-24"
        assert (await client.put(path, json={"on_hand": 40})).status_code == 200
        (line,) = (await client.get(f"/api/v1/spares?clinic={CLINICS[0]}")).json()["items"]
        assert (line["on_hand"], line["low"], line["lead_days"]) == (40, False, 10)
        late = await client.put(path, json={"on_hand": 3, "at_ms": line["counted_ms"] - 1_000})
        assert late.json()["on_hand"] == 40
        assert (
            await client.put("/api/v1/spares/vehicle/token:technician-0/fine-24", json={"on_hand": 1})
        ).status_code == 200
        assert (await client.put("/api/v1/spares/vehicle/kim/fine-24", json={"on_hand": 1})).status_code == 404
    async with await shop.client_of("manager", SOUTH) as client:
        assert (await client.put(path, json={"on_hand": 1})).status_code == 404
        assert all(line["place"] == CLINICS[1] for line in (await client.get("/api/v1/spares")).json()["items"])


async def test_a_calendar_is_its_owners_and_its_address_can_be_renewed(shop: Rig) -> None:
    await shop.services.access.add_user(LOCAL, "kim", "technician", Scope(), "long enough 1")
    async with await shop.client_of("manager") as client:
        assert (await client.get("/api/v1/calendar")).status_code == 409
        await client.post("/api/v1/work-orders/1/assign", json={"assignee": "kim"})
    async with shop.client() as client:
        session = await shop.services.access.sign_in("kim", "long enough 1", "10.0.0.1")
        client.cookies.set("silverpoint_session", session.cookie)
        url = (await client.get("/api/v1/calendar")).json()["url"]
        client.cookies.clear()
        feed = await client.get(url)
        assert feed.headers["content-type"] == "text/calendar; charset=utf-8"
        assert "SUMMARY:Praxis an der Alster: 1 to replace" in feed.text
        assert (await client.get(url.replace("/kim/", "/sam/"))).status_code == 404
        client.cookies.set("silverpoint_session", session.cookie)
        csrf, asked = {"X-CSRF-Token": session.csrf}, {"at_ms": NOW_MS - 60_000}
        renewed = (await client.post("/api/v1/calendar/renew", json=asked, headers=csrf)).json()["url"]
        (audit,) = await shop.store.audit(limit=1, before=None)
        assert (audit.action, audit.at_ms, audit.recorded_ms) == ("renew_calendar", NOW_MS - 60_000, NOW_MS)
        client.cookies.clear()
        assert (await client.get(url)).status_code == 404
        assert (await client.get(renewed)).status_code == 200


async def test_a_calendar_is_in_its_owners_language(shop: Rig) -> None:
    await shop.services.access.add_user(LOCAL, "kim", "technician", Scope(), "long enough 1")
    async with await shop.client_of("manager") as client:
        await client.post("/api/v1/work-orders/1/assign", json={"assignee": "kim"})
    async with shop.client() as client:
        session = await shop.services.access.sign_in("kim", "long enough 1", "10.0.0.1")
        client.cookies.set("silverpoint_session", session.cookie)
        url = (await client.get("/api/v1/calendar")).json()["url"]
        english = unfolded((await client.get(url)).text)
        settings = {"language": "de"}
        csrf = {"X-CSRF-Token": session.csrf}
        assert (await client.put("/api/v1/me/notifications", json=settings, headers=csrf)).status_code == 200
        german = unfolded((await client.get(url)).text)
    link = "\\nhttp://gateway.test/act?clinic=alsterdorf"
    worn = "\\nd-one: Nozzle n-one on d-one is worn out\\, at 119 % of its wear limit: replace it"
    wear = "119\N{NO-BREAK SPACE}%"
    german_worn = f"\\nd-one: Düse n-one an d-one ist verschlissen\\, bei {wear} ihrer Verschleißgrenze: ersetzen"
    assert [english[2], english[5], english[14], english[16]] == [
        "PRODID:-//Silverpoint//Visits//EN",
        "X-WR-CALNAME:Silverpoint visits",
        "SUMMARY:Praxis an der Alster: 1 to replace",
        f"DESCRIPTION:Bring: 1 x fine-24{worn}{link}",
    ]
    changed = {
        "PRODID:-//Silverpoint//Visits//DE",
        "X-WR-CALNAME:Silverpoint: Besuche",
        "SUMMARY:Praxis an der Alster: 1 zu ersetzen",
        f"DESCRIPTION:Mitbringen: 1 x fine-24{german_worn}{link}",
    }
    assert set(german) - set(english) == changed
    assert len(german) == len(english)


def unfolded(feed: str) -> list[str]:
    return feed.replace("\r\n ", "").split("\r\n")
