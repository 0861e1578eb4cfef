"""Readings that are passed over without a closer look: never one that a rule could mean."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.alerts.board import OpenAlerts
from gateway.alerts.clinics import Clinics
from gateway.alerts.evidence import FleetEvidence
from gateway.alerts.familiar import FamiliarReadings
from gateway.alerts.rulebook import RuleBook
from gateway.config_alerts import AlertsConfig
from gateway.forecasting.board import Abnormality
from gateway.ingest.fleet import Fleet
from gateway.ingest.ledger import fitted_after
from gateway.ingest.registry import Registry
from gateway.store.rows import DeviceState, LedgerRow, Sighting, TimedSample
from gateway.store.sqlite import SqliteStore
from schemas.alert import Alert
from schemas.records import Sample
from schemas.registry import Lot, NozzleModel, RegistryEntry
from tests.alerts.site import SetForecasts
from tests.alerts.test_nozzle_rules import forecast

T0_MS = 1_760_000_000_000
MINUTE_MS = 60_000
STRICTER = {"overrides": [{"rule": "battery_degraded", "clinic": "C-2", "threshold": 0.9}]}
DEVICES = ("D-1", "D-2")
SERIALS = ("N-1", "N-2")


class Bench:
    """A fleet that is told things, as commits tell it, with both ways to look at it."""

    def __init__(self, runner: asyncio.Runner, store: SqliteStore) -> None:
        self.fleet, self.alerts, self.forecasts = Fleet(), OpenAlerts(), SetForecasts()
        self.registry, self._runner = Registry(store), runner
        self.clinics = Clinics(self.registry.out_of_use)
        book = RuleBook(AlertsConfig.model_validate(STRICTER))
        self.evidence = FleetEvidence(
            fleet=self.fleet,
            registry=self.registry,
            book=book,
            clinics=self.clinics,
            forecasts=self.forecasts,
            alerts=self.alerts,
        )
        self.familiar = FamiliarReadings(
            fleet=self.fleet,
            registry=self.registry,
            book=book,
            clinics=self.clinics,
            forecasts=self.forecasts,
            alerts=self.alerts,
            sessions=self.evidence.sessions,
        )
        self.now_ms, self.seq = T0_MS, 0

    def reading(self, device_id: str, fields: Mapping[str, Any]) -> None:
        self.now_ms += fields["minutes"] * MINUTE_MS
        self.seq += 1
        serial, at_ms = fields["serial"], self.now_ms
        ts_ms = None if fields["off_s"] is None else at_ms + 1_000 * fields["off_s"]
        clinic_id = fields["clinic_id"]
        sample = Sample(
            clinic_id, device_id, "b", self.seq, ts_ms, None, fields["power"], fields["charge"], None, fields["health"],
            serial is not None, serial, fields["strikes"], fields["coating"], fields["depth_mm"], 1, fields["active"],
        )  # fmt: skip
        key = (at_ms, "b", self.seq)
        timed = TimedSample(at_ms, at_ms, False, sample)
        state = DeviceState(
            device_id, clinic_id, T0_MS, at_ms, timed, key, model=fields["device_model"], form=fields["form"]
        )
        rows = []
        if serial is not None and self._fitted(device_id) != serial:
            rows.append(self._row(device_id, "sighted", serial))
        sightings = [] if serial is None else [self._sighted(state, sample)]
        self.fleet.apply([state], sightings, rows)

    def _sighted(self, state: DeviceState, sample: Sample) -> Sighting:
        serial, key = str(sample.nozzle_serial), (self.now_ms, "b", self.seq)
        before = self.fleet.sightings.get(serial, {}).get(state.device_id)
        row = before or Sighting(serial, state.device_id, "C", self.now_ms, key, None, None, None)
        most = max((one for one in (row.strikes, sample.strikes) if one is not None), default=None)
        row = replace(row, last_key=key, strikes=most)
        return (
            row if sample.coating_ratio is None else replace(row, coating_ratio=sample.coating_ratio, coating_key=key)
        )

    def swap(self, device_id: str, serial: str, info: Mapping[str, Any]) -> None:
        self.seq += 1
        key = (self.now_ms, "b", self.seq)
        before = self.fleet.sightings.get(serial, {}).get(device_id)
        row = before or Sighting(serial, device_id, "C", self.now_ms, key, None, None, None)
        self.fleet.apply((), [replace(row, info_key=key, **info)], [self._row(device_id, "fitted", serial)])

    def lot_read(self, device_id: str, serial: str, lot: str) -> None:
        self.seq += 1
        row = self._row(device_id, "fitted", serial)
        self.fleet.apply((), (), [replace(row, made_by="person", lot=lot)])

    def write(self, entry: RegistryEntry) -> None:
        self._runner.run(self.registry.save([entry]))

    def alert(self, subject: str, device_id: str, state: Any) -> None:
        found = Alert(
            1, "battery_low", subject, "C", device_id, "warning", state, None, "", 0, 0, None, None, self.now_ms
        )
        self.alerts.put(found)

    def forecast(self, serial: str, replace_by: date | None) -> None:
        self.forecasts.forecasts[serial] = replace(forecast(serial, date(2026, 1, 1)), replace_by=replace_by)

    def abnormal(self, serial: str, is_one: bool) -> None:
        self.forecasts.abnormalities.pop(serial, None)
        if is_one:
            self.forecasts.abnormalities[serial] = Abnormality(serial, None, 2.0, 9.0, 1e-9, 1, self.now_ms)

    def well(self, device_id: str = "D-1", times: int = 1, **odd: Any) -> None:
        for _ in range(times):
            self.passed_over()
            self.reading(device_id, WELL | {"serial": self._fitted(device_id) or device_id.replace("D", "N")} | odd)

    def no_longer_well(self, device_id: str, odd: Mapping[str, Any]) -> None:
        self.well(device_id, 2)
        self.well(device_id, **odd)

    def passed_over(self) -> list[DeviceState]:
        """The devices that nobody would look at closer now; the others are looked at, and remembered."""
        states = list(self.fleet.devices())
        self.familiar.refresh(self.evidence.refresh())
        self.clinics.note(states)
        strange = self.familiar.strange(states)
        for state in strange:
            self.familiar.learn(state)
            self.evidence.device(state)
        return [state for state in states if state not in strange]

    def _fitted(self, device_id: str) -> str | None:
        fitted: str | None = None
        for row in self.fleet.ledger(device_id):
            fitted = fitted_after(fitted, row)
        return fitted

    def _row(self, device_id: str, action: Any, serial: str) -> LedgerRow:
        return LedgerRow(device_id, "C", self.now_ms, "b", self.seq, action, serial, 0, "device")


WELL: dict[str, Any] = {
    "minutes": 15, "off_s": 0, "power": "mains", "charge": 0.9, "health": 0.9, "strikes": 1_000, "coating": 0.9,
    "depth_mm": 1.5, "active": False, "device_model": "pen", "form": "stationary", "clinic_id": "C",
}  # fmt: skip
ODD: dict[str, st.SearchStrategy[Any]] = {
    "minutes": st.sampled_from([15, 60, 700, 100_000]),
    "off_s": st.sampled_from([None, -4_000, -119, 119, 120, 301, 4_000]),
    "power": st.just("battery"),
    "charge": st.sampled_from([None, 0.0, 0.15, 0.2, 0.21, 1.0]),
    "health": st.sampled_from([None, 0.0, 0.5, 0.6, 0.7, 0.71]),
    "strikes": st.sampled_from([None, 0, 999, 1_000, 89_999, 90_000, 200_000]),
    "coating": st.sampled_from([None, 0.0, 0.2, 0.27, 0.28, 0.36, 0.5]),
    "depth_mm": st.sampled_from([None, 0.0, 0.05, 0.1, 3.0, 9.0]),
    "active": st.just(True),
    "device_model": st.sampled_from([None, "cart"]),
    "form": st.sampled_from([None, "mobile"]),
    "clinic_id": st.just("C-2"),
}
device, serial = st.sampled_from(DEVICES), st.sampled_from(SERIALS)
odd_fields = st.lists(st.sampled_from(sorted(ODD)), max_size=2).flatmap(
    lambda names: st.fixed_dictionaries({name: ODD[name] for name in names})
)
info = st.fixed_dictionaries(
    {
        "model": st.sampled_from([None, "fine"]),
        "lot": st.sampled_from([None, "L-1"]),
        "rated_strikes": st.sampled_from([None, 100_000]),
        "expires_on": st.sampled_from([None, "2025-10-09", "2026-03-01"]),
    }
)
fitting = st.sampled_from([(), ("pen",), ("cart",)])
models = st.builds(
    lambda limit, rated, fits: NozzleModel(model="fine", coating_limit=limit, rated_strikes=rated, fits=fits),
    st.sampled_from([0.2, 0.5]),
    st.sampled_from([None, 1_000]),
    fitting,
)
Deed = Callable[[Bench], None]
replaced_by = st.sampled_from([None, date(2025, 10, 9), date(2026, 6, 1)])
alert_states = st.sampled_from(["firing", "resolved", "resolved"])
serials_shown = st.sampled_from([*SERIALS, *SERIALS, None])
readings: st.SearchStrategy[Deed] = st.builds(
    lambda where, what, odd: lambda bench: bench.reading(where, WELL | {"serial": what} | odd),
    device,
    serials_shown,
    st.one_of(st.just({}), odd_fields),
)
others: st.SearchStrategy[Deed] = st.one_of(
    st.builds(lambda where, what, said: lambda bench: bench.swap(where, what, said), device, serial, info),
    st.builds(lambda where, what: lambda bench: bench.lot_read(where, what, "L-1"), device, serial),
    st.builds(lambda model: lambda bench: bench.write(model), models),
    st.builds(lambda at_ms: lambda bench: bench.write(Lot(lot="L-1", recalled_ms=at_ms)), st.sampled_from([None, 1])),
    st.builds(lambda what, by: lambda bench: bench.forecast(what, by), serial, replaced_by),
    st.builds(lambda what, is_one: lambda bench: bench.abnormal(what, is_one), serial, st.booleans()),
    st.builds(
        lambda what, where, state: lambda bench: bench.alert(what, where, state),
        st.sampled_from([*DEVICES, *SERIALS]),
        device,
        alert_states,
    ),
)
well_for_a_while: st.SearchStrategy[Deed] = st.builds(lambda where: lambda bench: bench.well(where, 2), device)
no_longer: st.SearchStrategy[Deed] = st.builds(
    lambda where, odd: lambda bench: bench.no_longer_well(where, odd), device, odd_fields
)
deeds: st.SearchStrategy[Deed] = st.one_of(others, readings, well_for_a_while, no_longer, no_longer)


@pytest.fixture
def store_of(tmp_path: Path) -> Iterator[tuple[asyncio.Runner, SqliteStore]]:
    with asyncio.Runner() as runner:
        store = runner.run(SqliteStore.open(str(tmp_path / "s.db")))
        yield runner, store
        runner.run(store.close())


def test_nothing_that_a_rule_could_mean_is_passed_over(store_of: tuple[asyncio.Runner, SqliteStore]) -> None:
    @given(st.lists(deeds, min_size=4, max_size=25))
    @settings(max_examples=300, deadline=None)
    def whatever_is(told: list[Deed]) -> None:
        bench = Bench(*store_of)
        for deed in told:
            deed(bench)
            for state in bench.passed_over():
                fitted = bench.fleet.fitted_serial(state.device_id)
                assert fitted is not None
                assert not bench.alerts.has(state.device_id)
                assert bench.evidence.device(state) is None
                assert bench.evidence.nozzle(fitted) is None

    whatever_is()


def test_a_reading_that_goes_on_from_one_that_was_well_is_passed_over(
    store_of: tuple[asyncio.Runner, SqliteStore],
) -> None:
    bench = Bench(*store_of)
    passed_over = []
    for strikes in (1_000, 1_200, 1_200, 1_500):
        bench.reading("D-1", WELL | {"serial": "N-1", "strikes": strikes, "active": strikes == 1_200})
        passed_over.append(len(bench.passed_over()))
    assert passed_over == [0, 1, 1, 1]


def test_a_lot_that_is_read_off_the_nozzle_elsewhere_counts_at_once(
    store_of: tuple[asyncio.Runner, SqliteStore],
) -> None:
    bench = Bench(*store_of)
    bench.write(Lot(lot="L-1", recalled_ms=1))
    bench.well(times=2)
    assert len(bench.passed_over()) == 1
    bench.lot_read("D-2", "N-1", "L-1")
    assert bench.passed_over() == []


FITTED = {"model": "fine", "lot": None, "rated_strikes": 2_000, "expires_on": None}
UNMEASURED: dict[str, Any] = {"coating": None}


@pytest.mark.parametrize(
    ("before", "then"),
    [
        ({}, {"device_model": "cart"}),
        ({}, {"clinic_id": "C-2"}),
        ({}, {"strikes": 999}),
        ({}, {"coating": 0.1}),
        ({}, {"off_s": None}),
        ({}, {"off_s": 4_000}),
        ({}, {"charge": 0.1}),
        ({}, {"health": 0.5}),
        ({}, {"depth_mm": 9.0}),
        ({}, {"power": "battery"}),
        (UNMEASURED, UNMEASURED | {"strikes": 1_999}),
        ({"active": True, "minutes": 60}, {"active": True, "minutes": 60}),
    ],
)
def test_a_reading_that_goes_on_otherwise_is_looked_at(
    before: dict[str, Any], then: dict[str, Any], store_of: tuple[asyncio.Runner, SqliteStore]
) -> None:
    bench = Bench(*store_of)
    bench.write(NozzleModel(model="fine", fits=("pen",)))
    bench.swap("D-1", "N-1", FITTED)
    bench.well(times=2, **before)
    assert len(bench.passed_over()) == 1
    bench.well(**then)
    assert bench.passed_over() == []
