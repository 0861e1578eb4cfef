"""A recorded week of a small fleet in which much goes wrong; for tests that need real deliveries in any order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from collectors.simulator.fleet import SimulatedFleet
from collectors.simulator.settings import DAY_MS, HOUR_MS, MINUTE_MS, Oddities, SimulatorSettings
from schemas.decode import decode
from schemas.delivery import Delivery
from schemas.records import Record

WEEK_START_MS: Final = 1_767_571_200_000
"""Monday, 2026-01-05."""
WEEK_END_MS: Final = WEEK_START_MS + 7 * DAY_MS

MANY_ODDITIES: Final = Oddities(
    reboots_per_day=0.5,
    offline_per_day=0.4,
    long_offline_share=0.2,
    outages_per_day=0.3,
    unset_clock_share=0.5,
    broken_sync_share=0.2,
    duplicate_share=0.05,
    late_share=0.05,
    sensorless_share=0.2,
    depthless_share=0.2,
    unreadable_tag_per_day=0.15,
    damage_per_day=0.25,
    cleaning_per_day=0.2,
    unreported_swap_share=0.15,
    unannounced_share=0.3,
    repair_share=0.3,
)


def recorded_week(seed: int, devices: int = 4) -> list[Delivery]:
    """A week of samples every hour, and every ten minutes in a session; the last three days sent singly, in order
    of receipt: with redeliveries, overtaking, unset clocks, reboots, backlogs, swaps and offline statuses."""
    fleet = SimulatedFleet(
        SimulatorSettings(
            start_ms=WEEK_START_MS,
            devices=devices,
            clinics=max(1, devices // 2),
            seed=seed,
            live_from_ms=WEEK_START_MS + 4 * DAY_MS,
            sample_interval_ms=HOUR_MS,
            session_interval_ms=10 * MINUTE_MS,
            batch_ms=6 * HOUR_MS,
            oddities=MANY_ODDITIES,
        )
    )
    return list(fleet.advance(WEEK_END_MS))


def records_of(deliveries: Iterable[Delivery]) -> list[Record]:
    """Every record of the deliveries, redelivered ones again. None of them may be rejected."""
    records: list[Record] = []
    for delivery in deliveries:
        decoded = decode(delivery.topic, delivery.payload)
        assert decoded.rejections == (), (delivery, decoded.rejections)
        records.extend(decoded.records)
    return records
