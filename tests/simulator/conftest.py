"""A month of a fleet, simulated once for all tests that only look at it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from collectors.simulator.fleet import SimulatedFleet
from collectors.simulator.settings import DAY_MS, SimulatorSettings
from schemas.delivery import Delivery
from schemas.records import NozzleEvent, Sample, Session, Status
from tests.support.recorded_week import WEEK_START_MS, records_of

MONTH_END_MS = WEEK_START_MS + 28 * DAY_MS


@dataclass(frozen=True)
class SimulatedMonth:
    fleet: SimulatedFleet
    deliveries: list[Delivery]
    samples: list[Sample]
    sessions: list[Session]
    nozzle_events: list[NozzleEvent]
    statuses: list[Status]


@pytest.fixture(scope="session")
def month() -> SimulatedMonth:
    """Twelve devices in twelve clinics, each record once."""
    fleet = SimulatedFleet(SimulatorSettings(start_ms=WEEK_START_MS, devices=12, seed=7))
    deliveries = list(fleet.advance(MONTH_END_MS))
    records = list(dict.fromkeys(records_of(deliveries)))
    return SimulatedMonth(
        fleet,
        deliveries,
        [record for record in records if isinstance(record, Sample)],
        [record for record in records if isinstance(record, Session)],
        [record for record in records if isinstance(record, NozzleEvent)],
        [record for record in records if isinstance(record, Status)],
    )
