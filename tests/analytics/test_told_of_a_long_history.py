"""What a vendor is told of eight months of a simulated fleet, against what was true of its nozzles."""

from __future__ import annotations

import statistics
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from collectors.simulator.fleet import SimulatedFleet
from collectors.simulator.inventory import BAD_LOT_FACTOR
from collectors.simulator.settings import SimulatorSettings
from gateway.analytics.lifetimes import LifetimeBook
from gateway.demo import history_start_ms
from schemas.access import Viewer
from tests.forecasting.rig import OPEN_STORES, Rig, opened

VENDOR = Viewer("maker", "vendor")
BEFORE_A_QUARTER_SETTLES_MS = 1_775_433_599_000
"""2026-04-05T23:59:59Z: the last quarter that has settled ended 95 days before, as long ago as it can be."""
QUARTER_END_MS = 1_767_225_600_000
SETTINGS = SimulatorSettings(
    start_ms=history_start_ms(BEFORE_A_QUARTER_SETTLES_MS),
    dense_from_ms=BEFORE_A_QUARTER_SETTLES_MS,
    live_from_ms=BEFORE_A_QUARTER_SETTLES_MS,
    devices=24,
)


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[tuple[Rig, SimulatedFleet]]:
    fleet = SimulatedFleet(SETTINGS)
    made = await opened(tmp_path / "s.db", now_ms=BEFORE_A_QUARTER_SETTLES_MS, registry=fleet.registry())
    await made.take(fleet.advance(BEFORE_A_QUARTER_SETTLES_MS), at_once=2_000)
    yield made, fleet
    while OPEN_STORES:
        await OPEN_STORES.pop().close()


async def test_on_the_worst_day_of_the_year_a_demo_tells_its_vendor_the_truth(rig: tuple[Rig, SimulatedFleet]) -> None:
    gateway, fleet = rig
    lifetimes = LifetimeBook(
        store=gateway.store,
        fleet=gateway.fleet,
        registry=gateway.registry,
        forecasts=gateway.keeper,
        clock=gateway.clock,
        sees=lambda viewer, life: True,
    )
    told = await lifetimes.report(VENDOR, "lot")
    assert told.window == "2025-Q4"
    whole = [one for one in told.items if one.curve]
    assert len(whole) >= 3
    assert all(point.at_risk % 5 == 0 for one in whole for point in one.curve)
    true_lives: dict[str, list[int]] = {}
    for nozzle in fleet.truth():
        if nozzle.has_coating_sensor and nozzle.fitted_ms < QUARTER_END_MS:
            true_lives.setdefault(nozzle.lot, []).append(nozzle.strikes_at_limit)
    projected = {one.key: one.projected for one in told.items if one.projected is not None and one.key in true_lives}
    assert len(projected) >= 3
    for lot, found in projected.items():
        assert 0.95 * found.low <= statistics.median(true_lives[lot]) <= 1.05 * found.high, lot
    flagged = [flag for model in told.comparisons for flag in model.flagged]
    bad = next(flag for flag in flagged if flag.lot == fleet.bad_lot)
    assert bad.direction == "shorter"
    assert any(one.life_ratio.low - 0.05 <= 1 / BAD_LOT_FACTOR <= one.life_ratio.high + 0.05 for one in bad.evidence), (
        bad
    )
