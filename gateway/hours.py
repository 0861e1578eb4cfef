"""Hours of the day and the week: opening hours, quiet hours, and the next moment that they allow. Pure.

Opening hours have one `HH:MM-HH:MM` or `closed` for each day from Monday, separated by commas; a span that ends
before it begins runs over midnight.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_DAYS_IN_WEEK: Final = 7
_MINUTE_MS: Final = 60_000
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
_SHUT: Final = ("closed", "")


class Span(NamedTuple):
    """Minutes after local midnight; `until` below or equal to `since` runs into the next day."""

    since: int
    until: int


Week: TypeAlias = tuple[Span | None, ...]
"""Seven, from Monday; None: closed."""


def parse_time_of_day(text: str) -> int:
    """Minutes after midnight of `HH:MM` (24:00 is not one). Raises ValueError that says what to write."""
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no time of day; write HH:MM, as 08:30")
    return int(found[1]) * 60 + int(found[2])


def parse_span(text: str) -> Span:
    """`HH:MM-HH:MM`; an end of 24:00 is midnight. Raises ValueError that says what to write."""
    since, dash, until = text.strip().partition("-")
    if not dash:
        raise ValueError(f"{text!r} is no span of hours; write HH:MM-HH:MM, as 22:00-07:00")
    return Span(parse_time_of_day(since), 24 * 60 if until.strip() == "24:00" else parse_time_of_day(until))


def parse_hours(text: str) -> Week:
    """Seven spans, from Monday. Raises ValueError that says what to write."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != _DAYS_IN_WEEK:
        raise ValueError("write seven spans from Monday, separated by commas, each HH:MM-HH:MM or closed")
    return tuple(None if part in _SHUT else parse_span(part) for part in parts)


def parse_hours_or(text: str, fallback: Week) -> Week:
    """The hours as somebody wrote them, or `fallback` where they can't be read."""
    try:
        return parse_hours(text) if text else fallback
    except ValueError:
        return fallback


def zone_or_utc(name: str) -> ZoneInfo:
    """The time zone of that name; UTC where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def within(week: Week, zone: ZoneInfo, now_ms: int) -> bool:
    """Whether the moment lies in the hours."""
    return next_within(week, zone, now_ms) == now_ms


def next_within(week: Week, zone: ZoneInfo, now_ms: int) -> int:
    """The moment itself if it lies in the hours, otherwise the next opening; itself too where it never opens."""
    today = _local(zone, now_ms).date()
    opening: list[int] = []
    for ahead in range(-1, _DAYS_IN_WEEK + 1):
        day = today + timedelta(days=ahead)
        span = week[day.weekday()]
        if span is None:
            continue
        since_ms, until_ms = _bounds(span, zone, day)
        if since_ms <= now_ms < until_ms:
            return now_ms
        if since_ms > now_ms:
            opening.append(since_ms)
    return min(opening, default=now_ms)


def next_outside(quiet: Span, zone: ZoneInfo, now_ms: int) -> int:
    """The moment itself if it lies outside of the daily span, otherwise the span's end."""
    today = _local(zone, now_ms).date()
    for ahead in (-1, 0):
        since_ms, until_ms = _bounds(quiet, zone, today + timedelta(days=ahead))
        if since_ms <= now_ms < until_ms:
            return until_ms
    return now_ms


def next_time_of_day(minutes: int, zone: ZoneInfo, after_ms: int) -> int:
    """The first moment after `after_ms` at which the local clock shows this."""
    day = _local(zone, after_ms).date()
    while (at_ms := _at(zone, day, minutes)) <= after_ms:
        day += timedelta(days=1)
    return at_ms


def settle(now_ms: int, *rules: Callable[[int], int]) -> int:
    """The first moment from `now_ms` on that every rule leaves as it is; gives up on rules that never agree."""
    at_ms = now_ms
    for _ in range(2 * _DAYS_IN_WEEK):
        moved_ms = at_ms
        for rule in rules:
            moved_ms = rule(moved_ms)
        if moved_ms == at_ms:
            break
        at_ms = moved_ms
    return at_ms


def _bounds(span: Span, zone: ZoneInfo, day: date) -> tuple[int, int]:
    until_day = day if span.until > span.since else day + timedelta(days=1)
    return _at(zone, day, span.since), _at(zone, until_day, span.until)


def _at(zone: ZoneInfo, day: date, minutes: int) -> int:
    if minutes == 24 * 60:
        day, minutes = day + timedelta(days=1), 0
    local = datetime.combine(day, time(minutes // 60, minutes % 60), tzinfo=zone)
    return int(local.timestamp()) * 1_000


def _local(zone: ZoneInfo, at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1_000, UTC).astimezone(zone)
