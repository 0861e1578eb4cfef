"""Forecasts online: against the simulator's truth, over restarts and moves, beside a loop that must stay free."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from gateway.forecasting.fit import FitRequest, Learnt
from gateway.forecasting.learning import learn_apart
from gateway.store.forecast_rows import NozzleBins, WearBin
from gateway.wear.calibrate import UNCHANGED
from schemas.delivery import Delivery
from tests.forecasting.rig import START_MS, Rig, opened, recorded
from tests.serve.rig import message

FLEET = (28, 16)
"""Days and devices."""
DAY_MS = 86_400_000


@pytest.fixture
async def rig(tmp_path: Path) -> Rig:
    month = recorded(*FLEET)
    made = await opened(tmp_path / "store.db", now_ms=month.until_ms, registry=month.registry)
    await made.take(month.deliveries)
    await made.rest()
    return made


async def test_forecasts_hold_what_is_true(rig: Rig) -> None:
    truth = recorded(*FLEET).truth
    inside = asked = 0
    for serial, nozzle in truth.items():
        forecast = rig.keeper.forecast_of(serial)
        if forecast is None or not forecast.measured or forecast.wear >= 1.0:
            continue
        left = max(nozzle.strikes_at_limit - nozzle.strikes, 0)
        asked += 1
        inside += forecast.remaining_strikes.p10 <= left <= forecast.remaining_strikes.p90
        assert abs(forecast.wear - nozzle.wear) < 0.08
        assert forecast.wear_low <= forecast.wear <= forecast.wear_high
    assert asked >= 15
    assert 0.5 <= inside / asked <= 1.0


async def test_every_nozzle_that_told_its_strikes_has_a_sound_forecast(rig: Rig) -> None:
    for nozzle in rig.fleet.nozzles():
        forecast = rig.keeper.forecast_of(nozzle.serial)
        assert forecast is not None, nozzle
        parts = (forecast.remaining_strikes, forecast.remaining_sessions, forecast.remaining_days)
        for remaining in parts:
            assert remaining is not None
            values = remaining.values()
            assert list(values) == sorted(values)
            assert all(0.0 <= value < 1e12 for value in values)
        assert forecast.replace_by is not None
        assert forecast.chance_before_next is not None
        assert 0.0 <= forecast.chance_before_next <= 1.0


async def test_replacing_is_told_for_a_day_on_which_the_clinic_opens(rig: Rig) -> None:
    for nozzle in rig.fleet.nozzles():
        forecast = rig.keeper.forecast_of(nozzle.serial)
        assert forecast is not None
        assert forecast.replace_by is not None
        hours = rig.registry.clinic(forecast.clinic_id).opening_hours.split(",")
        assert hours[forecast.replace_by.weekday()] != "closed"


async def test_the_bad_lot_is_named_and_no_other(rig: Rig) -> None:
    assert {lot.subject for lot in rig.keeper.abnormal_lots()} <= {recorded(*FLEET).bad_lot}


async def test_a_restart_says_the_same_to_the_last_bit(rig: Rig, tmp_path: Path) -> None:
    said = {nozzle.serial: wear_said(rig, nozzle.serial) for nozzle in rig.fleet.nozzles()}
    states = (await rig.wear())[0]
    now_ms = rig.clock.now_ms()
    await rig.close()
    again = await opened(tmp_path / "store.db", now_ms=now_ms)
    await again.keeper.settle()
    assert (await again.wear())[0] == states
    assert {serial: wear_said(again, serial) for serial in said} == said


def wear_said(rig: Rig, serial: str) -> tuple[object, ...]:
    forecast = rig.keeper.forecast_of(serial)
    assert forecast is not None
    return (forecast.wear, forecast.wear_low, forecast.wear_high, forecast.remaining_strikes, forecast.fit_no)


async def test_forecasts_are_kept_scored_when_the_life_has_ended_and_learnt_from(tmp_path: Path) -> None:
    month = recorded(*FLEET)
    early = [delivery for delivery in month.deliveries if delivery.received_ms < START_MS + 14 * DAY_MS]
    rig = await opened(tmp_path / "store.db", now_ms=START_MS + 14 * DAY_MS, registry=month.registry)
    await rig.take(early)
    await rig.rest()
    rig.keeper.fits.start = lambda _: None  # type: ignore[method-assign]
    for day in range(15, 29):
        rig.clock.step(START_MS + day * DAY_MS)
        until_ms = rig.clock.now_ms()
        await rig.take([one for one in month.deliveries if until_ms - DAY_MS <= one.received_ms < until_ms])
        await rig.rest(1)
    rig.clock.step(START_MS + 40 * DAY_MS)
    await rig.rest(1)
    rows = {row.group: row for row in rig.keeper.coverage()}
    assert sum(row.settled for row in rows.values()) > 30
    scored = sum(row.scored for row in rows.values())
    assert scored > 10
    inside = sum((row.inside_80 or 0.0) * row.scored for row in rows.values())
    assert 0.4 <= inside / scored <= 1.0
    some = [serial for serial in month.truth if len(await rig.store.issued_forecasts(serial)) > 2]
    for serial in some:
        issued = await rig.store.issued_forecasts(serial)
        assert len({(one.day, one.tenth) for one in issued}) == len(issued)
        for one in issued:
            assert one.outcome != "crossed" or one.came_strikes is not None
            assert one.pit is None or 0.0 <= one.pit <= 1.0

    assert all(fit.taught == () for fit in rig.keeper.fits.all())
    del rig.keeper.fits.start
    rig.clock.step(START_MS + 42 * DAY_MS)
    await rig.rest(5)
    taught = {fit.model: fit.taught for fit in rig.keeper.fits.all()}
    assert any(taught.values())
    serial = next(
        n.serial for n in rig.fleet.nozzles() if taught.get(n.model or "") and rig.keeper.follower.state(n.serial)
    )
    said = wear_said(rig, serial)
    forecast = rig.keeper.forecast_of(serial)
    assert forecast is not None
    assert forecast.taught != UNCHANGED
    await rig.close()
    again = await opened(tmp_path / "store.db", now_ms=START_MS + 42 * DAY_MS)
    await again.keeper.settle()
    assert {fit.model: fit.taught for fit in again.keeper.fits.all()} == taught
    assert wear_said(again, serial) == said


async def test_a_nozzle_that_moves_to_another_device_takes_its_wear_along(tmp_path: Path) -> None:
    rig = await opened(tmp_path / "store.db", now_ms=START_MS + DAY_MS)

    def reading(device: str, seq: int, strikes: int, wear: float) -> Delivery:
        at_ms = START_MS + strikes * 8
        body = {
            "boot_id": f"b-{device}", "seq": seq, "ts_ms": at_ms,
            "power": {"source": "mains", "charge": None, "voltage_v": 230.0},
            "nozzle": {"serial": "n-1", "strikes": strikes, "coating": 1 - 0.8 * wear},
            "sessions": {"total": seq, "active": False},
        }  # fmt: skip
        return message("c-1", device, "telemetry", body, at_ms + 5)

    first = [reading("d-1", k, 100_000 * k, 0.05 * k) for k in range(10)]
    then = [reading("d-2", k, 100_000 * k, 0.05 * k) for k in range(10, 18)]
    await rig.take([*first, *then])
    await rig.rest(3)
    _, bins = await rig.wear()
    assert sum(part.readings for part in bins["n-1"].bins) == 18
    forecast = rig.keeper.forecast_of("n-1")
    assert forecast is not None
    assert forecast.device_id == "d-2"
    assert forecast.wear == pytest.approx(0.85, abs=0.08)
    await rig.take(first[::-1])
    await rig.rest(1)
    assert (await rig.wear())[1] == bins


def worn(serial: str, speed: float) -> NozzleBins:
    """A nozzle that wears evenly to 95 %."""
    parts = [
        WearBin(place, 5, 5 * (place * 4_096 + 2_000), 5 * round(1e6 * (1 - 0.8 * speed * place / 100)))
        for place in range(int(95 / speed))
    ]
    return NozzleBins(serial, 12, tuple(parts))


async def test_learning_leaves_the_loop_free_and_gives_what_it_gives_here() -> None:
    nozzles = tuple((worn(f"n-{k}", 0.6 + 0.05 * k), "lot-1" if k % 2 else None) for k in range(16))
    stalls: list[float] = []

    async def watch() -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.005)
            stalls.append(time.perf_counter() - before)

    watching = asyncio.create_task(watch())
    begin_s = time.perf_counter()
    learnt = await learn_apart(FitRequest("m", 0.2, 400_000, nozzles))
    whole_s = time.perf_counter() - begin_s
    watching.cancel()
    assert learnt is not None
    assert learnt.units == 16
    assert max(stalls) < whole_s / 2


async def test_a_learning_that_is_cancelled_ends_its_process() -> None:
    nozzles = tuple((worn(f"n-{k}", 0.6 + 0.02 * k), None) for k in range(40))
    task = asyncio.create_task(learn_apart(FitRequest("m", 0.2, None, nozzles)))
    await asyncio.sleep(0.2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 60)


async def test_a_failed_learning_is_told_and_tried_again_later(tmp_path: Path) -> None:
    month = recorded(7, 4)

    async def fail(request: FitRequest) -> Learnt | None:
        return Learnt(b"not a document", 1, 1)

    rig = await opened(tmp_path / "store.db", now_ms=month.until_ms, registry=month.registry, learn=fail)
    await rig.take(month.deliveries)
    await rig.rest(2)
    assert rig.metrics.get_sample_value("silverpoint_wear_fit_failures_total") >= 2
    assert rig.keeper.fits.all() == ()
    assert await rig.store.latest_fits() == ()
