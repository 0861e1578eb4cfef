"""Which forecasts are kept, what they become in a newer store, and what is learnt from them."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gateway.clock import ManualClock
from gateway.forecasting.board import NozzleForecast, Remaining
from gateway.forecasting.codec import decode, encode
from gateway.forecasting.fit import CountedLife, FitRequest, Learnt, ModelFit, learn_model
from gateway.forecasting.outcomes import Outcomes
from gateway.forecasting.scoring import past_score
from gateway.ingest.fleet import Fleet
from gateway.store.forecast_rows import IssuedForecast, StoredFit
from gateway.store.sqlite import SqliteStore
from gateway.store.sqlite.migrate import migrations
from gateway.wear.age import age_cdf
from gateway.wear.calibrate import Calibration, PastScore
from gateway.wear.distribution import AHEAD, quantiles
from tests.forecasting.rig import DAY_MS, START_MS, opened, recorded
from tests.forecasting.test_forecast_keeper import worn

LEFT = Remaining(5.0, 10.0, 20.0, 40.0, 70.0, 90.0, 100.0)
SAID = IssuedForecast("n", 1, 1, "model m", 1, 1_000, 0.5, LEFT.values(), None, None, None)


def forecast(serial: str, wear: float, at_ms: int) -> NozzleForecast:
    return NozzleForecast(
        serial, at_ms, "m", None, "d", "c", 1_000, wear, wear, wear, LEFT, None, None, None, None, "model m", 1, 9,
        fitted=True, measured=True, taught=Calibration(0.25, 1.5),
    )  # fmt: skip


async def test_a_life_of_one_day_has_a_forecast_for_each_tenth_of_its_wear(tmp_path: Path) -> None:
    month = recorded(7, 4)
    rig = await opened(tmp_path / "store.db", now_ms=month.until_ms, registry=month.registry)
    await rig.take(month.deliveries)
    serial = next(nozzle.serial for nozzle in rig.fleet.nozzles())
    for _ in range(2):  # the second is a gateway that started again and remembers nothing
        kept = Outcomes(
            store=rig.store, fleet=Fleet(), fit_of=lambda _: None, clock=ManualClock(START_MS), ended_days=7
        )
        for number, wear in enumerate((0.02, 0.04, 0.11, 0.19, 0.52, 0.95, 1.02)):
            await kept.issue([forecast(serial, wear, START_MS + 3_600_000 * number)])
        await kept.issue([forecast(serial, 0.96, START_MS + DAY_MS)])
    issued = await rig.store.issued_forecasts(serial)
    assert [(one.tenth, one.wear) for one in issued] == [(0, 0.02), (1, 0.11), (5, 0.52), (9, 0.95), (9, 0.96)]
    assert (issued[0].taught_shift, issued[0].taught_spread) == (0.25, 1.5)
    done = [replace(one, outcome="crossed", came_strikes=float(one.tenth), pit=0.5, inside_80=1.0) for one in issued]
    await rig.store.score_forecasts(done[:4])
    assert [one.came_strikes for one in await rig.store.issued_forecasts(serial)] == [0.0, 1.0, 5.0, 9.0, None]


async def test_past_forecasts_are_read_evenly_over_a_life_and_only_of_fits_that_knew_lives(tmp_path: Path) -> None:
    month = recorded(7, 4)
    rig = await opened(tmp_path / "store.db", now_ms=month.until_ms, registry=month.registry)
    await rig.take(month.deliveries)
    serial = next(nozzle.serial for nozzle in rig.fleet.nozzles())
    guess, knows = [(await rig.store.save_fit(StoredFit(0, "m", START_MS, 5, lives, b"x"))).fit_no for lives in (2, 3)]
    await rig.store.issue_forecasts(
        [replace(SAID, serial=serial, day=day, as_of_ms=day, fit_no=guess if day < 5 else knows) for day in range(25)]
    )
    found = await rig.store.past_forecasts([serial, "unknown"], 4)
    assert [one.day for one in found] == [9, 14, 19, 24]


async def test_forecasts_of_an_earlier_store_are_kept(tmp_path: Path) -> None:
    path = str(tmp_path / "old.db")
    steps = migrations()
    old = await SqliteStore.open(path, steps=steps[:7])
    await old.close()
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO nozzles (nozzle_no, serial) VALUES (1, 'n-1')")
        connection.execute(
            "INSERT INTO wear_forecasts VALUES (1, 20000, 1, 'model m', 1, 5, 0.37, '[1,2,3,4,5,6,7]', NULL, NULL,"
            " NULL, 'crossed', 4.0, 0.5, 1.0, 9)"
        )
    connection.close()
    store = await SqliteStore.open(path)
    try:
        (found,) = await store.issued_forecasts("n-1")
        assert (found.tenth, found.taught_shift, found.taught_spread, found.outcome) == (3, 0.0, 1.0, "crossed")
        assert (await store.coverage())[0].scored == 1
    finally:
        await store.close()


def test_a_past_forecast_counts_as_if_nothing_had_taught_it() -> None:
    ended = past_score(replace(SAID, outcome="crossed", pit=0.5, taught_shift=0.3, taught_spread=1.5), "a", 0)
    assert ended is not None
    assert (ended.score, ended.ended, ended.lot) == (pytest.approx(0.3), True, "a")
    goes_on = past_score(SAID, None, 1_090)
    assert goes_on is not None
    assert goes_on.score == pytest.approx(1.2816, abs=1e-3)
    assert not goes_on.ended
    assert past_score(SAID, None, 1_000) is None


def test_what_past_forecasts_taught_is_part_of_the_fit_to_the_last_bit() -> None:
    nozzles = tuple((worn(f"n-{k}", 0.7 + 0.05 * k), None) for k in range(6))
    past = tuple(PastScore(f"p-{k}", "lot-1" if k % 2 else None, 0.8 + 0.1 * k, ended=True) for k in range(12))
    learnt = learn_model(FitRequest("m", 0.2, None, nozzles, past))
    assert learnt is not None
    fit = ModelFit.of(StoredFit(1, "m", 0, learnt.units, learnt.lives, learnt.document))
    assert fit.taught_of("lot-1").shift > fit.taught_of("other").shift > 0.2
    assert fit.taught_of("other") == fit.taught_of(None)
    assert encode(decode(learnt.document)) == learnt.document


def test_a_fit_of_an_earlier_program_is_read_without_lessons() -> None:
    nozzles = tuple((worn(f"n-{k}", 0.7 + 0.05 * k), None) for k in range(4))
    learnt = learn_model(FitRequest("m", 0.2, None, nozzles))
    assert learnt is not None
    older = encode(decode(learnt.document)[:3])
    assert ModelFit.of(StoredFit(1, "m", 0, 4, 4, older)).taught_of("x") == Calibration()


def test_nozzles_that_nobody_measures_teach_by_what_people_found_worn() -> None:
    worn_at = tuple(CountedLife(f"w-{k}", 180_000 + 10_000 * k, ended=True) for k in range(8))
    go_on = tuple(CountedLife(f"g-{k}", 150_000 + 20_000 * k, ended=False) for k in range(6))
    for rated in (400_000, None):
        learnt = learn_model(FitRequest("m", 0.2, rated, (), (), worn_at))
        assert learnt is not None
        assert learnt.lives == 8
        left = [
            _left_new(learn_model(FitRequest("m", 0.2, rated, (), (), told))) for told in (worn_at, worn_at + go_on)
        ]
        assert 150_000 < left[0] < 320_000
        assert left[0] < left[1]
    assert learn_model(FitRequest("m", 0.2, None, (), (), go_on)) is None


def _left_new(learnt: Learnt | None) -> float:
    assert learnt is not None
    fit = ModelFit.of(StoredFit(1, "m", 0, learnt.units, learnt.lives, learnt.document))
    return float(quantiles(age_cdf(fit.forecaster.age, 0.0, AHEAD), np.array([0.5]))[0, 0] * fit.typical_life)
