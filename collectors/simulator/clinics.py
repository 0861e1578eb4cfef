"""Clinics around the world, so that at any hour some are open; names are made up and generic."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from collectors.simulator.settings import HOUR_MS, MINUTE_MS, SimulatorSettings
from schemas.registry import Clinic

_QUARTERS = ("North", "South", "East", "West", "Centre")
_CLOSED = "closed"


class Region(NamedTuple):
    """Where a clinic may stand."""

    name: str
    timezone: str
    mains_v: float
    opening_hours: str
    """One entry for each day from Monday, as in the registry."""


REGIONS: tuple[Region, ...] = (
    Region("Germany", "Europe/Berlin", 230.0, ",".join(["09:00-18:00"] * 5 + ["09:00-14:00", _CLOSED])),
    Region("US East", "America/New_York", 120.0, ",".join(["09:00-19:00"] * 5 + ["10:00-17:00", "11:00-17:00"])),
    Region("India", "Asia/Kolkata", 230.0, ",".join(["09:30-19:30"] * 6 + ["10:00-15:00"])),
    Region("Australia", "Australia/Sydney", 230.0, ",".join(["08:30-18:00"] * 5 + ["09:00-15:00", _CLOSED])),
    Region("US West", "America/Los_Angeles", 120.0, ",".join(["09:00-19:00"] * 5 + ["10:00-18:00", "11:00-18:00"])),
    Region("Japan", "Asia/Tokyo", 100.0, ",".join(["10:00-19:00"] * 2 + [_CLOSED] + ["10:00-19:00"] * 4)),
    Region("United Kingdom", "Europe/London", 230.0, ",".join(["09:00-18:00"] * 5 + ["09:00-16:00", _CLOSED])),
    Region("Gulf", "Asia/Dubai", 230.0, ",".join(["10:00-21:00"] * 4 + [_CLOSED] + ["10:00-21:00"] * 2)),
    Region("New Zealand", "Pacific/Auckland", 230.0, ",".join(["08:30-17:30"] * 5 + ["09:00-16:00", "10:00-16:00"])),
    Region("Brazil", "America/Sao_Paulo", 220.0, ",".join(["08:00-18:00"] * 5 + ["08:00-13:00", _CLOSED])),
    Region("Singapore", "Asia/Singapore", 230.0, ",".join(["10:00-20:00"] * 6 + ["11:00-17:00"])),
    Region("US Mountain", "America/Denver", 120.0, ",".join(["08:00-18:00"] * 5 + ["09:00-15:00", _CLOSED])),
)


class Window(NamedTuple):
    """From when to when, in true time."""

    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class SimulatedClinic:
    """One clinic and its calendar."""

    clinic_id: str
    name: str
    region: Region
    zone: ZoneInfo

    def local_date(self, at_ms: int) -> date:
        return datetime.fromtimestamp(at_ms / 1000, self.zone).date()

    def midnight_ms(self, day: date) -> int:
        """When the local day begins."""
        return self._instant_ms(day, time(0))

    def open_on(self, day: date) -> Window | None:
        """The opening hours of a local day, None where it is closed."""
        hours = self.region.opening_hours.split(",")[day.weekday()]
        if hours == _CLOSED:
            return None
        opens, closes = (time.fromisoformat(text) for text in hours.split("-"))
        return Window(self._instant_ms(day, opens), self._instant_ms(day, closes))

    def entry(self) -> Clinic:
        """The clinic as people would have written it down."""
        return Clinic(
            clinic_id=self.clinic_id,
            name=self.name,
            region=self.region.name,
            timezone=self.region.timezone,
            opening_hours=self.region.opening_hours,
        )

    def _instant_ms(self, day: date, at: time) -> int:
        return int(datetime.combine(day, at, self.zone).timestamp() * 1000)


def make_clinics(settings: SimulatorSettings) -> tuple[SimulatedClinic, ...]:
    """The clinics of the fleet, spread over the regions."""
    digits = max(2, len(str(settings.clinics)))
    clinics = []
    for number in range(1, settings.clinics + 1):
        region = REGIONS[(number - 1) % len(REGIONS)]
        label = f"{number:0{digits}d}"
        name = f"Clinic {label} {_QUARTERS[(number - 1) % len(_QUARTERS)]}"
        clinics.append(SimulatedClinic(f"c-{label}", name, region, ZoneInfo(region.timezone)))
    return tuple(clinics)


def mains_outages(settings: SimulatorSettings, clinic: SimulatedClinic, day: date) -> tuple[Window, ...]:
    """When the mains of a clinic fail on a local day; the same for every device there."""
    rng = settings.random("outage", clinic.clinic_id, day)
    if rng.random() >= settings.oddities.outages_per_day:
        return ()
    start_ms = clinic.midnight_ms(day) + int(rng.uniform(6, 21) * HOUR_MS)
    length_ms = MINUTE_MS + min(int(rng.expovariate(1 / 25) * MINUTE_MS), 2 * HOUR_MS)
    return (Window(start_ms, start_ms + length_ms),)


def next_day(day: date) -> date:
    return day + timedelta(days=1)
