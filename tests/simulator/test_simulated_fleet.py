"""A fleet is the same whenever it is made, and however it is advanced."""

from __future__ import annotations

import re
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.simulator.fleet import SimulatedFleet
from collectors.simulator.settings import DAY_MS, HOUR_MS, NO_ODDITIES, SimulatorSettings
from schemas.delivery import Delivery
from schemas.registry import Clinic, DeviceEntry, Lot, NozzleModel
from tests.support.recorded_week import MANY_ODDITIES, WEEK_START_MS, recorded_week

SMALL = SimulatorSettings(
    start_ms=WEEK_START_MS, devices=3, clinics=2, seed=11, live_from_ms=WEEK_START_MS + DAY_MS, oddities=MANY_ODDITIES
)
END_MS = WEEK_START_MS + 2 * DAY_MS
_SAMPLED = re.compile(rb'"ts_ms":(\d+)')


@pytest.fixture(scope="module")
def in_one_go() -> list[Delivery]:
    return list(SimulatedFleet(SMALL).advance(END_MS))


def test_the_same_seed_gives_the_same_deliveries_and_truth(in_one_go: list[Delivery]) -> None:
    again = SimulatedFleet(SMALL)
    assert list(again.advance(END_MS)) == in_one_go
    once_more = SimulatedFleet(SMALL)
    assert list(once_more.advance(END_MS)) == in_one_go
    assert once_more.truth() == again.truth()


def test_another_seed_gives_another_fleet(in_one_go: list[Delivery]) -> None:
    assert list(SimulatedFleet(replace(SMALL, seed=12)).advance(END_MS)) != in_one_go


@given(st.lists(st.integers(WEEK_START_MS, END_MS), max_size=40))
@settings(max_examples=10, deadline=None)
def test_how_the_fleet_is_advanced_changes_nothing(in_one_go: list[Delivery], stops: list[int]) -> None:
    fleet = SimulatedFleet(SMALL)
    delivered = [delivery for stop_ms in [*sorted(stops), END_MS] for delivery in fleet.advance(stop_ms)]
    assert delivered == in_one_go


def test_advancing_backwards_delivers_nothing() -> None:
    fleet = SimulatedFleet(SMALL)
    list(fleet.advance(END_MS))
    assert list(fleet.advance(WEEK_START_MS)) == []
    assert fleet.now_ms == END_MS


def test_deliveries_come_in_order_of_receipt_and_never_after_the_time_asked_for() -> None:
    receipts = [delivery.received_ms for delivery in recorded_week(5)]
    assert receipts == sorted(receipts)
    fleet = SimulatedFleet(SMALL)
    for stop_ms in range(WEEK_START_MS + HOUR_MS, WEEK_START_MS + DAY_MS, HOUR_MS):
        assert all(stop_ms - HOUR_MS < delivery.received_ms <= stop_ms for delivery in fleet.advance(stop_ms))


def test_one_more_device_leaves_the_others_as_they_are(in_one_go: list[Delivery]) -> None:
    more = SimulatedFleet(replace(SMALL, devices=4)).advance(END_MS)
    known = {delivery.topic for delivery in in_one_go}
    assert [delivery for delivery in more if delivery.topic in known] == in_one_go


def test_the_registry_names_every_clinic_device_model_and_lot() -> None:
    fleet = SimulatedFleet(SimulatorSettings(start_ms=WEEK_START_MS, devices=30))
    delivered = {tuple(d.topic.split("/")[2:4]) for d in fleet.advance(WEEK_START_MS + HOUR_MS)}
    entries = fleet.registry()
    clinics = {entry.clinic_id: entry for entry in entries if isinstance(entry, Clinic)}
    devices = {entry.device_id for entry in entries if isinstance(entry, DeviceEntry)}
    models = {entry.model: entry for entry in entries if isinstance(entry, NozzleModel)}
    lots = {entry.lot: entry for entry in entries if isinstance(entry, Lot)}
    assert {clinic_id for clinic_id, _ in delivered} == set(clinics)
    assert {device_id for _, device_id in delivered} == devices
    assert {nozzle.model for nozzle in fleet.truth()} <= set(models)
    assert {nozzle.lot for nozzle in fleet.truth()} <= set(lots)
    assert fleet.bad_lot in lots
    assert all(len(clinic.opening_hours.split(",")) == 7 for clinic in clinics.values())
    assert len({ZoneInfo(clinic.timezone) for clinic in clinics.values()}) == 12


@pytest.mark.parametrize(
    "wrong",
    [
        {"devices": 0},
        {"clinics": 0},
        {"start_ms": 0},
        {"sample_interval_ms": 10},
        {"live_session_interval_ms": 0},
        {"batch_ms": -1},
    ],
)
def test_settings_that_make_no_fleet_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"must"):
        SimulatorSettings(**{"start_ms": WEEK_START_MS, **wrong})


def test_once_live_each_sample_is_sent_at_once_at_the_live_intervals() -> None:
    live_from_ms = WEEK_START_MS + 10 * HOUR_MS
    lively = replace(
        SMALL,
        live_from_ms=live_from_ms,
        oddities=NO_ODDITIES,
        live_sample_interval_ms=30_000,
        live_session_interval_ms=10_000,
    )
    fleet = SimulatedFleet(lively)
    history = list(fleet.advance(live_from_ms))
    batches = [d for d in history if d.payload.startswith(b'{"samples"')]
    assert len(batches) >= 20
    assert all(live_from_ms - DAY_MS < d.received_ms <= live_from_ms for d in batches)
    live = [d for d in fleet.advance(live_from_ms + HOUR_MS) if d.topic.endswith("/telemetry")]
    assert not any(d.payload.startswith(b'{"samples"') for d in live)
    assert len(live) >= 3 * 115
    assert {d.topic for d in live if d.received_ms < live_from_ms + 31_000} == {d.topic for d in live}


def test_some_devices_are_out_of_reach_when_a_fleet_goes_live() -> None:
    assert len(_silent_when_live(vanished_share=0.1) - _silent_when_live(vanished_share=0.0)) == 2


def _silent_when_live(vanished_share: float) -> set[str]:
    """The devices not heard of for 19 hours; some are switched off while their clinic is closed."""
    live_from_ms = WEEK_START_MS + 3 * DAY_MS
    odd = replace(NO_ODDITIES, vanished_share=vanished_share)
    fleet = SimulatedFleet(
        SimulatorSettings(start_ms=WEEK_START_MS, devices=20, live_from_ms=live_from_ms, oddities=odd)
    )
    last_ms = {delivery.topic: delivery.received_ms for delivery in fleet.advance(live_from_ms)}
    return {
        topic
        for topic, received_ms in last_ms.items()
        if topic.endswith("/telemetry") and received_ms < live_from_ms - 19 * HOUR_MS
    }


def test_a_history_may_be_sparse_before_it_is_dense() -> None:
    dense_from_ms = WEEK_START_MS + 2 * DAY_MS
    end_ms = dense_from_ms + DAY_MS
    thin = replace(SMALL, dense_from_ms=dense_from_ms, live_from_ms=end_ms, oddities=NO_ODDITIES)
    fleet = SimulatedFleet(thin)
    deliveries = list(fleet.advance(end_ms))
    times = [int(found) for d in deliveries for found in _SAMPLED.findall(d.payload) if d.topic.endswith("/telemetry")]
    before = sum(at_ms < dense_from_ms for at_ms in times)
    sessions = sum(d.topic.endswith("/session") and d.received_ms < dense_from_ms for d in deliveries)
    assert 2 * 4 * SMALL.devices <= before <= 2 * 5 * SMALL.devices + sessions + SMALL.devices
    assert len(times) - before >= 0.9 * SMALL.devices * DAY_MS / SMALL.sample_interval_ms
    again = SimulatedFleet(thin)
    stops = [*range(WEEK_START_MS, end_ms, 7 * HOUR_MS), end_ms]
    assert [delivery for stop_ms in stops for delivery in again.advance(stop_ms)] == deliveries
    assert again.truth() == fleet.truth()
