"""GET /fleet/usage: what is told to whom, and that it adds up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.analytics.local_days import DAY_MS
from gateway.serve.dispatch import VENDOR
from gateway.serve.product_reader import stored_product
from schemas.access import Scope
from schemas.delivery import Delivery
from schemas.registry import Clinic
from tests.serve.rig import EVERYTHING, NOW_MS, Rig, message, opened_rig

HOUR_MS = 3_600_000
CLINICS = tuple(f"c-{number}" for number in range(7))
DAYS = 90
TODAY = NOW_MS // DAY_MS
HOURS = ",".join(["09:00-19:00"] * 7)


def held(clinic: str, device: str, seq: int, end_ms: int, minutes: int = 30, source: str = "mains") -> Delivery:
    body = {
        "boot_id": "b1", "seq": seq, "ts_ms": end_ms, "session_id": f"{seq:x}", "started_ms": end_ms - minutes * 60_000,
        "ended_ms": end_ms, "strikes": 1_000, "depth_mm": 1.5, "nozzle_serial": None, "power_source": source,
    }  # fmt: skip
    return message(clinic, device, "session", body, received_ms=end_ms + 1_000)


def fleet_history() -> list[Delivery]:
    """Seven clinics of two devices, two sessions a device and day; one device works four times as much on one day."""
    deliveries: list[Delivery] = []
    for number, clinic in enumerate(CLINICS):
        for device in (f"{clinic}-a", f"{clinic}-b"):
            model = "FM100" if device.endswith("a") else "FM200"
            status = {"state": "online", "boot_id": "b1", "model": model, "firmware": "2.4.0"}
            first_ms = (TODAY - DAYS) * DAY_MS
            deliveries.append(message(clinic, device, "status", status, received_ms=first_ms))
            seq = 0
            for day in range(DAYS):
                busy = 24 if (device == "c-0-a" and day == 60) else 2 + (number + device.endswith("b")) % 2
                for turn in range(busy):
                    seq += 1
                    end_ms = (TODAY - DAYS + day) * DAY_MS + 10 * HOUR_MS + turn * HOUR_MS // 3
                    deliveries.append(held(clinic, device, seq, end_ms, source="battery" if turn else "mains"))
    return deliveries


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    made = await opened_rig(tmp_path)
    clinics = [
        Clinic(clinic_id=clinic, region="North" if number < 4 else "South", opening_hours=HOURS)
        for number, clinic in enumerate(CLINICS)
    ]
    await made.services.parts.registry.save(clinics)
    await made.pipeline.ingest(fleet_history())
    yield made
    await made.store.close()


async def asked(rig: Rig, by: str, scope: Scope = EVERYTHING, role: Any = "manager", since: str = "89d") -> Any:
    async with await rig.client_of(role, scope) as client:
        answer = await client.get("/api/v1/fleet/usage", params={"by": by, "since": since})
        assert answer.status_code == 200, answer.text
        return answer.json()


async def test_every_division_adds_up_to_the_same_whole(rig: Rig) -> None:
    whole = (await asked(rig, "clinic"))["total"]
    for by in ("clinic", "model", "firmware", "day", "region", "weekday", "nozzle_model", "form"):
        found = await asked(rig, by)
        sessions = sum(item["sessions"] for item in found["items"])
        assert sessions == found["total"]["sessions"] == whole["sessions"] > 2_000, by
        assert found["next_cursor"] is None
        assert found["total"]["strikes"] == 1_000 * whole["sessions"]


async def test_a_clinics_use_is_told_with_its_rate_time_power_and_trend(rig: Rig) -> None:
    items = (await asked(rig, "clinic"))["items"]
    assert [item["clinic_id"] for item in items] == list(CLINICS)
    item = items[3]
    assert item["devices"] == 2
    assert item["session_minutes"] == 30
    assert item["depth_mm"] == 1.5
    assert 0.4 < item["battery_share"] < 0.7
    assert item["rate"]["low"] < 2.5 < item["rate"]["high"]
    assert item["utilisation"] == pytest.approx(2.5 * 0.5 / 10, rel=0.1)
    assert item["trend"]["low"] < 0 < item["trend"]["high"]
    assert item["trend"]["clear"] is False


async def test_a_day_that_is_unlike_the_rest_names_the_device_that_makes_it(rig: Rig) -> None:
    async with await rig.client_of("manager", Scope(clinics=frozenset({"c-0"}))) as client:
        answer = (await client.get("/api/v1/fleet/usage", params={"by": "day", "since": "89d"})).json()
    odd = answer["anomalies"]
    assert len(odd) == 1
    assert odd[0]["devices"][0]["device_id"] == "c-0-a"
    assert odd[0]["explained_share"] > 0.8
    assert not odd[0]["broad"]
    assert {device["device_id"][:3] for device in odd[0]["devices"]} == {"c-0"}


async def test_a_scope_of_clinics_or_models_leaves_the_rest_out(rig: Rig) -> None:
    one = await asked(rig, "clinic", Scope(clinics=frozenset({"c-2"})))
    assert [item["clinic_id"] for item in one["items"]] == ["c-2"]
    model = await asked(rig, "model", Scope(models=frozenset({"FM200"})))
    assert [item["model"] for item in model["items"]] == ["FM200"]
    assert model["total"]["devices"] == 7


async def test_what_is_summed_already_changes_no_answer(rig: Rig) -> None:
    from gateway.analytics.use_keeper import UseKeeper

    before = await asked(rig, "region")
    parts = rig.services.parts
    keeper = UseKeeper(
        store=rig.store, fleet=parts.fleet, registry=parts.registry, clock=parts.clock, events=parts.events
    )
    await keeper.settle()
    assert len(await rig.store.stale_use_days()) <= 1
    rig.clock.advance(120_000)
    assert await asked(rig, "region") == before


async def test_a_vendor_is_told_settled_months_once_for_all_and_no_small_group(rig: Rig) -> None:
    months = await asked(rig, "model", role="vendor")
    assert {item["model"] for item in months["items"]} == {"FM100", "FM200"}
    assert months["until"].endswith("-01")
    assert months["withheld"]
    assert all(item["devices"] % 5 == 0 for item in months["items"])
    for by in ("clinic", "day", "region"):
        assert (await asked(rig, by, role="vendor"))["items"] == []
    late = (TODAY - 60) * DAY_MS + 15 * HOUR_MS
    await rig.pipeline.ingest([held("c-1", "c-1-a", 5_000, late)])
    rig.clock.advance(120_000)
    assert await asked(rig, "model", role="vendor") == months


async def test_months_that_were_told_of_fewer_clinics_are_told_no_more(rig: Rig) -> None:
    now_ms = rig.clock.now_ms()
    few, more = [await stored_product(rig.store, rig.clock, k) for k in (4, 6)]
    old = await few.usage(VENDOR, "model", now_ms - 75 * DAY_MS, now_ms)
    assert old.items
    whole = await more.usage(VENDOR, "model", now_ms - 120 * DAY_MS, now_ms)
    assert whole.total is None or whole.since >= old.until
    assert (await few.usage(VENDOR, "model", now_ms - 75 * DAY_MS, now_ms)).items == old.items


async def test_counts_are_rounded_to_the_k_that_is_in_force(rig: Rig) -> None:
    now_ms = rig.clock.now_ms()
    told = await (await stored_product(rig.store, rig.clock, 6)).usage(VENDOR, "model", now_ms - 75 * DAY_MS, now_ms)
    assert told.total is not None
    assert told.total.devices
    assert all(item.devices % 6 == 0 for item in (*told.items, told.total))


async def test_a_span_of_more_than_three_years_is_refused(rig: Rig) -> None:
    async with await rig.client_of("manager") as client:
        answer = await client.get("/api/v1/fleet/usage", params={"by": "day", "since": "2000d"})
    assert answer.status_code == 422
