"""What the API, the live changes and the metrics tell of forecasts."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from gateway.alerts.conditions import nozzle_due, nozzle_facts
from gateway.alerts.due import due_by
from gateway.config import AlertsConfig
from gateway.config_forecast import ForecastConfig
from gateway.forecasting.online import ForecastKeeper
from gateway.serve.http import create_app
from gateway.serve.services import Services, build_services
from schemas.access import Viewer
from schemas.delivery import Delivery
from schemas.registry import NozzleModel
from tests.forecasting.rig import OPEN_STORES, learn_here
from tests.serve.rig import MINUTE_MS, NO_TLS, NOW_MS, Rig, message, opened_rig

DAY_MS = 86_400_000
SERIAL = "n-1"


def worn_for(days: int) -> list[Delivery]:
    """A nozzle in use: two sessions a day, after each of them a reading."""
    sent: list[Delivery] = []
    for turn in range(2 * days):
        at_ms = NOW_MS - (2 * days - turn) * DAY_MS // 2
        strikes = 150_000 * (turn + 1)
        session = {
            "boot_id": "b1", "seq": 2 * turn, "ts_ms": at_ms, "session_id": f"{turn:04x}",
            "started_ms": at_ms - 25 * MINUTE_MS, "ended_ms": at_ms, "strikes": 150_000, "depth_mm": 1.0,
            "nozzle_serial": SERIAL, "power_source": "mains", "end": "normal",
        }  # fmt: skip
        reading = {
            "boot_id": "b1", "seq": 2 * turn + 1, "ts_ms": at_ms + 1_000,
            "power": {"source": "mains", "charge": None, "voltage_v": 230.0},
            "nozzle": {"serial": SERIAL, "strikes": strikes, "coating": 1 - 0.8 * strikes / 9_000_000},
            "sessions": {"total": turn + 1, "active": False},
        }  # fmt: skip
        sent += [message("c-1", "d-1", "session", session, at_ms), message("c-1", "d-1", "telemetry", reading, at_ms)]
    last = {**reading, "seq": 10_000, "ts_ms": NOW_MS - MINUTE_MS}
    swap = {
        "boot_id": "b0", "seq": 0, "ts_ms": NOW_MS - days * DAY_MS - MINUTE_MS, "event": "fitted", "serial": SERIAL,
        "strikes": 0, "model": "NZ", "lot": "lot-1",
    }  # fmt: skip
    return [message("c-1", "d-1", "nozzle", swap), *sent, message("c-1", "d-1", "telemetry", last)]


class Served:
    """A gateway that forecasts, without its broker."""

    def __init__(self, rig: Rig, services: Services, keeper: ForecastKeeper, app: FastAPI) -> None:
        self.rig = rig
        self.services = services
        self.keeper = keeper
        self.app = app

    async def get(self, path: str) -> Any:
        transport = httpx.ASGITransport(self.app, client=("10.0.0.9", 5000))
        headers = {"Authorization": f"Bearer {await self.rig.token('manager')}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test", headers=headers) as client:
            answer = await client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text if path == "/metrics" else answer.json()


@pytest.fixture
async def served(tmp_path: Path) -> Served:
    rig = await opened_rig(tmp_path)
    OPEN_STORES.append(rig.store)
    parts = rig.services.parts
    await parts.registry.save([NozzleModel(model="NZ", rated_strikes=9_000_000, lead_days=3)])
    keeper = ForecastKeeper(
        store=rig.store,
        fleet=parts.fleet,
        registry=parts.registry,
        feed=parts.feed,
        events=parts.events,
        clock=rig.clock,
        settings=ForecastConfig(),
        learn=learn_here,
    )
    services = await build_services(replace(parts, forecasts=keeper), NO_TLS)
    await rig.pipeline.ingest(worn_for(20))
    await keeper.settle()
    return Served(rig, services, keeper, create_app(services))


async def test_a_device_shows_what_its_nozzle_has_left(served: Served) -> None:
    device = await served.get("/api/v1/devices/d-1")
    left = device["forecast"]["remaining_sessions"]
    assert 10 <= left["p10"] <= left["p50"] <= left["p90"] <= 60
    assert device["forecast"]["remaining_days"]["p50"] == pytest.approx(left["p50"] / 2, rel=0.4)
    assert len(device["forecast"]["replace_by"]) == len("2026-01-31")
    nozzle = device["nozzle"]
    assert nozzle["wear_low"] <= nozzle["wear"] + 0.02
    assert nozzle["wear_high"] >= nozzle["wear"] - 0.02
    listed = await served.get("/api/v1/devices")
    assert listed["items"][0]["forecast"] == device["forecast"]


async def test_a_nozzle_tells_its_wear_so_far_how_it_may_go_on_and_what_was_forecast(served: Served) -> None:
    life = await served.get(f"/api/v1/nozzles/{SERIAL}")
    assert sum(point["readings"] for point in life["history"]) == 41
    strikes = [band["strikes"] for band in life["bands"]]
    assert strikes == sorted(strikes)
    assert strikes[0] == 6_000_000
    assert all(band["p10"] <= band["p50"] <= band["p90"] for band in life["bands"])
    assert [past["outcome"] for past in life["past_forecasts"]] == [None]
    assert life["forecast"]["group"] in ("lot lot-1", "model NZ")
    assert (await served.get("/api/v1/forecasts/coverage")) == {"items": [], "next_cursor": None}


@pytest.mark.parametrize(("lead_days", "band"), [(0, "ok"), (60, "due")])
async def test_a_nozzle_is_due_on_pages_when_its_alert_says_so(served: Served, lead_days: int, band: str) -> None:
    """By its wear of 67 % alone it would not be, however long the next one takes to come."""
    parts = served.services.parts
    await served.services.actions.save_entry(
        Viewer("ada", "manager"), NozzleModel(model="NZ", rated_strikes=9_000_000, lead_days=lead_days), ("lead_days",)
    )
    assert (await served.get("/api/v1/devices/d-1"))["wear_band"] == band
    listed = (await served.get(f"/api/v1/nozzles?state={band}"))["items"]
    assert [nozzle["serial"] for nozzle in listed] == [SERIAL]
    assert (await served.get("/api/v1/fleet/summary"))[f"nozzles_{band}"] == 1
    nozzle, model, forecast = parts.fleet.nozzle(SERIAL), parts.registry.model("NZ"), served.keeper.forecast_of(SERIAL)
    assert nozzle is not None
    assert forecast is not None
    assert forecast.replace_by is not None
    facts = nozzle_facts(nozzle, model, None, due_by(forecast.replace_by, lead_days, "UTC", ""))
    alert = nozzle_due(facts, AlertsConfig())
    assert alert is not None
    assert (alert.verdict == "true") == (band == "due")


async def test_prometheus_reads_the_sessions_that_are_left(served: Served) -> None:
    text = await served.get("/metrics")
    forecast = (await served.get("/api/v1/devices/d-1"))["forecast"]["remaining_sessions"]
    labels = f'clinic="c-1",device="d-1",nozzle="{SERIAL}"'
    for quantile, key in (("0.1", "p10"), ("0.5", "p50"), ("0.9", "p90")):
        line = f'silverpoint_nozzle_remaining_sessions{{{labels},quantile="{quantile}"}} {forecast[key]!r}'
        assert line in text


async def test_whoever_watches_is_told_when_a_forecast_changes(served: Served) -> None:
    changes = served.services.reader.changes(Viewer("ada", "manager"))
    await anext(changes)
    served.keeper.changes.publish(0, ("d-1",))
    change = await asyncio.wait_for(anext(changes), 5)
    assert [device.id for device in change.devices] == ["d-1"]
    await changes.aclose()
