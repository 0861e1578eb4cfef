"""What a changed rule would have raised over stored history."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.alerts.rehearsing import Rehearsal
from gateway.config import AlertsConfig
from gateway.errors import InvalidInputError
from schemas.registry import Clinic
from tests.alerts.site import HOUR_MS, T0_MS, Device, Site, open_site

UNTIL_MS = T0_MS + 400 * HOUR_MS


def rehearsal(site: Site) -> Rehearsal:
    return Rehearsal(store=site.store, fleet=site.fleet, registry=site.registry, settings=AlertsConfig())


async def test_a_lower_threshold_would_have_told_less_and_says_of_whom(tmp_path: Path) -> None:
    low, lower = Device(), Device("d-2", "c-2", "b2")
    async with open_site(tmp_path / "s.db") as site:
        for device, charge in ((low, 0.15), (lower, 0.05)):
            await site.ingest(device.online(0, form="mobile"))
            for start in (0, 10):
                await site.ingest(*(device.reading(start + m / 60, "battery", charge=charge) for m in range(5)))
                await site.ingest(*(device.reading(start + 1 + m / 4, "mains", charge=0.9) for m in range(5)))
        done = await rehearsal(site).run("battery_low", {"threshold": "0.1", "critical": "0.05"}, T0_MS, UNTIL_MS)
        assert (done.devices, done.readings) == (2, 40)
        assert (done.now.fired, done.now.flapped, done.now.subjects, done.now.clinics) == (4, 2, 2, 2)
        assert (done.changed.fired, done.changed.subjects, done.changed.firing_now) == (2, 1, 0)
        assert (done.only_now, done.only_changed) == (("d-1",), ())


async def test_what_is_rehearsed_with_nothing_changed_is_what_was_raised(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        await site.say(*(device.sample(hour, "N1", hour / 8) for hour in range(1, 11)), device.sample(11, "N2", 0.1))
        for rule in ("nozzle_due", "nozzle_worn_out"):
            done = await rehearsal(site).run(rule, {}, T0_MS, UNTIL_MS)
            (alert,) = [alert for alert in await site.alerts() if alert.rule == rule]
            assert (done.now.fired, done.now.subjects, done.now.firing_now) == (1, 1, 0)
            assert done.now == done.changed
            assert alert.state == "resolved"
        done = await rehearsal(site).run("nozzle_due", {"threshold": "0.95"}, T0_MS, UNTIL_MS)
        assert (done.now.fired, done.changed.fired) == (1, 0)


async def test_silence_is_rehearsed_within_the_clinics_hours(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        await site.registry.save([Clinic(clinic_id="c-1", timezone="UTC", opening_hours=",".join(["09:00-17:00"] * 7))])
        # T0 is 08:53 UTC: one gap lies in the hours, the other overnight.
        await site.ingest(*(device.reading(hour) for hour in (0, 0.25, 2, 2.25, 8, 8.2, 24.2)))
        done = await rehearsal(site).run("device_silent", {"threshold": "18000"}, T0_MS, UNTIL_MS)
        assert (done.now.fired, done.changed.fired) == (2, 1)


@pytest.mark.parametrize(
    ("rule", "changes", "told"),
    [
        ("battery_lo", {}, "there is no rule 'battery_lo'"),
        ("message_rejected", {"threshold": "2"}, "what message_rejected goes by is not kept"),
        ("battery_low", {"low": "1", "limit": "2"}, "battery_low has no such key"),
        ("battery_low", {"threshold": "lots"}, "--set threshold:"),
        ("battery_low", {"critical": "0.5"}, "critical must be at most the threshold"),
    ],
)
async def test_what_cannot_be_rehearsed_is_told(tmp_path: Path, rule: str, changes: dict[str, str], told: str) -> None:
    async with open_site(tmp_path / "s.db") as site:
        with pytest.raises(InvalidInputError, match=told):
            await rehearsal(site).run(rule, changes, T0_MS, UNTIL_MS)
