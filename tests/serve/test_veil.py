"""What is told to whoever sees certain clinics names no device of another: pages, API, messages, orders, calendars."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from pydantic import SecretStr

from dashboards.web.alert_sentences import sentence
from dashboards.web.strings import ENGLISH
from gateway.config import WorkConfig
from gateway.config_notify import NotifyConfig
from gateway.notify.chaser import Claims
from gateway.notify.notifier import Notifier, NotifierParts
from gateway.serve.access import LOCAL, audit_row
from gateway.serve.work_shapes import AssignBody, ClaimBody
from gateway.store.notify_rows import NotificationSettings
from gateway.store.service_rows import AlertChange
from gateway.work.desk import WorkDesk
from schemas.access import Scope, Viewer
from schemas.alert import Alert
from schemas.alert_facts import AlertFacts
from schemas.work import WorkOrder
from tests.serve.rig import CLINICS, MINUTE_MS, NOW_MS, PASSWORD, Rig, device_start, fill, message, opened_rig, sample

NORTH: Final = Scope(clinics=frozenset({CLINICS[0]}))
SOUTH: Final = Scope(clinics=frozenset({CLINICS[1]}))
EVERYBODY: Final = Scope()
DAY_MS: Final = 86_400_000
MAILS: Final = NotifyConfig(
    smtp_url=SecretStr("smtp://127.0.0.1:1"), group_wait_s=0, working_hours=",".join(["00:00-24:00"] * 7)
)


NEAR_AND_FAR: Final = AlertFacts(others=("d-three", "d-two"))
"""In the same clinic, and in another."""


def duplicate(facts: AlertFacts | None) -> Alert:
    """The nozzle on d-one is on a device of the same clinic as well, and on one of another."""
    return Alert(
        alert_id=0, rule="nozzle_duplicate", subject="n-one", clinic_id=CLINICS[0], device_id="d-one",
        severity="critical", state="firing", value=None,
        summary=sentence("nozzle_duplicate", "n-one", "d-one", NEAR_AND_FAR, ENGLISH), pending_since_ms=NOW_MS,
        firing_since_ms=NOW_MS, clearing_since_ms=None, resolved_ms=None, last_evidence_ms=NOW_MS, facts=facts,
    )  # fmt: skip


async def store_alert(rig: Rig, facts: AlertFacts | None = NEAR_AND_FAR) -> int:
    (stored,) = await rig.store.apply_alerts([AlertChange(duplicate(facts), None, NOW_MS, "opened")], 1)
    await rig.engine.restore()
    return stored.alert_id


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    rig = await opened_rig(tmp_path)
    await fill(rig)
    await rig.take(*device_start(CLINICS[1], "d-four", "n-four", lot="lot-a", coating=0.3))
    yield rig
    await rig.store.close()


def desk_of(rig: Rig) -> WorkDesk:
    work = rig.services.parts.work
    assert work is not None
    return work.desk


async def look(rig: Rig) -> None:
    await desk_of(rig).evaluate([state.device_id for state in rig.services.parts.fleet.devices()])


async def moved_order(rig: Rig) -> WorkOrder:
    """The order for n-one, which d-four in the other clinic has by now; its text is still of d-one."""
    await look(rig)
    at_ms = NOW_MS - MINUTE_MS // 2
    swap = {"boot_id": "b1", "seq": 10, "ts_ms": at_ms, "event": "fitted", "serial": "n-one", "strikes": 9}
    await rig.take(
        message(CLINICS[1], "d-four", "nozzle", swap),
        message(CLINICS[1], "d-four", "telemetry", sample(11, at_ms + 5_000, "n-one", 0.05)),
    )
    await look(rig)
    order = next(order for order in desk_of(rig).live() if order.subject == "n-one")
    assert (order.clinic_id, order.device_id) == (CLINICS[1], "d-four")
    return order


async def person(rig: Rig, name: str, scope: Scope, language: str = "en") -> None:
    await rig.services.access.add_user(LOCAL, name, "manager", scope, PASSWORD)
    settings = NotificationSettings(name, (("email", f"{name}@example.org"),), min_severity="info", language=language)
    await rig.store.save_notification_settings(settings, audit_row(NOW_MS, name, "set", name, {}))


def notifier(rig: Rig) -> Notifier:
    services, parts = rig.services, rig.services.parts
    return Notifier(
        NotifierParts(
            store=rig.store,
            fleet=parts.fleet,
            registry=parts.registry,
            alerts=rig.engine,
            mutes=rig.engine,
            sees=services.sight.sees_alert,
            veil=services.veil,
            outlook=lambda _: None,
            readiness=rig.readiness,
            clock=rig.clock,
            events=parts.events,
            public_url="https://silverpoint.example.org",
            claims=Claims(desk_of(rig).live, services.sight.sees_order, WorkConfig()),
        ),
        MAILS,
    )


async def messages(rig: Rig) -> dict[str, str]:
    """What the outbox holds, by receiver."""
    found: dict[str, str] = {}
    for row in await rig.store.outbox(limit=100, before=None):
        found[row.receiver] = found.get(row.receiver, "") + row.content_json
    return found


@pytest.mark.parametrize("known", [True, False], ids=["with facts", "of an older version"])
async def test_no_alert_names_a_device_out_of_sight(rig: Rig, known: bool) -> None:
    alert_id = await store_alert(rig, NEAR_AND_FAR if known else None)
    async with await rig.client_of("technician", NORTH) as client:
        for path in ("/alerts", f"/alerts/{alert_id}", "/nozzles/n-one"):
            answer = await client.get(f"/api/v1{path}")
            assert "nozzle_duplicate" in answer.text
            assert "d-three" not in answer.text, path
        said = (await client.get(f"/api/v1/alerts/{alert_id}")).json()["summary"]
        told = "Nozzle n-one is in use on d-one and on d-two at the same time"
        assert said == (told if known else "Nozzle on two devices: n-one")
    async with await rig.client_of("manager") as client:
        said = (await client.get(f"/api/v1/alerts/{alert_id}")).json()["summary"]
        assert said == "Nozzle n-one is in use on d-one and on d-three, d-two at the same time"


async def test_pages_and_their_streams_name_no_device_out_of_sight(rig: Rig) -> None:
    await store_alert(rig)
    await rig.services.access.add_user(LOCAL, "kim", "technician", NORTH, PASSWORD)
    async with rig.client() as client:
        await client.post("/login", data={"username": "kim", "password": PASSWORD, "next": "/"})
        for path in ("/", "/alerts", "/work", "/devices/d-one", f"/clinics/{CLINICS[0]}"):
            page = (await client.get(path)).text
            assert "n-one" in page, path
            assert "d-three" not in page, path
    changes = rig.services.reader.changes(Viewer("kim", "technician", NORTH))
    first = await anext(changes)
    await changes.aclose()
    assert any(alert.rule == "nozzle_duplicate" for alert in first.alerts)
    assert "d-three" not in "".join(repr(alert) for alert in first.alerts)


async def test_whoever_sees_all_is_told_all_after_somebody_who_does_not(rig: Rig) -> None:
    await store_alert(rig)
    reader = rig.services.reader
    for _ in range(2):
        few = reader.firing_alerts(Viewer("kim", "technician", NORTH))
        many = reader.firing_alerts(Viewer("mara", "manager"))
        assert not any("d-three" in alert.summary for alert in few)
        assert any("d-three" in alert.summary for alert in many)


async def test_messages_name_no_device_out_of_the_readers_sight(rig: Rig) -> None:
    await store_alert(rig)
    await person(rig, "kim", NORTH)
    await person(rig, "uwe", NORTH, "de")
    await person(rig, "mara", EVERYBODY)
    telling = notifier(rig)
    await telling.look()
    rig.clock.advance(DAY_MS)
    await telling.look()
    found = await messages(rig)
    for receiver in ("kim/email", "uwe/email"):
        assert "nozzle_duplicate" in found[receiver]
        assert "d-three" not in found[receiver]
        assert "d-two" in found[receiver]
    assert "d-three" in found["mara/email"]
    await telling.close()


async def test_an_order_that_moved_names_the_device_it_came_from_to_nobody_who_does_not_see_it(rig: Rig) -> None:
    order = await moved_order(rig)
    assert "d-one" in order.summary, "the text that the alert left"
    async with await rig.client_of("manager", SOUTH) as client:
        for path in ("/work-orders", f"/work-orders/{order.order_id}", "/visits"):
            answer = await client.get(f"/api/v1{path}")
            assert "n-one" in answer.text, path
            assert "d-one" not in answer.text, path
    async with await rig.client_of("manager") as client:
        assert "d-one" in (await client.get(f"/api/v1/work-orders/{order.order_id}")).text


async def test_where_an_order_has_been_is_told_by_name_to_whoever_sees_the_device(rig: Rig) -> None:
    order = await moved_order(rig)
    at_ms = NOW_MS - MINUTE_MS // 4
    back = {"boot_id": "b1", "seq": 12, "ts_ms": at_ms, "event": "fitted", "serial": "n-one", "strikes": 19}
    await rig.take(message(CLINICS[0], "d-one", "nozzle", back))
    await rig.take(message(CLINICS[0], "d-one", "telemetry", sample(13, at_ms + 2_000, "n-one", 0.05)))
    await look(rig)
    path = f"/work-orders/{order.order_id}"
    async with await rig.client_of("manager", NORTH) as client:
        history = (await client.get(f"/api/v1{path}")).json()["history"]
        assert [row["note"] for row in history if row["act"] == "moved"] == ["to a device elsewhere", "to d-one"]
    await rig.services.access.add_user(LOCAL, "kim", "technician", NORTH, PASSWORD)
    async with rig.client() as client:
        await client.post("/login", data={"username": "kim", "password": PASSWORD, "next": "/"})
        page = (await client.get(f"/work/orders/{order.order_id}")).text
        assert "→ a device elsewhere" in page
        assert "d-four" not in page
    async with await rig.client_of("manager") as client:
        history = (await client.get(f"/api/v1{path}")).json()["history"]
        assert [row["note"] for row in history if row["act"] == "moved"] == ["to d-four", "to d-one"]


async def test_a_calendar_and_a_reminder_name_no_device_out_of_sight(rig: Rig) -> None:
    order = await moved_order(rig)
    await person(rig, "kim", SOUTH)
    kim = Viewer("kim", "manager", SOUTH)
    await rig.services.work_acts.assign(kim, order.order_id, AssignBody(assignee="kim"))
    path = await rig.services.work.calendar_path(kim)
    async with rig.client() as client:
        feed = (await client.get(path)).text.replace("\r\n ", "")
    assert "n-one" in feed
    assert "d-one" not in feed
    await rig.services.work_acts.claim(kim, order.order_id, ClaimBody(reason="worn"))
    telling = notifier(rig)
    assert telling.chaser is not None
    rig.clock.advance(4 * DAY_MS)
    await telling.chaser.look()
    found = await messages(rig)
    assert "n-one" in found["kim/email"]
    assert "d-one" not in found["kim/email"]
    await telling.close()


async def test_nothing_is_veiled_from_whoever_sees_all_and_nothing_that_names_nobody_else(rig: Rig) -> None:
    veil, kim = rig.services.veil, Viewer("kim", "technician", NORTH)
    alert = duplicate(None)
    assert veil.alert(Viewer("mara", "manager"), alert) is alert
    near = replace(alert, summary="Nozzle n-one on d-one is worn out")
    assert veil.alert(kim, near) is near
    await look(rig)
    (order,) = (order for order in desk_of(rig).live() if order.subject == "n-one")
    assert veil.order(kim, order) is order
