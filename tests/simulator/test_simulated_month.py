"""What a month of the simulated fleet says, against the contract and against its own truth."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from itertools import pairwise
from statistics import mean
from zoneinfo import ZoneInfo

from collectors.simulator.clinics import REGIONS
from collectors.simulator.fleet import SimulatedFleet
from collectors.simulator.rhythm import MAX_SESSION_MS, MAX_STRIKES_PER_S, MIN_SESSION_MS, MIN_STRIKES_PER_S
from collectors.simulator.settings import DAY_MS, NO_ODDITIES, SimulatorSettings
from schemas.records import NozzleEvent, Sample, Sequenced, Session
from tests.simulator.conftest import MONTH_END_MS, SimulatedMonth
from tests.support.recorded_week import WEEK_START_MS, records_of

CLOCK_TOLERANCE_MS = 5_000


def test_every_record_is_told_once_and_none_is_missing_within_a_boot(month: SimulatedMonth) -> None:
    boots: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    told: list[Sequenced] = [*month.samples, *month.sessions, *month.nozzle_events]
    for record in told:
        boots[record.device_id, record.boot_id].append(record.seq)
    assert len(boots) > 20
    for seqs in boots.values():
        assert sorted(seqs) == list(range(len(seqs)))


def test_strikes_and_sessions_only_grow(month: SimulatedMonth) -> None:
    by_nozzle: defaultdict[str, list[Sample]] = defaultdict(list)
    by_boot: defaultdict[tuple[str, str], list[Sample]] = defaultdict(list)
    for sample in month.samples:
        by_boot[sample.device_id, sample.boot_id].append(sample)
        if sample.nozzle_serial is not None:
            by_nozzle[sample.nozzle_serial].append(sample)
    for samples in by_boot.values():
        samples.sort(key=lambda sample: sample.seq)
        totals = [sample.sessions_total for sample in samples]
        assert totals == sorted(totals)
    for samples in by_nozzle.values():
        timed = sorted((s.ts_ms, s.strikes) for s in samples if s.ts_ms is not None and s.strikes is not None)
        strikes = [count for _, count in timed]
        assert strikes == sorted(strikes)


def test_sessions_keep_to_their_lengths_rates_and_opening_hours(month: SimulatedMonth) -> None:
    hours = {f"c-{number:02d}": region for number, region in enumerate(REGIONS, 1)}
    whole = [session for session in month.sessions if session.end in ("normal", "stopped")]
    assert len(whole) > 500
    for session in whole:
        if session.started_ms is None or session.ended_ms is None:
            continue
        length_ms = session.ended_ms - session.started_ms
        assert MIN_SESSION_MS - CLOCK_TOLERANCE_MS <= length_ms <= MAX_SESSION_MS + CLOCK_TOLERANCE_MS
        assert MIN_STRIKES_PER_S <= session.strikes / (length_ms / 1000) <= MAX_STRIKES_PER_S
        assert session.depth_mm is None or 0.5 <= session.depth_mm <= 2.0
        region = hours[session.clinic_id]
        zone = ZoneInfo(region.timezone)
        started = datetime.fromtimestamp((session.started_ms + CLOCK_TOLERANCE_MS) / 1000, zone)
        ended = datetime.fromtimestamp((session.ended_ms - CLOCK_TOLERANCE_MS) / 1000, zone)
        opens, closes = region.opening_hours.split(",")[started.weekday()].split("-")
        assert opens <= f"{started:%H:%M}"
        assert f"{ended:%H:%M}" < closes


def test_fridays_are_busier_than_mondays_and_quiet_days_are_quiet(month: SimulatedMonth) -> None:
    by_weekday: defaultdict[int, int] = defaultdict(int)
    for session in month.sessions:
        if session.started_ms is not None:
            zone = ZoneInfo(REGIONS[int(session.clinic_id[2:]) - 1].timezone)
            by_weekday[datetime.fromtimestamp(session.started_ms / 1000, zone).weekday()] += 1
    assert by_weekday[4] > by_weekday[0] > by_weekday[6]
    christmas_ms = 1_798_070_400_000
    fleet = SimulatedFleet(
        SimulatorSettings(start_ms=christmas_ms - 2 * DAY_MS, devices=12, clinics=1, oddities=NO_ODDITIES)
    )
    sessions = [r for r in records_of(fleet.advance(christmas_ms + 3 * DAY_MS)) if isinstance(r, Session)]
    days: defaultdict[int, int] = defaultdict(int)
    for session in sessions:
        assert session.started_ms is not None
        days[datetime.fromtimestamp(session.started_ms / 1000, ZoneInfo("Europe/Berlin")).day] += 1
    assert days[25] < days[23] / 2


def test_samples_come_at_least_every_minute_in_a_session_and_every_quarter_otherwise(month: SimulatedMonth) -> None:
    boots: defaultdict[tuple[str, str], list[Sample]] = defaultdict(list)
    for sample in month.samples:
        boots[sample.device_id, sample.boot_id].append(sample)
    for samples in boots.values():
        samples.sort(key=lambda sample: sample.seq)
        for before, after in pairwise(samples):
            if after.seq - before.seq <= 3 and before.up_ms is not None and after.up_ms is not None:
                assert after.up_ms - before.up_ms <= (60_000 if before.session_active else 900_000)


def test_the_noise_of_a_measured_coating_surrounds_the_truth(month: SimulatedMonth) -> None:
    truth = {nozzle.serial: nozzle for nozzle in month.fleet.truth()}
    first: dict[str, list[float]] = defaultdict(list)
    for sample in month.samples:
        nozzle = truth.get(sample.nozzle_serial or "")
        if nozzle is not None and sample.coating_ratio is not None and sample.strikes == nozzle.strikes:
            first[nozzle.serial].append(sample.coating_ratio - nozzle.coating)
    settled = [errors for errors in first.values() if len(errors) > 50]
    assert settled
    assert abs(mean(mean(errors) for errors in settled)) < 0.004
    assert any(len(set(errors)) > 5 for errors in settled)


def test_swaps_are_reported_as_they_were(month: SimulatedMonth) -> None:
    events: defaultdict[str, list[NozzleEvent]] = defaultdict(list)
    for event in month.nozzle_events:
        events[event.serial].append(event)
    for nozzle in month.fleet.truth():
        for event in events[nozzle.serial]:
            assert (event.device_id, event.model, event.lot) == (nozzle.device_id, nozzle.model, nozzle.lot)
            assert nozzle.strikes_at_fitting <= event.strikes <= nozzle.strikes
        removed = [event for event in events[nozzle.serial] if event.action == "removed"]
        if nozzle.removed_ms is None:
            continue
        for event in removed:
            if event.strikes == nozzle.strikes and event.ts_ms is not None:
                assert event.ts_ms > nozzle.removed_ms - CLOCK_TOLERANCE_MS
    replaced = [nozzle for nozzle in month.fleet.truth() if nozzle.replaced is not None]
    reported = [n for n in replaced if any(e.action == "removed" for e in events[n.serial])]
    assert len(replaced) >= 8
    assert len(reported) >= 0.8 * len(replaced)


def test_truth_follows_its_own_words(month: SimulatedMonth) -> None:
    for nozzle in month.fleet.truth():
        assert (nozzle.wear >= 1.0) == (nozzle.strikes >= nozzle.strikes_at_limit)
        assert nozzle.removed_ms is None or WEEK_START_MS <= nozzle.fitted_ms < nozzle.removed_ms <= MONTH_END_MS
        assert nozzle.replaced != "late" or nozzle.wear >= 1.0
        assert nozzle.replaced != "early" or nozzle.wear < 0.8
    fitted = [nozzle.device_id for nozzle in month.fleet.truth() if nozzle.removed_ms is None]
    assert len(fitted) == len(set(fitted)) >= 11


def test_mobile_batteries_drain_charge_and_age(month: SimulatedMonth) -> None:
    mobile = [sample for sample in month.samples if sample.device_id.startswith("FM200")]
    on_battery = [sample for sample in mobile if sample.power_source == "battery"]
    assert 0.1 < len(on_battery) / len(mobile) < 0.8
    assert min(sample.charge_ratio or 0.0 for sample in on_battery) < 0.4
    assert all(21.0 < (sample.voltage_v or 0.0) < 29.5 for sample in on_battery)
    health: defaultdict[str, list[float]] = defaultdict(list)
    for sample in sorted((s for s in mobile if s.ts_ms is not None), key=lambda s: s.ts_ms or 0):
        if sample.health_ratio is not None:
            health[sample.device_id].append(sample.health_ratio)
    assert all(readings[0] > readings[-1] for readings in health.values())


def test_a_fleet_without_oddities_says_everything_once_and_in_order() -> None:
    fleet = SimulatedFleet(SimulatorSettings(start_ms=WEEK_START_MS, devices=6, oddities=NO_ODDITIES))
    records = [r for r in records_of(fleet.advance(WEEK_START_MS + 5 * DAY_MS)) if isinstance(r, Sample | Session)]
    names = [(record.device_id, record.boot_id, record.seq) for record in records]
    assert len(names) == len(set(names))
    assert all(record.ts_ms is not None for record in records)
