"""From strikes to sessions and days: the device's own rate of use, and its clinic's calendar. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from gateway.hours import Span, Week, parse_hours_or, zone_or_utc
from gateway.store.forecast_rows import UseRow
from gateway.wear.paths import Floats
from gateway.wear.usage_rate import UsageRate, open_days_until, usage_rate, used_up_within
from schemas.registry import Clinic

_ALWAYS_OPEN: Final[Week] = (Span(0, 1_440),) * 7
_MOST_SESSIONS: Final = 20_000.0
_MOST_DAYS: Final = 3_650
_GRID: Final = 160


@dataclass(frozen=True, slots=True)
class Calendar:
    """When a clinic works: its zone and the weekdays on which it opens."""

    zone: ZoneInfo
    open_weekdays: tuple[bool, ...]

    @classmethod
    def of(cls, clinic: Clinic) -> Calendar:
        """A clinic whose hours nobody wrote, or nobody can read, or that never opens, counts as always open."""
        week = parse_hours_or(clinic.opening_hours, _ALWAYS_OPEN)
        opens = tuple(span is not None for span in week)
        return cls(zone_or_utc(clinic.timezone), opens if any(opens) else (True,) * 7)

    def day_of(self, at_ms: int) -> date:
        """The local date."""
        return datetime.fromtimestamp(at_ms / 1_000, UTC).astimezone(self.zone).date()

    def is_open(self, day: date) -> bool:
        return self.open_weekdays[day.weekday()]

    def last_open_until(self, day: date) -> date:
        """The day itself, or the last open one before it."""
        while not self.is_open(day):
            day -= timedelta(days=1)
        return day

    def next_open_after(self, day: date) -> date:
        """The first open day after this one."""
        day += timedelta(days=1)
        while not self.is_open(day):
            day += timedelta(days=1)
        return day

    def open_days(self, first: date, days: int) -> Floats:
        """How many of the next 1..days calendar days from `first` are open."""
        return open_days_until(self.open_weekdays, first.weekday(), days)


@dataclass(frozen=True, slots=True)
class DeviceUse:
    """How one device uses its nozzles up."""

    by_session: UsageRate
    by_open_day: UsageRate


@dataclass(frozen=True, slots=True)
class FleetUse:
    """The fleet's means, for devices of which little is known."""

    session_strikes: float
    day_strikes: float


def open_day_amounts(rows: Sequence[UseRow], calendar: Calendar, since_ms: int, now_ms: int) -> Floats:
    """Strikes of each open day from the first with a session, oldest first, today left out (it is not over); an open
    day without a session is a 0."""
    by_day: dict[date, int] = {}
    for row in rows:
        day = calendar.day_of(row.at_ms)
        by_day[day] = by_day.get(day, 0) + row.strikes
    if not by_day:
        return np.empty(0)
    day, today = max(min(by_day), calendar.day_of(since_ms)), calendar.day_of(now_ms)
    amounts = []
    while day < today:
        if calendar.is_open(day) or day in by_day:
            amounts.append(float(by_day.get(day, 0)))
        day += timedelta(days=1)
    return np.array(amounts)


def fleet_use(sessions: Sequence[Floats], days: Sequence[Floats]) -> FleetUse | None:
    """Means over the fleet; None where nobody has held a session."""
    strikes = np.concatenate(sessions) if sessions else np.empty(0)
    amounts = np.concatenate(days) if days else np.empty(0)
    if not strikes.size or not strikes.sum():
        return None
    return FleetUse(float(strikes.mean()), float(amounts.mean()) if amounts.any() else float(strikes.mean()))


def device_use(session_strikes: Floats, day_strikes: Floats, fleet: FleetUse) -> DeviceUse:
    """One device's rates, shrunk towards the fleet's where it has been used little."""
    return DeviceUse(
        usage_rate(session_strikes, usual=fleet.session_strikes),
        usage_rate(day_strikes, usual=fleet.day_strikes),
    )


def session_quantiles(ahead: Floats, cdf: Floats, use: DeviceUse, levels: Floats) -> Floats:
    """Sessions until the remaining life (its distribution over `ahead`, in strikes) is used up."""
    longest = min(float(ahead[-1]) / use.by_session.mean * 2.0 + 4.0, _MOST_SESSIONS)
    sessions = np.concatenate([[0.0], np.geomspace(0.5, max(longest, 1.0), _GRID)])
    return _quantiles(sessions, used_up_within(ahead, cdf, use.by_session, sessions), levels)


def day_cdf(ahead: Floats, cdf: Floats, use: DeviceUse, calendar: Calendar, first: date) -> Floats:
    """The probability that the remaining life is used up within 0, 1, 2, … calendar days from `first`."""
    usual = float(ahead[-1]) / use.by_open_day.mean
    share = sum(calendar.open_weekdays) / 7.0
    days = int(min(max(2.0 * usual / share + 14.0, 14.0), _MOST_DAYS))
    opened = calendar.open_days(first, days)
    places, where = np.unique(opened, return_inverse=True)
    by_day = used_up_within(ahead, cdf, use.by_open_day, places)[where]
    return np.concatenate([used_up_within(ahead, cdf, use.by_open_day, np.zeros(1)), by_day])


def day_quantiles(by_day: Floats, levels: Floats) -> Floats:
    """Calendar days at which the probabilities of `day_cdf` reach each level."""
    return _quantiles(np.arange(float(by_day.size)), by_day, levels)


def _quantiles(places: Floats, cdf: Floats, levels: Floats) -> Floats:
    rising = np.maximum.accumulate(cdf) + np.linspace(0.0, 1e-9, cdf.size)
    return np.asarray(np.interp(levels, rising, places, right=float(places[-1])))
