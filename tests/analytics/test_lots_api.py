"""GET /fleet/lots: from the devices' own records to the answer, to each as they may see."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gateway.serve.dispatch import VENDOR
from gateway.serve.product_reader import stored_product
from schemas.access import Role, Scope
from schemas.delivery import Delivery
from schemas.lifetime_views import LifetimesView
from schemas.registry import NozzleModel
from tests.serve.rig import EVERYTHING, NOW_MS, Rig, message, opened_rig

DAY_MS = 86_400_000
CLINICS = 7
LOTS = ("good-1", "good-2", "bad")
EACH = 28
BEGUN_MS = NOW_MS - 150 * DAY_MS
"""Well before the last quarter that has settled was over."""


def device(number: int, lot: str, wear: float, strikes: int, *, found_at: int | None) -> list[Delivery]:
    """A device with one nozzle; `found_at`: it was in use already, and nobody reported that it was fitted."""
    clinic, name, serial = f"c-{number % CLINICS}", f"d-{number}", f"n-{number}"
    swap = {
        "boot_id": "b1", "seq": 0, "ts_ms": BEGUN_MS, "event": "fitted", "serial": serial, "strikes": 0,
        "model": "fine-24", "lot": lot, "rated_strikes": 2_000_000,
    }  # fmt: skip
    status = {"state": "online", "boot_id": "b1", "ts_ms": BEGUN_MS, "model": "pen-2", "firmware": "1.4.0"}
    return [
        message(clinic, name, "status", status, received_ms=BEGUN_MS),
        *([] if found_at is not None else [message(clinic, name, "nozzle", swap, received_ms=BEGUN_MS)]),
        message(clinic, name, "telemetry", sample(1, BEGUN_MS, serial, 0.05, found_at or 0), received_ms=BEGUN_MS),
        message(clinic, name, "telemetry", sample(2, NOW_MS - DAY_MS, serial, wear, strikes)),
    ]


def sample(seq: int, ts_ms: int, serial: str, wear: float, strikes: int) -> dict[str, Any]:
    return {
        "boot_id": "b1", "seq": seq, "ts_ms": ts_ms,
        "power": {"source": "mains", "charge": None, "voltage_v": 230.0},
        "nozzle": {"serial": serial, "strikes": strikes, "coating": round(1.0 - 0.8 * min(wear, 1.2), 4)},
        "sessions": {"total": 40 + seq, "active": False},
    }  # fmt: skip


def history() -> list[Delivery]:
    rng = np.random.default_rng(12)
    made: list[Delivery] = []
    for number in range(EACH * len(LOTS)):
        lot = LOTS[number % len(LOTS)]
        life = (0.5 if lot == "bad" else 1.0) * 1e6 * float(rng.weibull(5.0))
        strikes = int(min(rng.uniform(0.3, 1.1) * 1e6, 1.15 * life))
        wear = strikes / life
        made += device(number, lot, wear, strikes, found_at=None)
    made += device(900, "good-1", 0.7, 600_000, found_at=200_000)
    return made


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    made = await opened_rig(tmp_path)
    await made.services.parts.registry.save([NozzleModel(model="fine-24", rated_strikes=2_000_000)])
    await made.pipeline.ingest(history())
    yield made
    await made.store.close()


async def asked(rig: Rig, by: str | None = None, role: Role = "manager", scope: Scope = EVERYTHING) -> LifetimesView:
    async with await rig.client_of(role, scope) as client:
        answer = await client.get("/api/v1/fleet/lots", params={"by": by} if by else {})
        assert answer.status_code == 200, answer.text
        return LifetimesView.model_validate(answer.json())


async def test_the_bad_lot_is_named_from_what_devices_recorded(rig: Rig) -> None:
    answer = await asked(rig)
    assert answer.by == "lot"
    assert {item.key: item.nozzles for item in answer.items} == {"good-1": 28, "good-2": 28, "bad": 28, "unknown": 1}
    assert [item.key for item in answer.items if item.flag is not None] == ["bad"]
    bad = next(item for item in answer.items if item.key == "bad")
    assert bad.flag is not None
    ratios = {one.kind: one.life_ratio.value for one in bad.flag.evidence}
    assert ratios == pytest.approx({"lives": 0.5, "wear": 0.5}, abs=0.1)


async def test_a_nozzle_found_in_use_counts_from_the_age_at_which_it_was_found(rig: Rig) -> None:
    answer = await asked(rig, "model")
    assert sum(item.seen_late for item in answer.items) == 1
    assert "seen_late" in {note.code for note in answer.notes}


async def test_every_division_has_all_nozzles_once(rig: Rig) -> None:
    for by in ("lot", "model", "firmware", "form", "use"):
        answer = await asked(rig, by)
        assert sum(item.nozzles for item in answer.items) == EACH * len(LOTS) + 1
        assert answer.next_cursor is None


async def test_a_scope_of_clinics_sees_their_nozzles_only(rig: Rig) -> None:
    answer = await asked(rig, "lot", "technician", Scope(clinics=frozenset({"c-1"})))
    assert sum(item.nozzles for item in answer.items) == EACH * len(LOTS) // CLINICS


async def test_another_division_than_those_is_refused(rig: Rig) -> None:
    async with await rig.client_of("manager") as client:
        assert (await client.get("/api/v1/fleet/lots", params={"by": "clinic"})).status_code == 422


async def test_the_answer_is_reckoned_anew_after_ten_minutes_and_not_before(rig: Rig) -> None:
    before = await asked(rig, "model")
    new = device(901, "good-2", 0.4, 400_000, found_at=None)
    await rig.pipeline.ingest(new)
    assert await asked(rig, "model") == before
    rig.clock.advance(600_001)
    later = await asked(rig, "model")
    assert later.as_of_ms > before.as_of_ms
    assert sum(item.nozzles for item in later.items) == sum(item.nozzles for item in before.items) + 1


async def test_a_vendor_is_told_the_last_quarter_once_for_all(rig: Rig) -> None:
    first = await asked(rig, "lot", "vendor")
    assert first.window is not None
    assert [item.key for item in first.items if item.flag is not None] == ["bad"]
    assert all(item.nozzles % 5 == 0 for item in first.items)
    told = json.dumps(first.model_dump(mode="json"))
    assert not any(f'"c-{number}"' in told or f"n-{number}" in told for number in range(CLINICS))
    await rig.pipeline.ingest(device(902, "bad", 0.9, 100_000, found_at=None))
    rig.clock.advance(600_001)
    assert (await asked(rig, "lot", "vendor")).items == first.items


async def test_a_quarter_that_was_told_of_fewer_clinics_is_told_no_more(rig: Rig) -> None:
    few, more = [await stored_product(rig.store, rig.clock, k) for k in (4, 5)]
    first = await few.lifetimes(VENDOR, "lot")
    assert first.items
    withheld = await more.lifetimes(VENDOR, "lot")
    assert (withheld.items, [note.code for note in withheld.notes]) == ((), ["withheld"])
    assert (await few.lifetimes(VENDOR, "lot")).items == first.items


async def test_a_vendor_is_not_told_by_what_would_split_the_lots_again(rig: Rig) -> None:
    for by in ("firmware", "form", "use"):
        answer = await asked(rig, by, "vendor")
        assert answer.items == ()
        assert [note.code for note in answer.notes] == ["withheld"]


async def test_a_vendor_of_certain_clinics_is_told_nothing_of_all(rig: Rig) -> None:
    answer = await asked(rig, "lot", "vendor", Scope(clinics=frozenset({"c-1"})))
    assert answer.items == ()


async def test_pages_read_the_same_answer(rig: Rig) -> None:
    viewer = await rig.services.access.by_token(await rig.token("manager"))
    assert viewer is not None
    assert await rig.services.page_reader.lifetimes(viewer, "lot") == await asked(rig, "lot")
