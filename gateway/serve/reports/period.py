"""Periods: months and days in a zone's calendar. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

from gateway.hours import zone_or_utc
from schemas.report import Period

_MONTHS_A_QUARTER: Final = 3
_MONTHS_A_YEAR: Final = 12


def common_zone(zones: Iterable[str]) -> str:
    """The zone that most have, of equally many the first by name; UTC where there is none."""
    counts = Counter(zones)
    return min(counts, key=lambda zone: (-counts[zone], zone)) if counts else "UTC"


def month_before(now_ms: int, zone: str) -> Period:
    """The last whole month."""
    this_month = local_day(now_ms, zone_or_utc(zone)).replace(day=1)
    last_month = (this_month - timedelta(days=1)).replace(day=1)
    return Period(midnight_ms(last_month, zone), midnight_ms(this_month, zone), zone)


def month_of(year: int, month: int, now_ms: int, zone: str) -> Period:
    """One month, as far as it has come; empty where it lies ahead."""
    first = date(year, month, 1)
    after = date(year + month // _MONTHS_A_YEAR, month % _MONTHS_A_YEAR + 1, 1)
    return Period(midnight_ms(first, zone), min(midnight_ms(after, zone), now_ms), zone)


def month_so_far(now_ms: int, zone: str) -> Period:
    """This month until now."""
    return Period(midnight_ms(local_day(now_ms, zone_or_utc(zone)).replace(day=1), zone), now_ms, zone)


def day_bounds(since_ms: int, until_ms: int, zone: str) -> list[int]:
    """The local midnights between the two, with both ends: from each to the next is one local day or a part of it."""
    bounds, day = [since_ms], local_day(since_ms, zone_or_utc(zone))
    while (next_ms := midnight_ms(day := day + timedelta(days=1), zone)) < until_ms:
        bounds.append(next_ms)
    return [*bounds, until_ms] if until_ms > since_ms else bounds


def midnight_ms(day: date, zone: str) -> int:
    """When the local day begins."""
    return round(datetime.combine(day, time(0), zone_or_utc(zone)).timestamp() * 1_000)


def local_day(at_ms: int, zone: tzinfo) -> date:
    """The day that the calendar in `zone` shows."""
    return datetime.fromtimestamp(at_ms / 1_000, zone).date()


def week_of(day: date) -> date:
    """The Monday of the day's week."""
    return day - timedelta(days=day.weekday())


def quarter_of(day: date) -> str:
    """`2026-Q4`."""
    return f"{day.year}-Q{(day.month - 1) // _MONTHS_A_QUARTER + 1}"


def quarter_start(day: date, back: int = 0) -> date:
    """The first day of the quarter that is `back` before the day's."""
    first_month = (day.month - 1) // _MONTHS_A_QUARTER * _MONTHS_A_QUARTER
    months = day.year * 12 + first_month - back * _MONTHS_A_QUARTER
    return date(months // 12, months % 12 + 1, 1)
