"""The rules about devices, clinics and the gateway itself, over the real store."""

from __future__ import annotations

from pathlib import Path

from gateway.alerts.watch import DiskSpace
from gateway.clock import ManualClock
from gateway.config import AlertsConfig
from gateway.store.notify_rows import NewMessage, NotifyPlan
from schemas.alert import Alert
from schemas.registry import Clinic, DeviceEntry
from tests.alerts.site import HOUR_MS, T0_MS, Device, Site, open_site

MINUTE_H = 1 / 60


def clock_at(hour: float) -> ManualClock:
    return ManualClock(T0_MS + round(hour * HOUR_MS))


async def only(site: Site, rule: str) -> Alert:
    (alert,) = [alert for alert in await site.alerts() if alert.rule == rule]
    return alert


async def test_a_low_battery_becomes_critical_while_it_fires_and_never_milder(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        await site.say(device.online(0, form="mobile"), device.reading(0, "battery", charge=0.18))
        assert (await only(site, "battery_low")).state == "pending"
        await site.say(device.reading(0.1, "battery", charge=0.17))
        alert = await only(site, "battery_low")
        assert (alert.state, alert.severity, alert.value) == ("firing", "warning", 0.17)
        await site.say(device.reading(0.2, "battery", charge=0.08))
        assert (await only(site, "battery_low")).severity == "critical"
        await site.say(device.reading(0.3, "battery", charge=0.19))
        assert (await only(site, "battery_low")).severity == "critical"
        await site.say(device.reading(0.4, "mains", charge=0.2), device.reading(0.8, "mains", charge=0.4))
        assert (await only(site, "battery_low")).state == "resolved"


async def test_a_flapping_battery_fires_once_and_resolves_once(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        crossings = [
            device.reading(number / 200, "battery", charge=0.19 if number % 2 else 0.26) for number in range(200)
        ]
        await site.say(device.online(0, form="mobile"), *crossings)
        alert = await only(site, "battery_low") if await site.alerts() else None
        history = await site.store.alert_history(alert.alert_id) if alert else ()
        assert sum(row.to_state == "firing" and row.from_state != "firing" for row in history) <= 1
        assert sum(row.to_state == "resolved" and row.from_state == "firing" for row in history) <= 1


async def test_a_battery_that_falls_and_then_flaps_at_the_edge_fires_once_and_resolves_once(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        down = [device.reading(minute / 60, "battery", charge=0.19) for minute in range(4)]
        edge = [
            device.reading(0.1 + number / 200, "battery", charge=0.19 if number % 2 else 0.26) for number in range(200)
        ]
        up = [device.reading(1.2 + minute / 60, "mains", charge=0.5) for minute in range(20)]
        await site.say(device.online(0, form="mobile"), *down, *edge, *up)
        history = await site.store.alert_history((await only(site, "battery_low")).alert_id)
        told = [(row.from_state, row.to_state) for row in history if row.from_state != row.to_state]
        assert told == [(None, "pending"), ("pending", "firing"), ("firing", "resolved")]


async def test_the_same_history_raises_the_same_alert_live_and_at_once(tmp_path: Path) -> None:
    async def history_of(name: str, *, at_once: bool) -> list[tuple[int, str | None, str]]:
        device = Device()
        async with open_site(tmp_path / name) as site:
            await site.say(device.online(0, form="mobile"), device.reading(0, "battery", charge=0.9))
            said = [device.reading(minute / 60, "battery", charge=0.15) for minute in range(1, 20)]
            said += [device.reading(minute / 60, "mains", charge=0.6) for minute in range(20, 60)]
            if at_once:
                await site.ingest(*said)
                await site.look()
            else:
                await site.say(*said)
            alert = await only(site, "battery_low")
            rows = await site.store.alert_history(alert.alert_id)
            return [(row.at_ms, row.from_state, row.to_state) for row in rows if row.from_state != row.to_state]

    live = await history_of("live.db", at_once=False)
    assert len(live) == 3
    assert await history_of("replayed.db", at_once=True) == live


async def test_a_blip_that_never_fired_between_two_looks_leaves_no_alert(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        await site.say(device.online(0, form="mobile"), device.reading(0, "battery", charge=0.9))
        await site.ingest(*(device.reading(hour, "battery", charge=charge) for hour, charge in ((1, 0.1), (1.01, 0.9))))
        await site.look()
        assert await site.alerts() == []


async def test_only_a_device_that_stands_on_mains_can_lose_it(tmp_path: Path) -> None:
    stands, moves = Device("d-1"), Device("d-2")
    async with open_site(tmp_path / "s.db") as site:
        for device, form in ((stands, "stationary"), (moves, "mobile")):
            await site.say(device.online(0, form=form))
            await site.say(*(device.reading(hour, "battery", charge=0.9) for hour in (0, 0.1)))
        assert await site.fired() == {"mains_lost": ["d-1"]}


async def test_a_clinic_of_thirty_that_loses_mains_has_one_firing_alert(tmp_path: Path) -> None:
    devices = [Device(f"d-{number:02}", boot_id=f"b-{number}") for number in range(30)]
    async with open_site(tmp_path / "s.db") as site:
        for hour, source in ((0.0, "mains"), (1.0, "battery"), (1.25, "battery"), (1.5, "battery")):
            for number, device in enumerate(devices):
                await site.say(device.reading(hour + number / 3_600, source, charge=0.9))
        firing = site.engine.firing()
        assert [(alert.rule, alert.subject, alert.severity) for alert in firing] == [
            ("clinic_mains_lost", "c-1", "critical")
        ]
        assert "30 of 30 devices" in firing[0].summary
        assert (await site.fired()) == {"clinic_mains_lost": ["c-1"]}
        for device in devices[:25]:
            await site.say(device.reading(2, "mains", charge=0.9), device.reading(2.1, "mains", charge=0.9))
        for device in devices[25:]:
            await site.say(*(device.reading(hour, "battery", charge=0.8) for hour in (2.2, 2.3)))
        assert {alert.rule for alert in site.engine.firing()} == {"mains_lost"}
        assert len(site.engine.firing()) == 5


async def test_a_clinics_outage_is_over_though_all_its_devices_came_back_at_once(tmp_path: Path) -> None:
    devices = [Device(f"d-{number:02}", boot_id=f"b-{number}") for number in range(5)]
    async with open_site(tmp_path / "s.db") as site:
        for minute, source in ((0, "mains"), (60, "battery"), (90, "battery"), (120, "mains"), (180, "mains")):
            await site.ingest(*(device.reading(minute / 60, source, charge=0.9) for device in devices))
            await site.look()
        assert await site.states() == [("clinic_mains_lost", "c-1", "resolved")]


async def test_a_clinic_that_loses_mains_among_many_is_judged_as_a_whole(tmp_path: Path) -> None:
    """The devices of a look are taken in groups: those of this clinic go together, however the look is cut."""
    dark = [Device(f"d-{number}", "c-dark", f"b-{number}") for number in range(30)]
    lit = [Device(f"e-{number}", f"c-{number % 40}", f"b-{number}") for number in range(300)]
    async with open_site(tmp_path / "s.db") as site:
        for hour, source in ((0.0, "mains"), (1.0, "battery")):
            said = [device.reading(hour, source, charge=0.9) for device in dark]
            await site.ingest(*said, *(device.reading(hour, "mains", charge=0.9) for device in lit))
            await site.look()
        assert await site.states() == [("clinic_mains_lost", "c-dark", "pending")]


async def test_a_clock_that_is_ahead_does_not_put_off_the_clinics_alert(tmp_path: Path) -> None:
    ahead, *others = [Device(f"d-{number}", boot_id=f"b-{number}") for number in range(4)]
    async with open_site(tmp_path / "s.db") as site:
        for minute, source in ((0, "mains"), (60, "battery"), (61, "battery"), (62, "battery")):
            await site.say(ahead.reading((minute + 4.5) / 60, source, charge=0.9, received_hour=minute / 60))
            await site.say(*(device.reading(minute / 60, source, charge=0.9) for device in others))
        alert = await only(site, "clinic_mains_lost")
        assert (alert.state, alert.pending_since_ms) == ("firing", T0_MS + HOUR_MS)


async def test_a_clinic_outage_silences_a_devices_alert_that_fired_before(tmp_path: Path) -> None:
    devices = [Device(f"d-{number}", boot_id=f"b-{number}") for number in range(4)]
    async with open_site(tmp_path / "s.db") as site:
        await site.say(*(device.reading(0, "mains", charge=1) for device in devices))
        await site.say(*(devices[0].reading(hour, "battery", charge=0.9) for hour in (0.1, 0.2)))
        assert [alert.rule for alert in site.engine.firing()] == ["mains_lost"]
        await site.say(*(device.reading(0.3, "battery", charge=0.9) for device in devices[1:]))
        await site.say(*(device.reading(0.4, "battery", charge=0.9) for device in devices[1:]))
        assert [alert.rule for alert in site.engine.firing()] == ["clinic_mains_lost"]
        history = await site.store.alert_history((await only(site, "mains_lost")).alert_id)
        assert history[-1].note == "inhibited by clinic_mains_lost"


async def test_a_session_that_never_ends_is_told_and_ends_with_it(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        await site.say(*(device.reading(quarter / 4, active=True) for quarter in range(6)))
        assert await site.alerts() == []
        await site.say(device.reading(1.5, active=True))
        alert = await only(site, "session_overlong")
        assert (alert.state, alert.severity, alert.value) == ("firing", "warning", 5_400.0)
        await site.say(device.reading(3.1, active=True))
        assert (await only(site, "session_overlong")).severity == "critical"
        await site.say(device.reading(3.2))
        assert (await only(site, "session_overlong")).state == "resolved"


async def test_a_session_is_as_long_after_a_restart_as_before(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        await site.say(*(device.reading(quarter / 4, active=True) for quarter in range(4)))
        site.clock.advance(20_000)
        await site.say(device.reading(1.0, active=True))
        assert await site.store.alert_mark() == site.engine.mark, "so that the start need not look at it again"
    async with open_site(tmp_path / "s.db") as site:
        await site.say(device.reading(1.5, active=True))
        assert (await only(site, "session_overlong")).value == 5_400.0


async def test_a_depth_that_no_treatment_has_is_told(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        await site.say(*(device.reading(hour, depth=0) for hour in (0, 0.1)))
        assert await site.alerts() == []
        await site.say(*(device.reading(hour, depth=2.4) for hour in (0.2, 0.3)))
        assert await site.fired() == {"depth_out_of_range": ["d-1"]}
        await site.say(*(device.reading(hour, depth=1.5) for hour in (0.4, 0.5)))
        assert site.engine.open() == ()


async def test_a_clock_that_stays_wrong_is_told_by_receipt(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        wrong = [device.reading(hour - 2, received_hour=hour) for hour in (3, 3.5, 4)]
        await site.say(*wrong)
        alert = await only(site, "clock_skew")
        assert (alert.state, alert.firing_since_ms) == ("firing", T0_MS + 4 * HOUR_MS)
        assert "2 h behind" in alert.summary
        await site.say(*(device.reading(hour) for hour in (4.5, 5.6)))
        assert (await only(site, "clock_skew")).state == "resolved"


async def test_a_clock_that_is_not_set_is_told(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        await site.say(*(device.reading(hour, received_hour=hour, ts_ms=None) for hour in (1, 1.5, 2.1)))
        assert (await only(site, "clock_skew")).summary == "The clock of d-1 is not set"


async def test_rejected_messages_are_told_and_forgotten_when_they_stop(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db", clock=clock_at(1)) as site:
        await site.say(device.reading(0.9))
        await site.ingest(device.nonsense(1), device.nonsense(1.01))
        await site.pass_time(0.01)
        alert = await only(site, "message_rejected")
        assert (alert.state, alert.value, alert.device_id) == ("firing", 2.0, "d-1")
        assert "unknown_field" in alert.summary
        await site.pass_time(1.1)
        assert (await only(site, "message_rejected")).state == "resolved"


async def test_what_was_rejected_just_before_a_kill_is_told_after_the_start(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db", clock=clock_at(1)) as site:
        await site.ingest(device.nonsense(1))
    async with open_site(tmp_path / "s.db", clock=clock_at(1.01)) as site:
        await site.pass_time(0.01)
        assert await site.fired() == {"message_rejected": ["d-1"]}


async def test_records_that_are_lost_are_told(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db", clock=clock_at(1)) as site:
        await site.say(device.reading(0.8))
        for _ in range(3):
            device.reading(0.85)
        await site.say(device.reading(0.9))
        for _ in range(12):
            await site.pipeline.tick(60_000)
        await site.pass_time(0.01)
        alert = await only(site, "data_gap")
        assert (alert.state, alert.value) == ("firing", 3.0)
        await site.pass_time(6.1)
        assert (await only(site, "data_gap")).state == "resolved"


async def test_the_gateways_own_disk_and_broker_are_watched(tmp_path: Path) -> None:
    async with open_site(tmp_path / "s.db", clock=clock_at(1)) as site:
        await site.pass_time(0.01)
        assert await site.alerts() == []
        site.watch.connected = False
        site.watch.space = DiskSpace(40, 1_000)
        await site.pass_time(0.05)
        fired = {alert.rule: alert for alert in site.engine.firing()}
        assert set(fired) == {"gateway_broker_lost", "gateway_disk_low"}
        assert {alert.subject for alert in fired.values()} == {"gateway"}
        assert fired["gateway_disk_low"].severity == "critical"
        site.watch.connected = True
        site.watch.space = DiskSpace(500, 1_000)
        await site.pass_time(0.1)
        assert site.engine.open() == ()


async def test_a_rule_may_differ_by_model_clinic_and_device_and_be_switched_off(tmp_path: Path) -> None:
    settings = AlertsConfig.model_validate(
        {
            "rules": {"battery_low": {"threshold": 0.3, "hold_s": 0}},
            "overrides": [
                {"rule": "battery_low", "device": "d-3", "enabled": False},
                {"rule": "battery_low", "clinic": "c-2", "threshold": 0.5, "severity": "critical"},
                {"rule": "battery_low", "model": "pen-1", "threshold": 0.25},
            ],
        }
    )
    pens = [Device("d-1"), Device("d-2", "c-2", "b2"), Device("d-3", "c-2", "b3"), Device("d-4", "c-1", "b4")]
    async with open_site(tmp_path / "s.db", settings) as site:
        for pen in pens:
            await site.say(pen.online(0, form="mobile", model="pen-1" if pen is pens[3] else "pen-2"))
            await site.say(pen.reading(0, "battery", charge=0.28))
        severities = {alert.subject: alert.severity for alert in site.engine.firing()}
        assert severities == {"d-1": "warning", "d-2": "critical"}


async def test_an_alert_of_a_rule_that_is_switched_off_is_over(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        await site.say(device.online(0, form="mobile"))
        await site.say(*(device.reading(hour, "battery", charge=0.1) for hour in (0, 0.1)))
    off = AlertsConfig.model_validate({"rules": {"battery_low": {"enabled": False}}})
    async with open_site(tmp_path / "s.db", off) as site:
        await site.say(device.reading(0.2, "battery", charge=0.1))
        assert site.engine.open() == ()


async def test_a_device_of_a_clinic_is_judged_where_it_is_in_use(tmp_path: Path) -> None:
    devices = [Device(f"d-{number}", boot_id=f"b-{number}") for number in range(3)]
    async with open_site(tmp_path / "s.db") as site:
        stored = [DeviceEntry(device_id="d-1", state="storage"), DeviceEntry(device_id="d-2", state="storage")]
        await site.registry.save([Clinic(clinic_id="c-1"), *stored])
        for hour in (0, 0.1, 0.2):
            await site.say(*(device.reading(hour, "battery", charge=0.9) for device in devices))
        assert "clinic_mains_lost" not in await site.fired()


async def test_a_message_that_was_given_up_is_an_alert_of_its_own(tmp_path: Path) -> None:
    async with open_site(tmp_path / "s.db", clock=clock_at(1)) as site:
        now_ms = site.clock.now_ms()
        message = NewMessage("k1", "ops", "c-1", "webhook", "new", "{}")
        await site.store.apply_plan(NotifyPlan(up_to=0, now_ms=now_ms, messages=(message,)))
        (claimed,) = await site.store.claim_messages(now_ms, now_ms + 1_000, 1, ())
        await site.store.mark_dead(claimed.message_id, claimed.attempts, now_ms, "answered 404")
        await site.pass_time(0.1)
        alert = await only(site, "gateway_message_dead")
        assert (alert.state, alert.severity, alert.subject, alert.value) == ("firing", "critical", "gateway", 1.0)
        await site.pass_time(24.2)
        assert (await only(site, "gateway_message_dead")).state == "resolved"
