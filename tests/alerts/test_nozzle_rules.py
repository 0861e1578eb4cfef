"""What speaks against a nozzle beside its wear."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path

import pytest

from gateway.alerts.due import due_by
from gateway.alerts.nozzle_conditions import Use, duplicates, expiry_ms
from gateway.forecasting.board import Abnormality, NozzleForecast, Remaining
from schemas.registry import Clinic, Lot, NozzleModel
from tests.alerts.site import HOUR_MS, T0_MS, Device, open_site

DAY_MS = 24 * HOUR_MS


def forecast(serial: str, replace_by: date) -> NozzleForecast:
    left = Remaining(1, 2, 3, 4, 5, 6, 7)
    return NozzleForecast(
        serial=serial,
        as_of_ms=T0_MS,
        model="M1",
        lot=None,
        device_id="d-1",
        clinic_id="c-1",
        strikes=1_000,
        wear=0.5,
        wear_low=0.45,
        wear_high=0.55,
        remaining_strikes=left,
        remaining_sessions=left,
        remaining_days=left,
        replace_by=replace_by,
        chance_before_next=0.1,
        group="model M1",
        fit_no=1,
        lives=20,
        fitted=True,
        measured=True,
    )


async def test_a_nozzle_expires_at_the_end_of_its_day_in_the_clinics_zone(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        await site.registry.save([Clinic(clinic_id="c-1", timezone="America/New_York")])
        expires = (expiry_ms("2025-10-10", "America/New_York") or 0) - T0_MS
        await site.say(device.fitted(0, "N1", expires_on="2025-10-10"))
        await site.say(device.sample(expires / HOUR_MS - 0.1, "N1", 0.1))
        assert await site.alerts() == []
        await site.say(device.sample(expires / HOUR_MS, "N1", 0.1))
        assert await site.fired() == {"nozzle_expired": ["N1"]}
        await site.say(device.removed(expires / HOUR_MS + 1, "N1"))
        assert site.engine.open() == ()


async def test_a_recalled_lot_is_told_at_once_wherever_its_nozzles_are_fitted(tmp_path: Path) -> None:
    device, other = Device(), Device("d-2", "c-2", "b2")
    async with open_site(tmp_path / "s.db") as site:
        await site.say(device.fitted(0, "N1", lot="L-1"), other.fitted(0, "N2", lot="L-2"))
        await site.registry.save([Lot(lot="L-1", recalled_ms=T0_MS + HOUR_MS)])
        await site.engine.evaluate({"d-1", "d-2"}, 0)
        (alert,) = site.engine.firing()
        assert (alert.rule, alert.subject, alert.severity) == ("nozzle_recalled", "N1", "critical")
        await site.say(device.sample(2, "N1", 0.1))
        assert len(site.engine.firing()) == 1


async def test_a_nozzle_on_a_device_that_it_does_not_fit_is_told(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        await site.registry.save([NozzleModel(model="M1", fits=("pen-1",)), NozzleModel(model="M2")])
        await site.say(device.online(0, model="pen-2"), device.fitted(0, "N2", model="M2"))
        assert await site.alerts() == []
        await site.say(device.fitted(1, "N1", model="M1"))
        assert await site.fired() == {"nozzle_mismatched": ["N1"]}


async def test_one_serial_in_use_on_two_devices_is_told_but_a_moved_nozzle_is_not(tmp_path: Path) -> None:
    one, two = Device("d-1"), Device("d-2", boot_id="b2")
    async with open_site(tmp_path / "s.db") as site:
        await site.say(*(one.sample(hour, "N1", 0.1) for hour in (0, 1)))
        await site.say(*(two.sample(hour, "N1", 0.1) for hour in (2, 3)))
        assert "nozzle_duplicate" not in await site.fired()
        await site.say(one.sample(3.5, "N1", 0.1))
        assert (await site.fired())["nozzle_duplicate"] == ["N1"]
        assert "on d-1 and on d-2" in next(a.summary for a in site.engine.firing() if a.rule == "nozzle_duplicate")
        await site.say(two.fitted(4, "N2"), *(one.sample(hour, "N1", 0.1) for hour in (4.1, 5.5)))
        assert "nozzle_duplicate" not in {alert.rule for alert in site.engine.open()}


def test_a_use_that_ended_long_ago_is_none() -> None:
    assert duplicates([Use("a", 0, 10 * DAY_MS), Use("b", DAY_MS, 2 * DAY_MS)]) == set()
    assert duplicates([Use("a", 0, 2 * DAY_MS), Use("b", DAY_MS, 2 * DAY_MS)]) == {"a", "b"}


async def test_a_nozzle_that_took_anothers_place_unreported_is_told_until_it_is_confirmed(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        await site.say(device.sample(0, "N1", 0.5))
        assert await site.alerts() == []
        await site.say(*(device.sample(hour, "N2", 0.1) for hour in (1, 1.5)))
        assert await site.fired() == {"nozzle_unconfirmed_swap": ["N2"]}
        await site.say(device.fitted(2, "N2"))
        assert site.engine.open() == ()


async def test_a_counter_that_fell_is_told_and_a_reported_refit_is_not(tmp_path: Path) -> None:
    honest, other = Device(), Device("d-2", boot_id="b2")
    async with open_site(tmp_path / "s.db") as site:
        for device, serial in ((honest, "N1"), (other, "N2")):
            await site.say(device.fitted(0, serial), device.sample(1, serial, 0.2, strikes=5_000))
        await site.say(honest.removed(2, "N1"), honest.fitted(2.1, "N1"))
        for hour in (3, 3.5):
            await site.say(honest.sample(hour, "N1", 0.2, strikes=10), other.sample(hour, "N2", 0.2, strikes=10))
        (alert,) = site.engine.firing()
        assert (alert.rule, alert.subject) == ("nozzle_unconfirmed_swap", "N2")
        assert "fell from 5,000 to 10 strikes" in alert.summary


async def test_a_worn_nozzle_that_is_put_on_again_is_worn_before_a_reading_shows_it(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        await site.say(device.sample(1, "N1", 1.2), device.sample(2, "N1", 1.2), device.removed(3, "N1"))
        await site.say(device.sample(4, None, None))
        assert site.engine.firing() == ()
        await site.say(device.fitted(5, "N1", strikes=1_000))
        assert [(alert.rule, alert.subject) for alert in site.engine.firing()] == [("nozzle_worn_out", "N1")]


async def test_a_nozzle_that_wears_faster_than_its_group_is_told(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        await site.say(device.sample(0, "N1", 0.3))
        site.forecasts.abnormalities["N1"] = Abnormality("N1", "M1", 1.8, 4.2, 1e-5, 1, T0_MS)
        await site.engine.evaluate({"d-1"}, 0)
        (alert,) = site.engine.firing()
        assert (alert.rule, alert.value) == ("nozzle_wear_abnormal", 1.8)
        assert "1.8 times as fast as its model M1" in alert.summary


async def test_a_forecast_decides_when_a_nozzle_is_due_whatever_its_wear(tmp_path: Path) -> None:
    worn, fresh = Device(), Device("d-2", boot_id="b2")
    async with open_site(tmp_path / "s.db") as site:
        await site.registry.save([NozzleModel(model="M1", lead_days=2)])
        site.forecasts.forecasts["N1"] = forecast("N1", date(2025, 12, 1))
        site.forecasts.forecasts["N2"] = forecast("N2", date(2025, 10, 10))
        await site.say(worn.fitted(0, "N1", model="M1"), fresh.fitted(0, "N2", model="M1"))
        for hour in (1, 2):
            await site.say(worn.sample(hour, "N1", 0.9), fresh.sample(hour, "N2", 0.6))
        (alert,) = site.engine.firing()
        assert (alert.rule, alert.subject) == ("nozzle_due", "N2")
        assert alert.summary.endswith("at 60 % of its wear limit: replace it by Fri 10 Oct 2025")
        site.forecasts.forecasts["N2"] = forecast("N2", date(2025, 10, 12))
        await site.say(*(fresh.sample(hour, "N2", 0.6) for hour in (3, 6)))
        assert len(site.engine.firing()) == 1, "a forecast that moves by a day or two does not end it"
        site.forecasts.forecasts["N2"] = forecast("N2", date(2025, 11, 12))
        await site.say(*(fresh.sample(hour, "N2", 0.6) for hour in (7, 9.5)))
        assert site.engine.open() == ()


@pytest.mark.parametrize(
    ("replace_by", "lead_days", "hours", "due"),
    [
        (date(2025, 10, 15), 2, "", date(2025, 10, 13)),
        (date(2025, 10, 15), None, "", date(2025, 10, 12)),
        (date(2025, 10, 14), 2, "08:00-18:00," * 5 + "closed,closed", date(2025, 10, 10)),
    ],
)
def test_a_nozzle_is_due_its_lead_time_before_on_a_day_on_which_the_clinic_is_open(
    replace_by: date, lead_days: int | None, hours: str, due: date
) -> None:
    found = due_by(replace_by, lead_days, "UTC", hours)
    assert found.due_ms == (due - date(1970, 1, 1)).days * DAY_MS
    assert found.replace_by == replace_by.isoformat()


async def test_a_changed_forecast_has_its_device_looked_at(tmp_path: Path) -> None:
    device = Device()
    async with open_site(tmp_path / "s.db") as site:
        await site.say(device.sample(0, "N1", 0.3), device.sample(1, "N1", 0.3))
        site.forecasts.abnormalities["N1"] = Abnormality("N1", "M1", 2.0, 4.2, 1e-5, 1, T0_MS)
        told = site.engine.changes.follow()
        async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
            running = tasks.create_task(site.engine.run())
            site.forecasts.changes.publish(0, ("d-1",))
            assert (await told.next()).device_ids == {"d-1"}
            running.cancel()
