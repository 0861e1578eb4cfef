"""Demand as the gateway keeps it: drawn from what is known, told within scopes, issued, scored against what came."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gateway.analytics.background import background
from gateway.analytics.clinic_needs import ClinicNeeds
from gateway.analytics.demand import DemandForecast, DemandKeeper
from gateway.analytics.local_days import DAY_MS
from gateway.forecasting.board import NoForecasts
from gateway.serve.demand_reader import DemandReader
from gateway.store.demand_rows import BATTERY
from gateway.work.spares import Demand, outlook, sooner
from schemas.access import Role, Scope, Viewer
from schemas.delivery import Delivery
from schemas.registry import Clinic, NozzleModel
from tests.serve.rig import EVERYTHING, NOW_MS, Rig, message, opened_rig

HOUR_MS = 3_600_000
TODAY = NOW_MS // DAY_MS
LIFE_DAYS = 10
DAYS = 60
CLINICS = tuple(f"c-{number}" for number in range(6))


@dataclass
class DemandRig:
    rig: Rig
    keeper: DemandKeeper
    reader: DemandReader

    async def lines(self, viewer: Viewer, by: Any = "region", limit: int = 100) -> Any:
        view, _ = await self.reader.demand(viewer, by, 0.95, limit=limit, after=None)
        return view


def viewer(role: Role = "manager", scope: Scope = EVERYTHING) -> Viewer:
    return Viewer("ada", role, scope)


def history(first: int, until: int, *, phase: int = 0) -> list[Delivery]:
    """Each device wears a nozzle out in ten days, at 100,000 strikes a day; half of them have a battery."""
    deliveries: list[Delivery] = []
    for number, clinic in enumerate(CLINICS):
        device = f"d-{number}"
        for day in range(first, until):
            at_ms = (TODAY - DAYS + day) * DAY_MS + 10 * HOUR_MS
            life, age = divmod(day + number + phase, LIFE_DAYS)
            serial = f"n-{number}-{life}"
            seq = 4 * day
            if age == 0 or day == 0:
                fitted = {
                    "boot_id": "b1", "seq": seq, "ts_ms": at_ms, "event": "fitted", "serial": serial,
                    "strikes": 100_000 * age, "model": "NZ18", "lot": "L1", "rated_strikes": 1_000_000,
                }  # fmt: skip
                deliveries.append(message(clinic, device, "nozzle", fitted, at_ms))
            session = {
                "boot_id": "b1", "seq": seq + 1, "ts_ms": at_ms + HOUR_MS, "session_id": f"{day:x}",
                "started_ms": at_ms, "ended_ms": at_ms + HOUR_MS, "strikes": 100_000, "depth_mm": 1.0,
                "nozzle_serial": serial, "power_source": "mains",
            }  # fmt: skip
            power = {"source": "mains", "charge": 0.5, "voltage_v": 24.0, "health": 0.9 if number % 2 else None}
            sample = {
                "boot_id": "b1", "seq": seq + 2, "ts_ms": at_ms + HOUR_MS, "power": power,
                "nozzle": {"serial": serial, "strikes": 100_000 * (age + 1), "coating": None},
                "sessions": {"total": day, "active": False},
            }  # fmt: skip
            deliveries.append(message(clinic, device, "session", session, at_ms + HOUR_MS))
            deliveries.append(message(clinic, device, "telemetry", sample, at_ms + HOUR_MS))
    return deliveries


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[DemandRig]:
    rig = await opened_rig(tmp_path)
    parts = rig.services.parts
    await parts.registry.save(
        [
            *(Clinic(clinic_id=name, region="North" if name < "c-3" else "South") for name in CLINICS),
            NozzleModel(model="NZ18", rated_strikes=1_000_000, lead_days=7),
        ]
    )
    await rig.pipeline.ingest(history(0, DAYS))
    keeper = background(
        store=rig.store, fleet=parts.fleet, registry=parts.registry, forecasts=NoForecasts(), clock=parts.clock,
        events=parts.events, degraded_health=0.7,
        settle_ms=0,
    ).demand  # fmt: skip
    reader = DemandReader(book=keeper, store=rig.store, registry=parts.registry, clock=parts.clock, usual_lead_days=14)
    yield DemandRig(rig, keeper, reader)
    await rig.store.close()


async def test_a_quarter_is_forecast_by_region_and_model_as_lives_and_use_make_it(made: DemandRig) -> None:
    assert (await made.lines(viewer())).as_of_ms is None
    await made.keeper.step()
    view = await made.lines(viewer())
    nozzles = [line for line in view.items if line.item == "nozzle"]
    assert [(line.region, line.model) for line in nozzles] == [("North", "NZ18"), ("South", "NZ18")]
    for line in nozzles:
        assert line.total.p10 <= 3 * 91 / LIFE_DAYS <= line.total.p90 + 2
        assert len(line.weeks) == 13
        assert sum(week.mean for week in line.weeks) == pytest.approx(line.total.mean, rel=0.01)
        assert line.stock is not None
        assert line.stock.on_hand is None
        assert line.stock.lead_days == 7
    fleet = (await made.lines(viewer(), "fleet")).items
    assert next(line for line in fleet if line.item == "nozzle").total.mean == pytest.approx(
        sum(line.total.mean for line in nozzles), abs=0.01
    )


async def test_scopes_of_clinics_and_models_leave_the_rest_out(made: DemandRig) -> None:
    await made.keeper.step()
    one = await made.lines(viewer(scope=Scope(clinics=frozenset({"c-4"}))), "clinic")
    assert {line.clinic_id for line in one.items} == {"c-4"}
    none = await made.lines(viewer(scope=Scope(models=frozenset({"other"}))))
    assert none.items == ()
    first = await made.reader.demand(viewer(), "clinic", 0.95, limit=2, after=None)
    rest = await made.reader.demand(viewer(), "clinic", 0.95, limit=100, after=first[1])
    whole = await made.lines(viewer(), "clinic")
    assert (*first[0].items, *rest[0].items) == whole.items
    assert rest[1] is None


async def test_demand_that_was_told_of_fewer_clinics_is_told_no_more(made: DemandRig) -> None:
    await made.keeper.step()
    parts = made.rig.services.parts
    few, more = [
        DemandReader(
            book=made.keeper, store=made.rig.store, registry=parts.registry, clock=parts.clock, usual_lead_days=14, k=k
        )
        for k in (4, 5)
    ]
    told = [
        (await one.demand(viewer("vendor"), "fleet", 0.95, limit=9, after=None))[0].items for one in (few, more, few)
    ]
    assert told[0]
    assert told[1] == ()
    assert told[2] == told[0]


async def test_a_vendor_is_told_no_number_of_few_clinics_and_the_same_all_month(made: DemandRig) -> None:
    await made.keeper.step()
    vendor = viewer("vendor")
    fleet = await made.lines(vendor, "fleet")
    assert [line.model for line in fleet.items] == ["NZ18"]
    assert {line.region for line in (await made.lines(vendor)).items} <= {"(other)"}
    assert (await made.lines(vendor, "clinic")).items == ()
    assert fleet.withheld
    made.rig.clock.advance(2 * DAY_MS)
    await made.keeper.step()
    assert (await made.lines(vendor, "fleet")).items == fleet.items
    assert (await made.lines(Viewer("v", "vendor", told_published=False), "fleet")).items == ()


async def test_forecasts_are_issued_once_a_week_and_scored_when_their_weeks_are_over(made: DemandRig) -> None:
    await made.keeper.step()
    assert made.keeper.scores() == ()
    issued = await made.rig.store.open_demand(TODAY + 400)
    assert {one.weeks for one in issued if one.item == "NZ18"} == {1, 4, 13}
    assert {one.region for one in issued} == {"*", "North", "South"}
    four = next(one for one in issued if (one.region, one.item, one.weeks) == ("*", "NZ18", 4))
    assert four.before == pytest.approx(6 * 28 / LIFE_DAYS, abs=2)
    await made.rig.pipeline.ingest(history(DAYS, DAYS + 40))
    made.rig.clock.advance(40 * DAY_MS)
    await made.keeper.step()
    scores = {(score.item, score.weeks): score for score in made.keeper.scores()}
    assert scores["NZ18", 4].scored == 3
    assert scores["NZ18", 4].inside_80 >= 2 / 3
    assert scores["NZ18", 1].loss < 1.5
    assert ("NZ18", 13) not in scores
    assert len({one.made_day for one in await made.rig.store.open_demand(TODAY + 400)}) == 2


async def test_spares_are_ordered_by_the_forecast_where_it_runs_out_first(made: DemandRig) -> None:
    await made.keeper.step()
    needs = ClinicNeeds(made.keeper)
    found = await needs.advice("c-1", "NZ18", 1, 7)
    assert found is not None
    as_of_ms, advice = found
    assert advice.runs_out_day is not None
    alone = outlook(1, 7, Demand((), 0.0), NOW_MS)
    seen = sooner(alone, found, 7, NOW_MS)
    assert seen.runs_out_ms == as_of_ms + advice.runs_out_day * DAY_MS
    assert seen.order_by_ms == seen.runs_out_ms - 7 * DAY_MS
    due_now = outlook(0, 7, Demand((NOW_MS,), 0.0), NOW_MS)
    assert sooner(due_now, found, 7, NOW_MS) == due_now
    assert await needs.advice("nowhere", "NZ18", 1, 7) is None


async def test_batteries_are_noted_once_a_week_and_counted_where_they_are(made: DemandRig) -> None:
    await made.keeper.step()
    kept = await made.rig.store.battery_weeks(0)
    assert set(kept) == {"d-1", "d-3", "d-5"}
    assert all(len(seen) == 1 for seen in kept.values())
    forecast = made.keeper.forecast()
    assert isinstance(forecast, DemandForecast)
    assert all(cell.device_model is None for cell in forecast.counts if cell.item == BATTERY)


async def test_the_api_answers_demand_to_every_role(made: DemandRig) -> None:
    async with await made.rig.client_of("technician") as client:
        answer = await client.get("/api/v1/fleet/demand", params={"by": "clinic", "service": 0.9})
        assert answer.status_code == 200
        assert answer.json()["items"] == []
        assert answer.json()["as_of_ms"] is None
        assert (await client.get("/api/v1/fleet/demand", params={"service": 2})).status_code == 422
    async with await made.rig.client_of("vendor") as client:
        assert (await client.get("/api/v1/fleet/demand")).status_code == 200
