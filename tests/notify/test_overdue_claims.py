"""Claims that nothing confirms are chased: a reminder, then an escalation, each receiver once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.config import load_config
from gateway.config_notify import NotifyConfig
from gateway.config_work import WorkConfig
from gateway.errors import ConfigError
from gateway.notify.chaser import Claims
from gateway.notify.notice import Notice, NoVeil
from gateway.notify.notifier import Notifier, NotifierParts
from gateway.notify.wording import html, plain, subject
from gateway.serve.access import audit_row
from gateway.store.notify_rows import NotificationSettings, OutboxMessage
from gateway.store.service_rows import User
from schemas.access import Role, Scope, Viewer
from schemas.registry import Clinic
from schemas.work import WorkOrder
from tests.alerts.site import HOUR_MS, Device
from tests.notify.house import Well, config_for, webhook
from tests.work.workshop import Workshop, at, open_workshop

DAY_MS = 24 * HOUR_MS
AUDIT = audit_row(1, "kim", "set", "kim", {})
OPEN_ALWAYS = ",".join(["00:00-24:00"] * 7)
DEVICE = Device("d-1", "c-1")


class Office:
    """A workshop with a notifier that sends nothing: what it would send is in the outbox."""

    def __init__(self, shop: Workshop, config: NotifyConfig, work: WorkConfig) -> None:
        self.shop, self.config, self.work = shop, config, work
        self.notifier = self.started()

    def started(self) -> Notifier:
        """Another one, as after a restart."""
        site = self.shop.site
        self.notifier = Notifier(
            NotifierParts(
                store=site.store,
                fleet=site.fleet,
                registry=site.registry,
                alerts=site.engine,
                mutes=site.engine,
                sees=lambda viewer, alert: viewer.scope.sees_clinic(alert.clinic_id),
                veil=NoVeil(),
                outlook=lambda _: None,
                readiness=Well(),
                clock=site.clock,
                events=site.events,
                public_url="https://silverpoint.example.org",
                claims=Claims(self.shop.desk.live, _sees, self.work),
            ),
            self.config,
        )
        return self.notifier

    async def days_pass(self, days: float) -> None:
        """The chaser looks every hour."""
        for _ in range(round(days * 24)):
            self.shop.site.clock.advance(HOUR_MS)
            await self.look()

    async def look(self) -> None:
        assert self.notifier.chaser is not None
        await self.notifier.chaser.look()

    async def sent(self) -> list[OutboxMessage]:
        messages = await self.shop.site.store.outbox(limit=100, before=None)
        return [message for message in reversed(messages) if message.reason in ("reminder", "escalation")]

    async def told(self) -> list[tuple[str, str]]:
        return [(message.receiver, message.reason) for message in await self.sent()]

    async def person(self, name: str, role: Role, *clinics: str, **settings: str) -> None:
        scope = Scope(clinics=frozenset(clinics)) if clinics else Scope()
        await self.shop.site.store.save_user(User(name, role, scope, 1), "hash", AUDIT)
        address = NotificationSettings(name, addresses=(("apprise", f"tgram://{name}/1"),), **settings)  # type: ignore[arg-type]
        await self.shop.site.store.save_notification_settings(address, AUDIT)

    async def claimed(self, *serials: str) -> list[WorkOrder]:
        """Orders of worn nozzles that kim says are done, now."""
        for number, serial in enumerate(serials):
            worn = Device(f"d-{number}", "c-1")
            await self.shop.say(
                worn.fitted(0, serial, model="M"), worn.sample(1, serial, 1.1), worn.sample(2, serial, 1.1)
            )
        now_h = (self.shop.site.clock.now_ms() - at(0)) / HOUR_MS
        return [await self.shop.claim(order, now_h) for order in await self.shop.orders()]


def _sees(viewer: Viewer, order: WorkOrder) -> bool:
    return viewer.scope.sees_clinic(order.clinic_id)


@asynccontextmanager
async def opened_office(path: Path, config: NotifyConfig | None = None, **work: object) -> AsyncIterator[Office]:
    async with open_workshop(path / "silverpoint.db") as shop:
        office = Office(shop, config or NotifyConfig(working_hours=OPEN_ALWAYS), WorkConfig.model_validate(work))
        try:
            yield office
        finally:
            await office.notifier.close()


async def test_whoever_claimed_it_is_reminded_once_and_managers_hear_later_once(tmp_path: Path) -> None:
    async with opened_office(tmp_path) as office:
        await office.person("kim", "technician")
        await office.person("max", "manager")
        await office.claimed("N-1")
        await office.days_pass(2.9)
        assert await office.told() == []
        await office.days_pass(0.2)
        assert await office.told() == [("kim/apprise", "reminder")]
        await office.days_pass(3.8)
        assert len(await office.told()) == 1
        await office.days_pass(30)
        assert await office.told() == [("kim/apprise", "reminder"), ("max/apprise", "escalation")]
        order = await office.shop.order()
        notes = [row.note for row in await office.shop.site.store.order_history(order.order_id)]
        assert notes[-2:] == ["reminded kim/apprise", "escalated to max/apprise"]


async def test_a_restart_does_not_remind_again(tmp_path: Path) -> None:
    async with opened_office(tmp_path) as office:
        await office.person("kim", "technician")
        await office.claimed("N-1")
        await office.days_pass(3.5)
        await office.notifier.close()
        office.started()
        await office.days_pass(2)
        assert await office.told() == [("kim/apprise", "reminder")]


async def test_evidence_ends_the_chase(tmp_path: Path) -> None:
    async with opened_office(tmp_path) as office:
        await office.person("kim", "technician")
        await office.person("max", "manager")
        await office.claimed("N-1")
        await office.days_pass(3.5)
        hour = (office.shop.site.clock.now_ms() - at(0)) / HOUR_MS
        device = Device("d-0", "c-1", "boot-2")
        await office.shop.say(device.fitted(hour, "N-2", model="M"), device.sample(hour + 1, "N-2", 0.1))
        assert (await office.shop.order()).state == "confirmed"
        await office.days_pass(10)
        assert await office.told() == [("kim/apprise", "reminder")]


async def test_a_reminder_waits_for_the_clinic_to_open_and_the_receiver_to_wake(tmp_path: Path) -> None:
    config = NotifyConfig(working_hours=",".join(["08:00-18:00"] * 7))
    async with opened_office(tmp_path, config) as office:
        await office.person("kim", "technician", quiet_hours="07:00-10:00")
        await office.claimed("N-1")
        await office.days_pass(5)
        (message,) = await office.sent()
        assert (message.created_ms // HOUR_MS) % 24 in range(10, 18)


async def test_without_an_address_of_the_claimant_it_is_escalated_all_the_same(tmp_path: Path) -> None:
    async with opened_office(tmp_path) as office:
        await office.person("max", "manager")
        await office.claimed("N-1")
        await office.days_pass(6.9)
        assert await office.told() == []
        await office.days_pass(0.3)
        assert await office.told() == [("max/apprise", "escalation")]


async def test_only_managers_of_the_clinic_hear_and_the_receivers_that_are_named(tmp_path: Path) -> None:
    config = config_for(webhook("http://127.0.0.1:9/", name="ops"), working_hours=OPEN_ALWAYS)
    async with opened_office(tmp_path, config, claim_escalate_receivers="ops") as office:
        await office.person("near", "manager", "c-1")
        await office.person("far", "manager", "c-2")
        await office.claimed("N-1")
        await office.days_pass(8)
        assert await office.told() == [("near/apprise", "escalation"), ("ops", "escalation")]


async def test_claims_of_one_clinic_go_in_one_message_that_says_what_to_do(tmp_path: Path) -> None:
    async with opened_office(tmp_path) as office:
        await office.shop.site.registry.save([Clinic(clinic_id="c-1", name="Praxis\r\nBcc: x@y.z")])
        await office.person("kim", "technician")
        await office.claimed("N-1", "N-2")
        await office.days_pass(4)
        (message,) = await office.sent()
        notice = Notice.model_validate_json(message.content_json)
        assert [item.subject for item in notice.orders] == ["N-1", "N-2"]
        assert subject(notice) == "[REMINDER] Claimed, not confirmed: 2 orders, Praxis Bcc: x@y.z (c-1)"
        text = plain(notice)
        assert "kim as worn" in text
        assert "Record the swap" in text
        assert notice.link == "https://silverpoint.example.org/act?clinic=c-1"
        assert "Record the swap" in html(notice)


async def test_one_claim_leads_to_its_order(tmp_path: Path) -> None:
    async with opened_office(tmp_path) as office:
        await office.person("kim", "technician")
        (order,) = await office.claimed("N-1")
        await office.days_pass(4)
        notice = Notice.model_validate_json((await office.sent())[0].content_json)
        assert notice.link == f"https://silverpoint.example.org/work/orders/{order.order_id}"


async def test_no_escalation_where_it_is_switched_off(tmp_path: Path) -> None:
    async with opened_office(tmp_path, claim_escalate_days=0) as office:
        await office.person("max", "manager")
        await office.claimed("N-1")
        await office.days_pass(20)
        assert await office.told() == []


def test_an_escalation_to_nobody_is_a_mistake(tmp_path: Path) -> None:
    path = tmp_path / "silverpoint.toml"
    path.write_text('[work]\nclaim_escalate_receivers = ["ops"]\n')
    with pytest.raises(ConfigError) as caught:
        load_config(path, {})
    assert "claim_escalate_receivers" in str(caught.value.mistakes[0])
