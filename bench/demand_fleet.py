"""A simulated fleet a day at a time: clinics, people, nozzles and wear as in `collectors/simulator`, without messages.

What the gateway would know of it (readings summed in bins, daily strikes, swaps) is kept beside what really came.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Final

from collectors.simulator.clinics import SimulatedClinic, make_clinics
from collectors.simulator.inventory import Inventory, Nozzle
from collectors.simulator.rhythm import plan_sessions
from collectors.simulator.settings import DAY_MS, Oddities, SimulatorSettings
from collectors.simulator.traits import Traits, draw_traits
from gateway.ingest.fleet import NozzleState
from gateway.store.forecast_rows import UNITS_IN_ONE, NozzleBins, WearBin, shift_for

START: Final = date(2026, 1, 5)
START_MS: Final = int(datetime(2026, 1, 5, tzinfo=UTC).timestamp()) * 1_000
_READINGS_A_DAY: Final = 20


@dataclass
class Fitted:
    """One nozzle on its device."""

    nozzle: Nozzle
    fitted_day: int
    readings: list[tuple[int, float]] = field(default_factory=list)
    """(strikes, coating as measured) of each day that it was used."""
    removed_day: int | None = None
    open_days: int = 0
    followed_by: str | None = None


@dataclass
class SimulatedSeat:
    """One device with all the nozzles that it ever had."""

    device_no: int
    traits: Traits
    clinic: SimulatedClinic
    rng: Random
    lives: list[Fitted] = field(default_factory=list)
    strikes: list[int] = field(default_factory=list)
    """By day."""
    wanted_since: int | None = None
    waits_days: float = 0.0

    @property
    def now(self) -> Fitted:
        return self.lives[-1]


class DemandFleet:
    """Advances day by day; `busy` scales everybody's sessions on a day."""

    def __init__(self, *, devices: int, clinics: int, seed: int, oddities: Oddities | None = None) -> None:
        self._settings = SimulatorSettings(
            start_ms=START_MS, devices=devices, clinics=clinics, seed=seed, oddities=oddities or Oddities()
        )
        self._odd = self._settings.oddities
        self._inventory = Inventory(self._settings)
        self.clinics = make_clinics(self._settings)
        self.seats = [
            SimulatedSeat(
                number,
                draw_traits(self._settings, number),
                self.clinics[number % clinics],
                self._settings.random("demand", number),
            )
            for number in range(devices)
        ]
        self.day = 0
        for seat in self.seats:
            self._fit(seat)
            nozzle = seat.now.nozzle
            nozzle.strikes = int(seat.rng.random() * nozzle.path.strikes_at_limit * 0.85)

    def advance(self, days: int, busy: float = 1.0) -> None:
        for _ in range(days):
            today = START + timedelta(days=self.day)
            for seat in self.seats:
                self._work(seat, today, busy)
            self.day += 1

    def came(self, since_day: int, until_day: int) -> list[tuple[SimulatedSeat, Fitted]]:
        """Nozzles that were fitted in place of another."""
        return [
            (seat, life) for seat in self.seats for life in seat.lives[1:] if since_day <= life.fitted_day < until_day
        ]

    def _work(self, seat: SimulatedSeat, today: date, busy: float) -> None:
        hours = seat.clinic.open_on(today)
        if hours is None:
            seat.strikes.append(0)
            return
        self._swap_if_due(seat)
        life = seat.now
        life.open_days += 1
        used = 0
        for plan in plan_sessions(seat.rng, hours, today, seat.traits.sessions_per_day * busy):
            used += int((plan.end_ms - plan.start_ms) / 1_000 * plan.strikes_per_s)
        life.nozzle.strikes += used
        seat.strikes.append(used)
        if seat.traits.has_coating_sensor:
            noise = seat.rng.gauss(0.0, seat.traits.coating_noise / _READINGS_A_DAY**0.5)
            life.readings.append((life.nozzle.strikes, life.nozzle.path.coating_at(life.nozzle.strikes) + noise))
        if seat.rng.random() < self._odd.damage_per_day:
            self._replace(seat)

    def _swap_if_due(self, seat: SimulatedSeat) -> None:
        """As the simulator's people do: most come within a day or two of asking, some in a week."""
        nozzle = seat.now.nozzle
        wear = nozzle.true_wear() if seat.traits.has_coating_sensor else nozzle.strikes / nozzle.kind.rated_strikes
        if seat.wanted_since is None and wear >= seat.traits.swap_wear:
            late = seat.rng.random() < self._odd.late_swap_share
            seat.wanted_since = self.day
            seat.waits_days = seat.rng.uniform(3, 10) if late else seat.rng.uniform(0, 1.5)
        if seat.wanted_since is not None and self.day >= seat.wanted_since + seat.waits_days:
            self._replace(seat)

    def _replace(self, seat: SimulatedSeat) -> None:
        seat.wanted_since = None
        old = seat.now
        old.removed_day = self.day
        self._fit(seat)
        old.followed_by = seat.now.nozzle.kind.model

    def _fit(self, seat: SimulatedSeat) -> None:
        serial = f"N{seat.device_no + 1:05d}-{len(seat.lives) + 1:02d}"
        nozzle = self._inventory.draw_nozzle(seat.rng, seat.traits.model, serial)
        seat.lives.append(Fitted(nozzle, self.day))


def bins_of(life: Fitted) -> NozzleBins:
    """The readings so far, as the gateway would have summed them."""
    shift = shift_for(life.readings[-1][0])
    sums: dict[int, list[int]] = {}
    for strikes, coating in life.readings:
        part = sums.setdefault(strikes >> shift, [0, 0, 0])
        part[0] += _READINGS_A_DAY
        part[1] += _READINGS_A_DAY * strikes
        part[2] += round(_READINGS_A_DAY * min(1.0, max(0.0, coating)) * UNITS_IN_ONE)
    return NozzleBins(life.nozzle.serial, shift, tuple(WearBin(bin_no, *part) for bin_no, part in sorted(sums.items())))


def state_of(seat: SimulatedSeat, life: Fitted) -> NozzleState:
    """The nozzle as the gateway's fleet would have it."""
    nozzle = life.nozzle
    return NozzleState(
        serial=nozzle.serial,
        device_id=seat.traits.device_id,
        clinic_id=seat.clinic.clinic_id,
        fitted=life.removed_day is None,
        strikes=nozzle.strikes,
        coating_ratio=life.readings[-1][1] if life.readings else None,
        first_event_ms=START_MS + life.fitted_day * DAY_MS,
        last_event_ms=START_MS + (life.fitted_day + life.open_days) * DAY_MS,
        model=nozzle.kind.model,
        lot=nozzle.lot.lot,
        rated_strikes=nozzle.kind.rated_strikes,
        expires_on=None,
    )
