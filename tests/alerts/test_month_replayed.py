"""A recorded month, replayed again and again, with the gateway killed in between: the same alerts, none twice."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from collectors.simulator.fleet import SimulatedFleet
from collectors.simulator.settings import DAY_MS, HOUR_MS, MINUTE_MS, SimulatorSettings
from gateway import breath
from gateway.clock import ManualClock
from schemas.delivery import Delivery
from schemas.registry import NozzleModel
from tests.alerts.site import Site, open_site
from tests.support.recorded_week import MANY_ODDITIES, WEEK_START_MS

MONTH_END_MS = WEEK_START_MS + 30 * DAY_MS


@lru_cache(maxsize=1)
def recorded_month() -> tuple[Delivery, ...]:
    """A month of five devices, in order of receipt, with all that goes wrong in the field."""
    settings = SimulatorSettings(
        start_ms=WEEK_START_MS,
        devices=5,
        clinics=2,
        seed=11,
        live_from_ms=WEEK_START_MS + DAY_MS,
        sample_interval_ms=HOUR_MS,
        session_interval_ms=10 * MINUTE_MS,
        batch_ms=6 * HOUR_MS,
        oddities=MANY_ODDITIES,
    )
    return tuple(SimulatedFleet(settings).advance(MONTH_END_MS))


def days(deliveries: Sequence[Delivery]) -> list[list[Delivery]]:
    found: dict[int, list[Delivery]] = {}
    for delivery in deliveries:
        found.setdefault((delivery.received_ms - WEEK_START_MS) // DAY_MS, []).append(delivery)
    return [found[day] for day in sorted(found)]


async def replay(path: Path, batches: Sequence[Sequence[Delivery]], kills: Sequence[int]) -> None:
    """Takes the batches in; before those in `kills` the gateway dies, some with a batch that no rule has seen."""
    site_at, left = 0, list(batches)
    for until in (*kills, len(left)):
        async with open_site(path, clock=ManualClock(MONTH_END_MS)) as site:
            await site.registry.save([NozzleModel(model="fine-24", rated_strikes=1_000_000)])
            for number in range(site_at, until):
                await site.ingest(*left[number])
                if number < until - 1 or until == len(left):
                    await site.engine.evaluate([state.device_id for state in site.fleet.devices()], 0)
        site_at = until


async def outcome(path: Path) -> tuple[list[Any], list[Any]]:
    """The alerts that ever fired, and how often each did."""
    async with open_site(path, clock=ManualClock(MONTH_END_MS)) as site:
        return await _fired(site), await _firings(site)


async def _fired(site: Site) -> list[Any]:
    return sorted(
        (alert.rule, alert.subject, alert.state, alert.firing_since_ms, alert.resolved_ms)
        for alert in await site.alerts()
        if alert.firing_since_ms is not None
    )


async def _firings(site: Site) -> list[Any]:
    told = []
    for alert in await site.alerts():
        rows = await site.store.alert_history(alert.alert_id)
        fired = [row.at_ms for row in rows if row.to_state == "firing" and row.from_state != "firing"]
        assert len(fired) == len(set(fired)), "fired twice by the same evidence"
        told.append((alert.rule, alert.subject, fired))
    return sorted(told)


async def test_a_month_replayed_three_times_with_kills_raises_the_same_alerts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breath, "_LONGEST_S", 0.0)  # nobody else waits for this loop, and rests take half of the time
    batches = days(recorded_month())
    rng = random.Random(5)
    once = tmp_path / "once.db"
    await replay(once, batches, ())
    fired, firings = await outcome(once)
    assert {"nozzle_worn_out", "battery_low"} & {row[0] for row in fired}, fired
    killed = tmp_path / "killed.db"
    for _ in range(3):
        await replay(killed, batches, sorted(rng.sample(range(1, len(batches)), 6)))
        assert await outcome(killed) == (fired, firings)
