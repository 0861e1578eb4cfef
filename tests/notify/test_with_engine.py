"""From what devices say to the message: real ingest, rules, store and socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from gateway.config_notify import NotifyConfig
from gateway.notify.notice import NoVeil
from gateway.notify.notifier import Notifier, NotifierParts
from gateway.notify.outlook import outlook_from
from schemas.registry import Lot
from tests.alerts.site import HOUR_MS, T0_MS, Device, Site, open_site
from tests.alerts.test_silent_devices import MONDAY_MS, clock_at, office
from tests.notify.house import Well, config_for, listener, webhook

EVENING_H = (MONDAY_MS - T0_MS) / HOUR_MS + 15.9  # 17:54 in Berlin


@asynccontextmanager
async def notifying(site: Site, config: NotifyConfig) -> AsyncIterator[Notifier]:
    notifier = Notifier(
        NotifierParts(
            store=site.store,
            fleet=site.fleet,
            registry=site.registry,
            alerts=site.engine,
            mutes=site.engine,
            sees=lambda _viewer, _alert: True,
            veil=NoVeil(),
            outlook=outlook_from(site.forecasts),
            readiness=Well(),
            clock=site.clock,
            events=site.events,
            public_url="https://silverpoint.example.org",
        ),
        config,
    )
    try:
        yield notifier
    finally:
        await notifier.close()


async def pass_time(site: Site, notifier: Notifier, minutes: int) -> None:
    for _ in range(2 * minutes):
        await notifier.look()
        await notifier.deliverer.deliver_due()
        site.clock.advance(30_000)


async def test_a_worn_nozzle_is_one_message_with_the_part_that_is_needed(tmp_path: Path) -> None:
    async with (
        listener() as hook,
        open_site(tmp_path / "store.db") as site,
        notifying(site, config_for(webhook(hook.url))) as notifier,
    ):
        device = Device()
        await site.say(device.fitted(0, "N-1", model="fine-24", lot="L-7"))
        for hour in (1, 2, 3):
            await site.say(device.sample(hour, "N-1", 1.1))
            await pass_time(site, notifier, 10)
        (message,) = hook.taken
        (item,) = message["firing"]
        assert (item["rule"], item["part"]) == ("nozzle_worn_out", "fine-24")
        await site.say(device.removed(4, "N-1"), device.fitted(4.1, "N-2"))
        await pass_time(site, notifier, 20)
        assert [item["rule"] for item in hook.taken[1]["resolved"]] == ["nozzle_worn_out"]
        assert len(hook.taken) == 2


async def test_a_recall_says_why_and_which_part_to_bring_and_a_worn_battery_for_what(tmp_path: Path) -> None:
    async with (
        listener() as hook,
        open_site(tmp_path / "store.db") as site,
        notifying(site, config_for(webhook(hook.url))) as notifier,
    ):
        first, second = Device(), Device("d-2", boot_id="boot-2")
        for number, device in enumerate((first, second), 1):
            await site.say(
                device.online(0, model="derma-s"), device.fitted(0, f"N-{number}", model="fine-24", lot="L-7")
            )
        await site.registry.save([Lot(lot="L-7", recalled_ms=site.clock.now_ms(), recall_note="the coating flakes")])
        for hour in (1, 8):
            await site.say(*(device.reading(hour, health=0.6) for device in (first, second)))
            await pass_time(site, notifier, 10)
        items = {(item["rule"], item["subject"]): item for message in hook.taken for item in message["firing"]}
        recalled = items["nozzle_recalled", "N-1"]
        assert recalled["summary"].endswith("(the coating flakes)")
        assert recalled["part"] == "fine-24, of another lot than L-7"
        assert items["battery_degraded", "d-1"]["part"] == "battery for derma-s"
        parts = {part["part"]: part["number"] for message in hook.taken for part in message["parts"]}
        assert parts == {"fine-24": 2, "battery for derma-s": 2}


async def test_a_clinic_of_thirty_devices_without_mains_is_one_message(tmp_path: Path) -> None:
    async with (
        listener() as hook,
        open_site(tmp_path / "store.db") as site,
        notifying(site, config_for(webhook(hook.url))) as notifier,
    ):
        devices = [Device(f"d-{number}", boot_id=f"boot-{number}") for number in range(30)]
        await site.say(*(device.reading(0) for device in devices))
        for hour in (1.0, 1.1, 1.2, 1.4):
            await site.say(*(device.reading(hour, "battery", charge=0.9) for device in devices))
            await pass_time(site, notifier, 5)
        (message,) = hook.taken
        assert [item["rule"] for item in message["firing"]] == ["clinic_mains_lost"]
        assert message["left_out"] == 0
        assert [alert.rule for alert in site.engine.open()] == ["clinic_mains_lost"]  # the thirty are inhibited


async def test_an_alert_that_a_wider_one_speaks_for_is_not_called_resolved(tmp_path: Path) -> None:
    async with (
        listener() as hook,
        open_site(tmp_path / "store.db") as site,
        notifying(site, config_for(webhook(hook.url))) as notifier,
    ):
        devices = [Device(f"d-{number}", boot_id=f"boot-{number}") for number in range(4)]
        await site.say(*(device.reading(0) for device in devices))
        await site.say(*(devices[0].reading(hour, "battery", charge=0.9) for hour in (0.1, 0.2)))
        await pass_time(site, notifier, 10)
        for hour in (0.3, 0.4):
            await site.say(*(device.reading(hour, "battery", charge=0.9) for device in devices))
        await pass_time(site, notifier, 30)
        told = [[item["rule"] for item in message["firing"]] for message in hook.taken]
        assert told == [["mains_lost"], ["clinic_mains_lost"]]
        assert not [message for message in hook.taken if message["resolved"]]


async def test_a_flapping_battery_is_told_once_as_firing_and_once_as_over(tmp_path: Path) -> None:
    async with (
        listener() as hook,
        open_site(tmp_path / "store.db") as site,
        notifying(site, config_for(webhook(hook.url))) as notifier,
    ):
        device = Device()
        await site.say(device.online(0, form="mobile"))
        await site.say(*(device.reading(minute / 60, "battery", charge=0.19) for minute in range(1, 5)))
        for number in range(200):  # crosses its threshold each time, for an hour
            await site.say(device.reading(0.1 + number / 200, "battery", charge=0.26 if number % 2 else 0.19))
            await pass_time(site, notifier, 1)
        for minute in range(20):
            await site.say(device.reading(1.2 + minute / 60, "mains", charge=0.5))
            await pass_time(site, notifier, 1)
        await pass_time(site, notifier, 30)
        told = [(len(message["firing"]), len(message["resolved"])) for message in hook.taken]
        assert told == [(1, 0), (0, 1)]


async def test_after_two_hours_down_and_over_a_shut_night_nobody_is_told_of_silence(tmp_path: Path) -> None:
    devices = [Device(f"d-{number}", boot_id=f"boot-{number}") for number in range(3)]
    evening = clock_at(EVENING_H)
    async with listener() as hook:
        config = config_for(webhook(hook.url))
        async with open_site(tmp_path / "store.db", clock=evening) as site:
            await site.registry.save([office()])
            await site.say(*(device.reading(EVENING_H) for device in devices))
            await site.pass_time(0.05)
        back = clock_at(EVENING_H + 2)
        async with open_site(tmp_path / "store.db", clock=back) as site, notifying(site, config) as notifier:
            for _ in range(12):  # until 08:00 in the morning, ten minutes before they would be missed
                await site.pass_time(1)
                await notifier.look()
                await notifier.deliverer.deliver_due()
            assert await site.alerts() == []
            assert hook.taken == []
