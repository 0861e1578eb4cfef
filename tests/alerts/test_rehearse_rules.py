"""Every rule can be rehearsed: with nothing changed it says what was raised, and whom the routes would have told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from gateway.alerts.rehearse import Firing
from gateway.alerts.rehearse_apart import WORTH_A_PROCESS
from gateway.alerts.rehearse_records import rehearse_record
from gateway.alerts.rehearsing import Reached, Rehearsal, Rehearsed
from gateway.config import AlertsConfig
from gateway.config_alerts import RuleSettings
from gateway.config_notify import EscalationConfig, NotifyConfig, ReceiverConfig, RouteConfig
from gateway.notify.reach import RoutedReach
from gateway.store.service_rows import AlertHistoryRow
from schemas.alert import RULES, Alert, Rule
from schemas.delivery import Delivery
from schemas.registry import Lot, NozzleModel
from tests.alerts.site import HOUR_MS, MINUTE_MS, T0_MS, Device, Site, open_site
from tests.notify.house import webhook

UNTIL_MS = T0_MS + 400 * HOUR_MS


async def rehearsed(site: Site, rule: str, config: NotifyConfig | None = None, **changes: str) -> Rehearsed:
    reach = RoutedReach(config, site.store, site.registry, lambda _viewer, _alert: True) if config else None
    rehearsal = Rehearsal(
        store=site.store, fleet=site.fleet, registry=site.registry, settings=AlertsConfig(), reach=reach
    )
    return await rehearsal.run(rule, changes, T0_MS, UNTIL_MS)


@pytest.mark.parametrize("rule", RULES)
async def test_every_rule_can_be_rehearsed_over_an_empty_store(tmp_path: Path, rule: Rule) -> None:
    async with open_site(tmp_path / "s.db") as site:
        done = await rehearsed(site, rule, enabled="false")
        assert (done.now.fired, done.changed.fired) == (0, 0)


async def assert_as_raised(site: Site, rule: Rule, *, subjects: Sequence[str], **off: str) -> None:
    assert (await site.fired())[rule] == list(subjects)
    done = await rehearsed(site, rule, **(off or {"enabled": "false"}))
    assert (done.now.subjects, done.changed.fired) == (len(subjects), 0)
    assert done.only_now == tuple(subjects)


async def test_expired_recalled_and_mismatched_nozzles(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        await site.registry.save([NozzleModel(model="M", fits=("other",)), Lot(lot="L", recalled_ms=T0_MS + HOUR_MS)])
        await site.say(
            device.online(0, model="device-model"),
            device.fitted(0, "N1", model="M", lot="L", expires_on="2025-10-09"),
            *(device.sample(hour, "N1", 0.1) for hour in (0.5, 2, 20, 21)),
        )
        for rule in ("nozzle_expired", "nozzle_recalled", "nozzle_mismatched"):
            await assert_as_raised(site, rule, subjects=["N1"])  # type: ignore[arg-type]


async def test_a_swap_that_nobody_reported(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        await site.say(device.fitted(0, "N1"), *(device.sample(hour, "N1", 0.1) for hour in (1, 2)))
        await site.say(*(device.sample(hour, "N2", 0.1) for hour in (3, 4)))
        await assert_as_raised(site, "nozzle_unconfirmed_swap", subjects=["N2"])


async def test_one_serial_on_two_devices(tmp_path: Path) -> None:
    one, other = Device(), Device("d-2", "c-1", "b2")
    async with open_site(tmp_path / "s.db") as site:
        for hour in (1, 1.5, 2, 2.5):
            await site.say(one.sample(hour, "N1", 0.1), other.sample(hour + 0.1, "N1", 0.1))
        await assert_as_raised(site, "nozzle_duplicate", subjects=["N1"])


async def test_a_clinic_without_mains(tmp_path: Path) -> None:
    devices = [Device(f"d-{number}", "c-1", f"b{number}") for number in range(4)]
    async with open_site(tmp_path / "s.db") as site:
        for device in devices:
            await site.say(device.online(0, form="stationary"), device.reading(0.1, "mains"))
        for minute in (60, 61, 62):
            await site.say(*(device.reading(minute / 60, "battery", charge=0.9) for device in devices[:3]))
        await assert_as_raised(site, "clinic_mains_lost", subjects=["c-1"], threshold="0.9")


async def test_a_clinic_that_was_silent(tmp_path: Path) -> None:
    one, other = Device(), Device("d-2", "c-1", "b2")
    async with open_site(tmp_path / "s.db") as site:
        for hour in (0, 0.1, 0.2, 2, 2.1):
            await site.ingest(one.reading(hour), other.reading(hour + 0.05))
        done = await rehearsed(site, "clinic_silent", threshold="20000")
        assert (done.now.fired, done.changed.fired) == (1, 0)


async def test_a_clock_that_is_off(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        late_ms = 20 * MINUTE_MS
        for hour in (1, 2, 3):
            said = device.sample(hour, "N1", 0.1)
            await site.say(Delivery(said.topic, said.payload, said.received_ms + late_ms))
        await assert_as_raised(site, "clock_skew", subjects=["d-1"], threshold="3600")


async def test_what_is_not_kept_is_rehearsed_by_the_record_of_its_alerts(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        await site.say(device.reading(0))
        await site.ingest(Delivery("fleet/v1/c-1/d-1/telemetry", b"{}", T0_MS + HOUR_MS))
        await site.pass_time(0.1)
        assert (await site.fired())["message_rejected"] == ["d-1"]
        done = await rehearsed(site, "message_rejected", enabled="false")
        assert done.evidence == "record"
        assert (done.now.fired, done.changed.fired) == (1, 0)


def test_a_longer_hold_drops_what_was_short_and_a_shorter_one_takes_up_what_never_fired() -> None:
    def row(at_ms: int, before: str | None, after: str) -> AlertHistoryRow:
        return AlertHistoryRow(0, 1, at_ms, before, after, "warning", "")  # type: ignore[arg-type]

    rows = [
        row(0, None, "pending"), row(60_000, "pending", "firing"), row(400_000, "firing", "resolved"),
        row(1_000_000, "resolved", "pending"), row(1_030_000, "pending", "resolved"),
    ]  # fmt: skip
    alert = Alert(1, "data_gap", "d-1", "c-1", "d-1", "warning", "resolved", None, "", 0, 0, None, 400_000, 400_000)

    def times(hold_s: int, *, enabled: bool = True) -> list[tuple[int, int | None]]:
        settings = RuleSettings("warning", hold_s=hold_s, keep_firing_s=100, enabled=enabled)
        found = rehearse_record(alert, rows, settings, RuleSettings("warning", hold_s=60, keep_firing_s=100), 0)
        return [(firing.fired_ms, firing.resolved_ms) for firing in found]

    assert times(60) == [(60_000, 400_000)]
    assert times(301) == []
    assert times(10) == [(10_000, 400_000), (1_010_000, 1_130_000)]
    assert times(60, enabled=False) == []


async def test_it_says_whom_the_routes_would_have_told_and_by_escalation(tmp_path: Path) -> None:
    device = Device()
    route = RouteConfig(receivers=("ops",), rules=("battery_low",), escalate=(
        EscalationConfig(after_s=600, receivers=("boss",)),
    ))  # fmt: skip
    hooks: list[ReceiverConfig] = [webhook("http://127.0.0.1:9/", name=name) for name in ("ops", "boss", "other")]
    config = NotifyConfig(receivers=tuple(hooks), routes=(route,))
    async with open_site(tmp_path / "s.db") as site:
        await site.ingest(device.online(0, form="mobile"))
        for start, minutes in ((0, 6), (10, 40)):
            await site.ingest(*(device.reading(start + m / 60, "battery", charge=0.1) for m in range(0, minutes, 2)))
            await site.ingest(*(device.reading(start + 1 + m / 4, "mains", charge=0.9) for m in range(5)))
        done = await rehearsed(site, "battery_low", config, threshold="0.11")
        assert done.reached_now == (Reached("boss", 2), Reached("ops", 2))
        assert (await rehearsed(site, "battery_low", config, hold_s="1200")).reached_changed == (
            Reached("boss", 1),
            Reached("ops", 1),
        )
        assert (await rehearsed(site, "mains_lost", config)).reached_now == ()


async def test_a_long_history_is_gone_through_in_a_process_of_its_own(tmp_path: Path) -> None:
    devices = [Device(f"d-{number}", "c-1", f"b{number}") for number in range(3)]
    async with open_site(tmp_path / "s.db") as site:
        for device in devices:
            await site.ingest(device.online(0, form="stationary"))
            for minute in range(WORTH_A_PROCESS + 10):
                source = "battery" if 60 <= minute < 70 else "mains"
                await site.ingest(device.reading(minute / 60, source, charge=0.9))
        for rule in ("mains_lost", "clinic_mains_lost"):
            done = await rehearsed(site, rule, enabled="false")
            assert done.now.fired == (3 if rule == "mains_lost" else 1)
            assert done.changed.fired == 0


async def test_people_count_within_their_scope(tmp_path: Path) -> None:
    async with open_site(tmp_path / "s.db") as site:
        reach = RoutedReach(NotifyConfig(), site.store, site.registry, lambda _viewer, _alert: False)
        assert await reach.reached("mains_lost", [Firing("d-1", "c-1", T0_MS, None)], UNTIL_MS) == ()
