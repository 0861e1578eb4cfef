"""The lives of a simulated fleet, whose every nozzle's true life is known."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from gateway.analytics.lifetimes import LifetimeBook
from schemas.access import Viewer
from tests.forecasting.rig import OPEN_STORES, Recorded, Rig, opened, recorded

MANAGER = Viewer("manager", "manager")
SIZE = (80, 20)
"""Days and devices."""


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    made = await opened(tmp_path / "s.db", now_ms=fleet().until_ms, registry=fleet().registry)
    await made.take(fleet().deliveries)
    await made.rest()
    yield made
    while OPEN_STORES:
        await OPEN_STORES.pop().close()


def fleet() -> Recorded:
    return recorded(*SIZE)


async def test_lives_are_what_they_truly_were_and_the_bad_lot_is_named(rig: Rig) -> None:
    lifetimes = LifetimeBook(
        store=rig.store,
        fleet=rig.fleet,
        registry=rig.registry,
        forecasts=rig.keeper,
        clock=rig.clock,
        sees=lambda viewer, life: True,
    )
    truth = fleet().truth
    lives = await lifetimes.lives()
    ended = [life for life in lives if life.state == "ended" and life.counts]
    assert len(ended) >= 8
    assert [life.strikes for life in ended] == pytest.approx(
        [truth[life.serial].strikes_at_limit for life in ended], rel=0.03
    )
    assert not [life.serial for life in lives if life.state == "ended" and truth[life.serial].wear < 0.97]
    paced = [life for life in lives if life.log_pace is not None and life.wear is not None and life.wear > 0.3]
    off = [-(life.log_pace or 0.0) - math.log(truth[life.serial].strikes_at_limit) for life in paced]
    assert abs(float(np.median(off))) < 0.03
    answer = await lifetimes.report(MANAGER, "lot")
    flagged = [flag for model in answer.comparisons for flag in model.flagged]
    assert flagged[0].lot == fleet().bad_lot
    assert flagged[0].direction == "shorter"
    assert {note.code for note in answer.notes} >= {"replaced_early_by_wear", "unmeasured"}
