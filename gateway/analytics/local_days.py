"""Local days: a clinic's clock against UTC, and how long it is open on each of its days. Pure.

A local day is a number, days since 1970-01-01, whatever the zone.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from gateway.hours import Span, Week, parse_hours, zone_or_utc
from gateway.store.use_rows import ZoneSpan
from schemas.registry import Clinic

DAY_MS: Final = 86_400_000
MINUTE_MS: Final = 60_000
_EPOCH: Final = date(1970, 1, 1).toordinal()
_DAY_MINUTES: Final = 1_440
_ALWAYS: Final[Week] = (Span(0, _DAY_MINUTES),) * 7
_WEEK_DAYS: Final = 7

Floats = NDArray[np.float64]


def day_of(at: date) -> int:
    """The number of a date."""
    return at.toordinal() - _EPOCH


def date_of(day: int) -> date:
    """The date of a number."""
    return date.fromordinal(day + _EPOCH)


def zone_spans(zones: Mapping[str, str], since_day: int, until_day: int) -> list[ZoneSpan]:
    """Each clinic's clock over these UTC days, and a day before and after."""
    by_zone: dict[str, list[tuple[int, int, int]]] = {}
    spans: list[ZoneSpan] = []
    for clinic_id, zone in zones.items():
        if zone not in by_zone:
            by_zone[zone] = _offsets(zone_or_utc(zone), (since_day - 1) * DAY_MS, (until_day + 1) * DAY_MS)
        spans += [ZoneSpan(clinic_id, *span) for span in by_zone[zone]]
    return spans


def _offsets(zone: ZoneInfo, since_ms: int, until_ms: int) -> list[tuple[int, int, int]]:
    found: list[tuple[int, int, int]] = []
    start_ms, offset_ms = since_ms, _offset_ms(zone, since_ms)
    for at_ms in range(since_ms + DAY_MS, until_ms + 1, DAY_MS):
        if _offset_ms(zone, at_ms) != offset_ms:
            turn_ms = _turn_ms(zone, at_ms - DAY_MS, at_ms)
            found.append((start_ms, turn_ms, offset_ms))
            start_ms, offset_ms = turn_ms, _offset_ms(zone, at_ms)
    found.append((start_ms, until_ms, offset_ms))
    return found


def _turn_ms(zone: ZoneInfo, before_ms: int, after_ms: int) -> int:
    """The minute from which the offset is that of `after_ms`."""
    later = _offset_ms(zone, after_ms)
    while after_ms - before_ms > MINUTE_MS:
        middle_ms = (before_ms + after_ms) // 2 // MINUTE_MS * MINUTE_MS
        if _offset_ms(zone, middle_ms) == later:
            after_ms = middle_ms
        else:
            before_ms = middle_ms
    return after_ms


def _offset_ms(zone: ZoneInfo, at_ms: int) -> int:
    offset = datetime.fromtimestamp(at_ms / 1_000, UTC).astimezone(zone).utcoffset() or timedelta()
    return int(offset.total_seconds()) * 1_000


class OpenHours(NamedTuple):
    """When a clinic is open; `known` False: nobody wrote it, or nobody can read it, and it counts as always open."""

    week: Week
    known: bool
    zone: ZoneInfo

    @classmethod
    def of(cls, clinic: Clinic) -> OpenHours:
        zone = zone_or_utc(clinic.timezone)
        try:
            week = parse_hours(clinic.opening_hours)
        except ValueError:
            return cls(_ALWAYS, False, zone)
        return cls(week, True, zone) if any(week) else cls(_ALWAYS, False, zone)

    def minutes(self, since_day: int, until_day: int, now_ms: int) -> Floats:
        """Open minutes of each local day since <= day < until, as far as they have passed."""
        by_weekday = np.array([_length(span) for span in self.week])
        days = np.arange(since_day, until_day)
        minutes = by_weekday[(days + date_of(0).weekday()) % _WEEK_DAYS]
        now = datetime.fromtimestamp(now_ms / 1_000, UTC).astimezone(self.zone)
        today = day_of(now.date())
        minutes = np.where(days > today, 0.0, minutes)
        if since_day <= today < until_day:
            minutes[today - since_day] = _passed(self.week[now.weekday()], now.hour * 60 + now.minute)
        return np.asarray(minutes)

    def usual_minutes(self) -> Floats:
        """Open minutes of each weekday from Monday."""
        return np.array([_length(span) for span in self.week])


def _length(span: Span | None) -> float:
    if span is None:
        return 0.0
    return float(span.until - span.since if span.until > span.since else span.until + _DAY_MINUTES - span.since)


def _passed(span: Span | None, minute: int) -> float:
    if span is None:
        return 0.0
    return min(max(float(minute - span.since), 0.0), _length(span))
