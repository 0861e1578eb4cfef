"""When orders and nozzles are due: by a person's word, by the forecast, or by how the nozzle has worn so far."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from pathlib import Path

from gateway.config import WorkConfig
from gateway.forecasting.board import NoForecasts, NozzleForecast, Remaining
from gateway.work.orders import Asked
from gateway.work.planner import Planner
from schemas.registry import Clinic, DeviceEntry
from tests.alerts.site import Device
from tests.work.workshop import Workshop, at, open_workshop

DAY_H = 24.0


class OneForecast(NoForecasts):
    """Knows one nozzle."""

    def forecast_of(self, serial: str) -> NozzleForecast | None:
        if serial != "N1":
            return None
        left = Remaining(1, 2, 5, 9, 12, 14, 16)
        known = {field.name: None for field in fields(NozzleForecast)}
        return NozzleForecast(**{**known, "wear": 0.5, "remaining_days": left, "replace_by": date(2025, 11, 3)})  # type: ignore[arg-type]


def planner(shop: Workshop, forecasts: NoForecasts) -> Planner:
    site = shop.site
    return Planner(
        fleet=site.fleet,
        registry=site.registry,
        forecasts=forecasts,
        desk=shop.desk,
        settings=WorkConfig(),
        clock=site.clock,
    )


async def half_worn(shop: Workshop) -> None:
    device = Device()
    await shop.say_at_once(
        device.fitted(-20 * DAY_H, "N1", model="M"),
        *(device.sample(day * DAY_H, "N1", 0.025 * (day + 20)) for day in (-19, 0)),
    )


async def test_a_nozzle_is_due_when_it_arrives_at_its_limit_going_on_as_it_has(tmp_path: Path) -> None:
    async with open_workshop(tmp_path / "s.db") as shop:
        await half_worn(shop)
        (item,) = await planner(shop, NoForecasts()).due(at(30 * DAY_H))
        assert (item.order_id, item.part) == (None, "M")
        assert abs(item.due_ms - at(20 * DAY_H)) < 60_000
        assert await planner(shop, NoForecasts()).due(at(19 * DAY_H)) == []
        await shop.site.registry.save([DeviceEntry(device_id="d-1", state="repair")])
        assert await planner(shop, NoForecasts()).due(at(30 * DAY_H)) == []


async def test_the_forecast_comes_before_it_in_the_clinics_own_zone(tmp_path: Path) -> None:
    async with open_workshop(tmp_path / "s.db") as shop:
        await half_worn(shop)
        await shop.site.registry.save([Clinic(clinic_id="c-1", timezone="Pacific/Auckland")])
        planned = planner(shop, OneForecast())
        (visit,) = await planned.visits(at(40 * DAY_H), lambda _: True)
        assert planned.day_of("c-1", visit.due_ms) == date(2025, 11, 3)
        assert await planned.visits(at(40 * DAY_H), lambda _: True, "c-2") == ()


async def test_a_persons_date_comes_before_all(tmp_path: Path) -> None:
    async with open_workshop(tmp_path / "s.db") as shop:
        await half_worn(shop)
        asked = Asked("nozzle", "N1", "c-1", "d-1", "kim", at(20), "bent", due_ms=at(5 * DAY_H))
        order = await shop.desk.ask(asked, shop.audit("open", 20))
        planned = planner(shop, OneForecast())
        assert planned.due_ms(order) == at(5 * DAY_H)
        assert not planned.is_overdue(order)
        claimed = await shop.claim(order, 21)
        shop.site.clock.advance(4 * 86_400_000)
        assert planned.is_overdue(claimed)
        assert await planned.due(at(90 * DAY_H)) == []
