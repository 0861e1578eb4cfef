"""Silence counts only while the gateway listened and the clinic was open."""

from __future__ import annotations

from pathlib import Path

from gateway.alerts.listening import Counters, LastHeard, Schedule, is_open
from gateway.clock import ManualClock
from schemas.registry import Clinic, DeviceEntry
from tests.alerts.site import HOUR_MS, T0_MS, Device, open_site

MONDAY_MS = 1_760_313_600_000  # 2025-10-13 00:00 UTC
OFFICE = "08:00-18:00,08:00-18:00,08:00-18:00,08:00-18:00,08:00-18:00,closed,closed"


def clock_at(hour: float) -> ManualClock:
    return ManualClock(T0_MS + round(hour * HOUR_MS))


def office(clinic_id: str = "c-1") -> Clinic:
    return Clinic(clinic_id=clinic_id, timezone="Europe/Berlin", opening_hours=OFFICE)


async def test_a_device_that_falls_silent_is_told_and_its_next_word_ends_it(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db", clock=clock_at(1)) as site:
        await site.say(device.reading(1))
        await site.pass_time(0.58)
        assert await site.alerts() == []
        await site.pass_time(0.02)
        (alert,) = site.engine.firing()
        assert (alert.rule, alert.subject) == ("device_silent", "d-1")
        assert alert.firing_since_ms == T0_MS + HOUR_MS + 2_105_000
        await site.say(device.reading(1.61))
        assert site.engine.open() == ()
        await site.pass_time(0.7)
        assert [one.rule for one in site.engine.firing()] == ["device_silent"]
        assert len(await site.alerts()) == 1


async def test_after_the_gateway_was_down_for_two_hours_nobody_is_silent(tmp_path: Path) -> None:
    devices = [Device(f"d-{number}", boot_id=f"b-{number}") for number in range(3)]
    async with open_site(tmp_path / "s.db", clock=clock_at(1)) as site:
        await site.say(*(device.reading(1) for device in devices))
        await site.pass_time(0.2)
    async with open_site(tmp_path / "s.db", clock=clock_at(3.2)) as site:
        await site.pass_time(0.3)
        assert await site.alerts() == []
        await site.say(*(device.reading(3.5) for device in devices))
        await site.pass_time(0.3)
        assert await site.alerts() == []


async def test_without_a_connection_or_behind_a_backlog_nobody_is_silent(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db", clock=clock_at(1)) as site:
        await site.say(device.reading(1))
        site.watch.up_to_date = False
        await site.pass_time(1)
        site.watch.connected = False
        await site.pass_time(1)
        assert "device_silent" not in await site.fired()


async def test_overnight_nobody_is_silent_while_the_clinic_is_shut(tmp_path: Path) -> None:
    devices = [Device(f"d-{number}", boot_id=f"b-{number}") for number in range(3)]
    evening_h = (MONDAY_MS - T0_MS) / HOUR_MS + 15.9  # 17:54 in Berlin
    async with open_site(tmp_path / "s.db", clock=clock_at(evening_h)) as site:
        await site.registry.save([office()])
        await site.say(*(device.reading(evening_h) for device in devices))
        await site.pass_time(14.2)  # 08:06
        assert await site.alerts() == []
        await site.pass_time(0.6)
        assert [alert.rule for alert in site.engine.firing()] == ["clinic_silent"]


async def test_a_clinic_that_is_not_heard_at_all_has_one_alert_and_not_one_for_each_device(tmp_path: Path) -> None:
    devices = [Device(f"d-{number}", boot_id=f"b-{number}") for number in range(5)]
    other = Device("e-1", "c-2", "b-e")
    async with open_site(tmp_path / "s.db", clock=clock_at(1)) as site:
        await site.say(*(device.reading(1) for device in devices), other.reading(1))
        for _ in range(8):
            await site.pass_time(0.25)
            hour = (site.clock.now_ms() - T0_MS) / HOUR_MS
            await site.say(other.reading(hour))
        assert await site.fired() == {"clinic_silent": ["c-1"]}
        await site.say(devices[0].reading(3.1))
        await site.pass_time(0.05)
        assert {alert.subject for alert in site.engine.firing()} == {"d-1", "d-2", "d-3", "d-4"}


async def test_steps_of_the_clock_make_nobody_silent_and_leave_no_alert_behind(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db", clock=clock_at(10)) as site:
        await site.say(device.reading(10))
        site.clock.step(T0_MS + 34 * HOUR_MS)
        await site.pass_time(0.3)
        assert await site.alerts() == []
        await site.pass_time(0.4)
        assert [alert.rule for alert in site.engine.firing()] == ["device_silent"]
        site.clock.step(T0_MS + 11 * HOUR_MS)
        await site.say(device.reading(11))
        assert site.engine.open() == ()


async def test_a_restart_neither_ends_a_silence_nor_forgets_it(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db", clock=clock_at(1)) as site:
        await site.say(device.reading(1))
        await site.pass_time(0.7)
    async with open_site(tmp_path / "s.db", clock=clock_at(2)) as site:
        await site.pass_time(0.1)
        assert [alert.rule for alert in site.engine.firing()] == ["device_silent"]
        await site.say(device.reading(2.1))
        assert site.engine.open() == ()


async def test_a_device_out_of_service_is_never_silent(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db", clock=clock_at(1)) as site:
        await site.say(device.reading(1))
        await site.registry.save([DeviceEntry(device_id="d-1", state="repair")])
        await site.engine.evaluate({"d-1"}, 0)
        await site.pass_time(1)
        assert await site.alerts() == []


async def test_a_device_may_be_silent_for_as_long_as_it_said(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db", clock=clock_at(1)) as site:
        await site.say(device.online(1, interval_s=3_600))
        await site.pass_time(1.9)
        assert await site.alerts() == []
        await site.pass_time(0.2)
        assert await site.fired() == {"device_silent": ["d-1"]}


async def test_a_wear_alert_of_a_silent_device_stays_and_is_stale(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db", clock=clock_at(2)) as site:
        await site.say(*(device.sample(hour, "N1", 0.9) for hour in (1, 2)))
        (alert,) = site.engine.firing()
        assert not site.engine.stale(alert)
        await site.pass_time(1)
        stale = {one.rule: site.engine.stale(one) for one in site.engine.firing()}
        assert stale == {"device_silent": False, "nozzle_due": True}


def test_deadlines_are_looked_at_once_and_only_when_they_come() -> None:
    counters = Counters()
    always = Schedule("UTC", "")
    heard = LastHeard(counters, lambda _: always, lambda _: 60_000)
    asked: list[str] = []
    for subject in ("a", "b"):
        heard.hear(subject, 1, live=True)
    counters.listen(40_000, 0)
    heard.hear("b", 2, live=True)
    asked += heard.due()
    assert asked == []
    counters.listen(20_000, 0)
    assert list(heard.due()) == ["a"]
    assert list(heard.due()) == []
    counters.listen(40_000, 0)
    assert list(heard.due()) == ["b"]
    heard.hear("a", 3, live=True)
    counters.listen(59_999, 0)
    assert list(heard.due()) == []


def test_silence_goes_on_where_the_hours_change() -> None:
    counters = Counters()
    schedules = {"a": Schedule("UTC", "")}
    heard = LastHeard(counters, lambda one: schedules[one], lambda _: 60_000)
    heard.hear("a", 1, live=True)
    counters.listen(50_000, MONDAY_MS)
    schedules["a"] = Schedule("UTC", OFFICE)
    counters.listen(20_000, MONDAY_MS)
    assert list(heard.due()) == []
    counters.listen(20_000, MONDAY_MS + 9 * HOUR_MS)
    assert list(heard.due()) == ["a"]


def test_a_clinic_whose_hours_cannot_be_read_is_open() -> None:
    assert is_open(Schedule("UTC", "whenever"), MONDAY_MS)
    assert not is_open(Schedule("Europe/Berlin", OFFICE), MONDAY_MS)
    assert is_open(Schedule("Europe/Berlin", OFFICE), MONDAY_MS + 7 * HOUR_MS)
