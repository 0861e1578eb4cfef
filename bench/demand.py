"""Demand over simulated quarters: how often the 80 % interval held what came, and the pinball loss against "the same
as last quarter". `python -m bench.demand --fleets 4 --devices 240`.

Each quarter is forecast on its first day from what the gateway would know then, by the gateway's own code: the wear
model learnt from the bins, the nozzles' forecasts, practice, rates of use, the draws.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Final, NamedTuple

import numpy as np

from bench.demand_fleet import START, START_MS, DemandFleet, Fitted, SimulatedSeat, bins_of, state_of
from collectors.simulator.inventory import NOZZLE_KINDS
from collectors.simulator.settings import DAY_MS
from gateway.analytics.demand_draws import SCENARIOS, DemandSeat, Setting, drawn
from gateway.analytics.demand_inputs import RATE_DAYS, busy_sd, demand_seat, life_so_far, rate_of
from gateway.analytics.demand_scores import P10, P90, pinball, quantiles_of
from gateway.analytics.practice import Life, practice_of
from gateway.forecasting.board import NozzleForecast
from gateway.forecasting.filtering import state_from_all
from gateway.forecasting.fit import FitRequest, ModelFit, learn_model
from gateway.forecasting.outlook import Subject, forecasts
from gateway.forecasting.use import Calendar
from gateway.store.forecast_rows import StoredFit
from schemas.registry import DEFAULT_COATING_LIMIT, NozzleModel

QUARTER_DAYS: Final = 91
_LEAST_BINS: Final = 4


class Score(NamedTuple):
    """One forecast of one number of nozzles."""

    what: str
    said: tuple[float, ...]
    before: float | None
    came: int

    @property
    def inside(self) -> bool:
        return self.said[P10] <= self.came <= self.said[P90]

    @property
    def loss(self) -> float:
        return pinball(self.said, self.came)

    @property
    def naive_loss(self) -> float | None:
        return None if self.before is None else pinball([self.before] * len(self.said), self.came)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.demand", description=__doc__)
    parser.add_argument("--fleets", type=int, default=4)
    parser.add_argument("--devices", type=int, default=240)
    parser.add_argument("--clinics", type=int, default=12)
    parser.add_argument("--quarters", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    scores: list[Score] = []
    started = time.perf_counter()
    for seed in range(options.seed, options.seed + options.fleets):
        fleet = DemandFleet(devices=options.devices, clinics=options.clinics, seed=seed)
        scores += run(fleet, options.quarters, seed)
        print(f"fleet {seed}: {time.perf_counter() - started:.0f} s", flush=True)
    for line in summary(scores):
        print(line)


def run(fleet: DemandFleet, quarters: int, seed: int, scenarios: int = SCENARIOS) -> list[Score]:
    """A quarter of history, then each quarter forecast and seen. Use goes up and down by some percent from quarter
    to quarter, which nobody knows beforehand."""
    chance = np.random.default_rng(seed)
    fleet.advance(QUARTER_DAYS)
    scores: list[Score] = []
    busy = 1.0
    for quarter in range(quarters):
        said = forecast_quarter(
            fleet, Setting((START + timedelta(days=fleet.day)).weekday(), 0.0, quarter, scenarios=scenarios)
        )
        busy *= float(np.exp(0.03 * chance.standard_normal()))
        first = fleet.day
        fleet.advance(QUARTER_DAYS, busy)
        scores += list(_scores(fleet, said, first))
    return scores


def forecast_quarter(fleet: DemandFleet, setting: Setting) -> dict[tuple[str, str], np.ndarray]:
    """Counts (weeks, scenarios) by region and model."""
    seats, lives = _known(fleet)
    rated = {kind.model: float(kind.rated_strikes) for kind in NOZZLE_KINDS}
    weekly = _weekly_rates(fleet)
    counts = drawn(seats, practice_of(lives, rated), setting._replace(busy_sd=busy_sd(weekly)))
    region = {clinic.clinic_id: clinic.region.name for clinic in fleet.clinics}
    together: dict[tuple[str, str], np.ndarray] = {}
    for cell, number in counts.items():
        key = (region[cell.clinic_id], cell.item)
        together[key] = together.get(key, 0) + number.astype(np.int64)
    return together


def _known(fleet: DemandFleet) -> tuple[list[DemandSeat], list[Life]]:
    models = {
        kind.model: NozzleModel(model=kind.model, rated_strikes=kind.rated_strikes, coating_limit=DEFAULT_COATING_LIMIT)
        for kind in NOZZLE_KINDS
    }
    said = _forecasts(fleet)
    lives: list[Life] = []
    days = {seat.device_no: _daily(seat, fleet.day) for seat in fleet.seats}
    usual = float(np.mean([strikes[opened].mean() for strikes, opened in days.values() if opened.any()]))
    seats = []
    for seat in fleet.seats:
        for life in seat.lives:
            known = life_so_far(
                state_of(seat, life), models[life.nozzle.kind.model], device_model=seat.traits.model,
                ended=life.removed_day is not None, open_days=float(life.open_days), followed_by=life.followed_by,
            )  # fmt: skip
            lives += [known] if known is not None else []
        nozzle = state_of(seat, seat.now)
        strikes, opened = days[seat.device_no]
        seats.append(
            demand_seat(
                nozzle,
                models[seat.now.nozzle.kind.model],
                said.get(nozzle.serial),
                device_id=seat.traits.device_id,
                clinic_id=seat.clinic.clinic_id,
                device_model=seat.traits.model,
                rate=rate_of(strikes, opened, usual),
                open_weekdays=Calendar.of(seat.clinic.entry()).open_weekdays,
            )
        )
    return seats, lives


def _forecasts(fleet: DemandFleet) -> dict[str, NozzleForecast]:
    """Of the nozzles on devices now, by what each model's readings so far teach."""
    now_ms = START_MS + fleet.day * DAY_MS
    said: dict[str, NozzleForecast] = {}
    for number, kind in enumerate(NOZZLE_KINDS):
        measured = [
            (seat, life)
            for seat in fleet.seats
            for life in seat.lives
            if life.nozzle.kind.model == kind.model and len(life.readings) >= _LEAST_BINS
        ]
        request = FitRequest(
            kind.model, DEFAULT_COATING_LIMIT, kind.rated_strikes,
            tuple((bins_of(life), life.nozzle.lot.lot) for _, life in measured),
        )  # fmt: skip
        learnt = learn_model(request)
        if learnt is None:
            continue
        fit = ModelFit.of(StoredFit(number + 1, kind.model, now_ms, learnt.units, learnt.lives, learnt.document))
        subjects = [
            Subject(
                nozzle=state_of(seat, life),
                state=state_from_all(None, bins_of(life), fit),
                rated_strikes=kind.rated_strikes,
                use=None,
                calendar=Calendar.of(seat.clinic.entry()),
                lead_days=5,
            )
            for seat, life in measured
            if life is seat.now
        ]
        made = forecasts(fit, subjects, cost_ratio=5.0, now_ms=now_ms)
        said |= {outlook.forecast.serial: outlook.forecast for outlook in made}
    return said


def _daily(seat: SimulatedSeat, day: int) -> tuple[np.ndarray, np.ndarray]:
    since = max(day - RATE_DAYS, 0)
    opens = Calendar.of(seat.clinic.entry()).open_weekdays
    opened = np.array([opens[(START + timedelta(days=d)).weekday()] for d in range(since, day)])
    return np.array(seat.strikes[since:day], dtype=float), opened


def _weekly_rates(fleet: DemandFleet) -> list[float]:
    total = np.sum([seat.strikes for seat in fleet.seats], axis=0).astype(float)
    weeks = total.size // 7
    return total[-weeks * 7 :].reshape(weeks, 7).sum(axis=1).tolist()


def _scores(fleet: DemandFleet, said: dict[tuple[str, str], np.ndarray], first: int) -> Iterator[Score]:
    def counted(since: int, until: int) -> Counter[tuple[str, str]]:
        return Counter((seat.clinic.region.name, _item(life)) for seat, life in fleet.came(since, until))

    came, before = counted(first, first + QUARTER_DAYS), counted(first - QUARTER_DAYS, first)
    for key in sorted(said):
        yield Score("quarter, region and model", quantiles_of(said[key].sum(axis=0)), before[key], came[key])
    for item in sorted({item for _, item in said}):
        whole = sum(number for (_, model), number in said.items() if model == item)
        total = {name: sum(n for (_, m), n in seen.items() if m == item) for name, seen in (("c", came), ("b", before))}
        yield Score("quarter, model", quantiles_of(whole.sum(axis=0)), total["b"], total["c"])
        for week in range(QUARTER_DAYS // 7):
            now = counted(first + 7 * week, first + 7 * week + 7)
            was = counted(first + 7 * week - QUARTER_DAYS, first + 7 * week + 7 - QUARTER_DAYS)
            yield Score(
                "week, model", quantiles_of(whole[week]),
                sum(n for (_, m), n in was.items() if m == item), sum(n for (_, m), n in now.items() if m == item),
            )  # fmt: skip


def _item(life: Fitted) -> str:
    return life.nozzle.kind.model


def summary(scores: list[Score]) -> Iterator[str]:
    """A line for each kind of number: coverage of the 80 % interval, loss, and loss of "the same again"."""
    for what in dict.fromkeys(score.what for score in scores):
        some = [score for score in scores if score.what == what]
        loss = float(np.mean([score.loss for score in some]))
        naive = float(np.mean([score.naive_loss for score in some if score.naive_loss is not None]))
        inside = float(np.mean([score.inside for score in some]))
        mean = float(np.mean([score.came for score in some]))
        yield (
            f"{what}: {len(some)} forecasts, {mean:.1f} came on average, {inside:.0%} within the 80 % interval,"
            f" pinball loss {loss:.3f} against {naive:.3f} ({1 - loss / naive:.0%} less)"
        )


if __name__ == "__main__":
    main()
