"""From alerts to messages, over a real store and a real socket."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from pathlib import Path

from gateway.config_notify import EscalationConfig, RouteConfig
from gateway.store.notify_rows import NotificationSettings
from gateway.store.service_rows import AuditRow, User
from schemas.access import Scope
from schemas.registry import Clinic
from tests.notify.house import (
    HOUR_MS,
    MINUTE_MS,
    SECRET,
    T0_MS,
    config_for,
    listener,
    opened_house,
    webhook,
)


async def test_a_message_says_what_where_how_urgent_and_where_to_act(tmp_path: Path) -> None:
    async with listener() as hook, opened_house(tmp_path, config_for(webhook(hook.url))) as house:
        await house.registry.save([Clinic(clinic_id="c-1", name="Praxis am Markt", region="North")])
        await house.fire("n-1", rule="nozzle_due", value=0.87, summary="wear 0.87")
        await house.pass_time(MINUTE_MS)
        (message,) = hook.taken
        assert message["reason"] == "new"
        assert message["subject"] == "[WARNING] Nozzle due: Praxis am Markt (c-1), North, d-n-1"
        (item,) = message["firing"]
        assert item["urgency"] == "warning, wear 87 % of the limit; no forecast yet"
        (alert,) = house.engine.firing()
        assert message["link"] == f"https://silverpoint.example.org/act?alert={alert.alert_id}"


async def test_an_alert_about_the_gateway_itself_belongs_to_no_clinic_and_is_told(tmp_path: Path) -> None:
    routes = (RouteConfig(receivers=("hook",), hours="working"), RouteConfig(receivers=("hook",), regions=("North",)))
    async with listener() as hook:
        config = config_for(webhook(hook.url), routes=routes)
        async with opened_house(tmp_path, config) as house:
            await house.fire("gateway", rule="gateway_broker_lost", clinic_id="", severity="critical", summary="gone")
            await house.fire("gateway", rule="message_rejected", clinic_id="", summary="waits for hours")
            await house.pass_time(MINUTE_MS)
            (message,) = hook.taken
            assert message["subject"] == "[CRITICAL] Gateway: broker lost and 1 more: the gateway itself"
            assert message["link"] == "https://silverpoint.example.org/alerts"


async def test_a_webhook_is_signed_over_its_time_and_body(tmp_path: Path) -> None:
    async with listener() as hook, opened_house(tmp_path, config_for(webhook(hook.url))) as house:
        await house.fire("1")
        await house.pass_time(MINUTE_MS)
        _, headers, body = hook.requests[0]
        at_s, mac = (part.partition("=")[2] for part in headers["silverpoint-signature"].split(","))
        assert mac == hmac.new(SECRET.encode(), at_s.encode() + b"." + body, hashlib.sha256).hexdigest()


async def test_a_storm_in_a_clinic_is_one_message(tmp_path: Path) -> None:
    async with listener() as hook, opened_house(tmp_path, config_for(webhook(hook.url))) as house:
        for number in range(30):
            await house.fire(f"{number}")
            await house.pass_time(1_000, 500)
        await house.pass_time(2 * MINUTE_MS)
        (message,) = hook.taken
        assert len(message["firing"]) + message["left_out"] == 30


async def test_two_clinics_are_two_messages(tmp_path: Path) -> None:
    async with listener() as hook, opened_house(tmp_path, config_for(webhook(hook.url))) as house:
        await house.fire("1", clinic_id="c-1")
        await house.fire("2", clinic_id="c-2")
        await house.pass_time(MINUTE_MS)
        assert sorted(message["group_key"] for message in hook.taken) == ["c-1", "c-2"]


async def test_what_flaps_for_an_hour_is_told_once_and_resolved_once(tmp_path: Path) -> None:
    async with listener() as hook, opened_house(tmp_path, config_for(webhook(hook.url))) as house:
        for _ in range(100):
            alert = await house.fire("1")
            await house.pass_time(18_000, 9_000)
            await house.resolve(alert)
            await house.pass_time(18_000, 9_000)
        await house.pass_time(20 * MINUTE_MS)
        assert [message["reason"] for message in hook.taken] == ["new", "resolved"]


async def test_what_is_over_before_anybody_was_told_tells_nobody(tmp_path: Path) -> None:
    async with listener() as hook, opened_house(tmp_path, config_for(webhook(hook.url))) as house:
        alert = await house.fire("1")
        await house.pass_time(20_000)
        await house.resolve(alert)
        await house.pass_time(HOUR_MS, MINUTE_MS)
        assert hook.taken == []


async def test_a_receiver_that_was_down_for_two_hours_gets_every_alert_once(tmp_path: Path) -> None:
    async with listener() as hook, opened_house(tmp_path, config_for(webhook(hook.url))) as house:
        hook.status = 503
        for number in range(12):
            await house.fire(f"{number}", clinic_id=f"c-{number % 3}")
            await house.pass_time(10 * MINUTE_MS, MINUTE_MS)
        assert hook.taken == []
        hook.status = 200
        await house.pass_time(HOUR_MS, MINUTE_MS)
        told = [item["subject"] for message in hook.taken for item in message["firing"]]
        assert sorted(told, key=int) == [f"{number}" for number in range(12)]
        assert len(set(hook.keys)) == len(hook.keys)


async def test_a_message_cut_between_sending_and_marking_goes_out_again_with_the_same_key(tmp_path: Path) -> None:
    async with listener() as hook, opened_house(tmp_path, config_for(webhook(hook.url))) as house:
        await house.fire("1")
        await house.notifier.look()
        house.clock.advance(MINUTE_MS)
        await house.notifier.look()
        now_ms = house.clock.now_ms()
        (claimed,) = await house.store.claim_messages(now_ms, now_ms + 120_000, 1, ())
        await house.notifier.deliverer._send(claimed)  # and here the process is killed
        await house.notifier.close()
        house.started()
        await house.pass_time(5 * MINUTE_MS)
        assert len(hook.keys) == 2
        assert len(set(hook.keys)) == 1
        (message,) = await house.store.outbox(limit=10, before=None)
        assert (message.state, message.attempts) == ("sent", 2)


async def test_a_restart_tells_nothing_again_and_loses_nothing(tmp_path: Path) -> None:
    async with listener() as hook, opened_house(tmp_path, config_for(webhook(hook.url))) as house:
        first = await house.fire("1")
        await house.pass_time(MINUTE_MS)
        await house.notifier.close()
        house.started()
        await house.fire("2")
        await house.notifier.close()
        house.started()
        await house.pass_time(10 * MINUTE_MS)
        await house.resolve(first)
        house.started()
        await house.pass_time(20 * MINUTE_MS)
        assert [[item["subject"] for item in message["firing"]] for message in hook.taken] == [["1"], ["2"], []]
        assert [item["subject"] for item in hook.taken[2]["resolved"]] == ["1"]


async def test_a_message_that_is_refused_is_given_up_at_once_and_counted(tmp_path: Path) -> None:
    async with listener() as hook, opened_house(tmp_path, config_for(webhook(hook.url))) as house:
        hook.status = 410
        await house.fire("1")
        await house.pass_time(MINUTE_MS)
        (message,) = await house.store.outbox(limit=10, before=None, state="dead")
        assert (message.attempts, message.error) == (1, "answered 410")
        counted = {"channel": "webhook", "outcome": "refused"}
        assert house.events.registry.get_sample_value("silverpoint_notifications_total", counted) == 1


async def test_a_message_is_dead_after_its_last_attempt_and_the_next_goes_on(tmp_path: Path) -> None:
    async with listener() as hook, opened_house(tmp_path, config_for(webhook(hook.url), max_attempts=3)) as house:
        hook.status = 500
        await house.fire("1")
        await house.pass_time(10 * MINUTE_MS)
        (message,) = await house.store.outbox(limit=10, before=None)
        assert (message.state, message.attempts) == ("dead", 3)
        hook.status = 200
        await house.fire("2")
        await house.pass_time(10 * MINUTE_MS)
        assert [item["subject"] for item in hook.taken[0]["firing"]] == ["2"]


async def test_a_receiver_says_when_to_come_again(tmp_path: Path) -> None:
    async with listener() as hook, opened_house(tmp_path, config_for(webhook(hook.url))) as house:
        hook.status, hook.headers = 429, "Retry-After: 600\r\n"
        await house.fire("1")
        await house.pass_time(MINUTE_MS)
        (message,) = await house.store.outbox(limit=10, before=None)
        assert message.next_try_ms > house.clock.now_ms() + 9 * MINUTE_MS


async def test_a_muted_alert_tells_nobody_until_the_silence_is_over(tmp_path: Path) -> None:
    async with listener() as hook, opened_house(tmp_path, config_for(webhook(hook.url))) as house:
        house.muting.subjects.add("1")
        await house.fire("1")
        await house.pass_time(10 * MINUTE_MS)
        assert hook.taken == []
        house.muting.subjects.clear()
        await house.pass_time(MINUTE_MS)
        assert [item["subject"] for item in hook.taken[0]["firing"]] == ["1"]


async def test_what_stands_is_told_again_until_somebody_acknowledges(tmp_path: Path) -> None:
    config = config_for
    async with listener() as hook, opened_house(tmp_path, config(webhook(hook.url), repeat_interval_s=3600)) as house:
        alert = await house.fire("1")
        await house.pass_time(2 * HOUR_MS + 5 * MINUTE_MS, MINUTE_MS)
        assert [message["reason"] for message in hook.taken] == ["new", "repeat", "repeat"]
        house.engine.acknowledge(alert, house.clock.now_ms())
        await house.pass_time(3 * HOUR_MS, MINUTE_MS)
        assert len(hook.taken) == 3


async def test_nobody_acknowledging_escalates_and_acknowledging_cancels_it(tmp_path: Path) -> None:
    async with listener() as hook, listener() as chief:
        route = RouteConfig(receivers=("hook",), escalate=(EscalationConfig(after_s=900, receivers=("chief",)),))
        config = config_for(webhook(hook.url), webhook(chief.url, "chief"), routes=(route,))
        async with opened_house(tmp_path, config) as house:
            seen = await house.fire("1", clinic_id="c-1")
            await house.fire("2", clinic_id="c-2")
            await house.pass_time(10 * MINUTE_MS)
            assert (len(hook.taken), len(chief.taken)) == (2, 0)
            house.engine.acknowledge(seen, house.clock.now_ms())
            await house.pass_time(30 * MINUTE_MS)
            assert [item["subject"] for message in chief.taken for item in message["firing"]] == ["2"]


async def test_a_worse_alert_is_told_again(tmp_path: Path) -> None:
    async with listener() as hook, opened_house(tmp_path, config_for(webhook(hook.url))) as house:
        await house.fire("1", severity="warning")
        await house.pass_time(10 * MINUTE_MS)
        await house.fire("1", severity="critical")
        await house.pass_time(10 * MINUTE_MS)
        assert [message["reason"] for message in hook.taken] == ["new", "worse"]


async def test_the_task_delivers_by_itself(tmp_path: Path) -> None:
    async with listener() as hook, opened_house(tmp_path, config_for(webhook(hook.url), group_wait_s=0)) as house:
        task = asyncio.create_task(house.notifier.run())
        try:
            await house.fire("1")
            async with asyncio.timeout(60):
                while not hook.taken:
                    await asyncio.sleep(0.02)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_a_person_is_told_within_scope_only(tmp_path: Path) -> None:
    async with opened_house(tmp_path, config_for()) as house:
        audit = AuditRow(0, T0_MS, T0_MS, "kim", "edit_notifications", "kim", "{}")
        for name, clinics in (("kim", frozenset({"c-1"})), ("robin", None)):
            user = User(name, "technician", Scope(clinics=clinics), T0_MS)
            await house.store.save_user(user, "x", audit)
            settings = NotificationSettings(name, (("apprise", "tgram://123456789:abcdefg_hijklmnop/12345"),))
            await house.store.save_notification_settings(settings, audit)
        await house.fire("1", clinic_id="c-2")
        await house.notifier.look()
        house.clock.advance(MINUTE_MS)
        await house.notifier.look()
        planned = await house.store.outbox(limit=10, before=None)
        assert [message.receiver for message in planned] == ["robin/apprise"]
