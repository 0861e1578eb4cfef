"""Numbers and times as a person reads them: with units, sensibly rounded, in the words of one catalogue. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dashboards.web.page_strings import CommonWords
from dashboards.web.strings import NumberWords

UTC_ZONE: Final = UTC

_MINUTE_MS = 60_000
_HOUR_MS = 60 * _MINUTE_MS
_DAY_MS = 24 * _HOUR_MS

_FIRST_STRONG_ISOLATE = "\u2068"
_POP_ISOLATE = "\u2069"
_BARE_LIMIT = 10_000
_THOUSAND = 1_000


def count_text(count: int, words: NumberWords) -> str:
    """A count in full: `1,204`."""
    return f"{count:,}".replace(",", words.group_mark)


def compact_text(count: int, words: NumberWords) -> str:
    """A count to two or three digits: `950`, `9,812`, `84 k`, `3.2 M`."""
    if count < _BARE_LIMIT:
        return count_text(count, words)
    for unit, template in ((1_000, words.thousand), (1_000_000, words.million)):
        scaled = _two_digits(count / unit)
        if float(scaled) < 1_000:
            return template.format(n=scaled.replace(".", words.decimal_mark))
    return words.billion.format(n=_two_digits(count / 1_000_000_000).replace(".", words.decimal_mark))


def _two_digits(value: float) -> str:
    return f"{value:.1f}" if round(value, 1) < 10 else f"{value:.0f}"


def strikes_text(strikes: int, words: NumberWords) -> str:
    """Needle strikes: `3.2 M strikes`."""
    return words.strikes.of(strikes).format(n=compact_text(strikes, words))


def percent_text(ratio: float, words: NumberWords) -> str:
    """A ratio as whole percent: `84 %`."""
    return words.percent.format(n=math.floor(ratio * 100 + 0.5))


def wear_text(wear: float, words: NumberWords) -> str:
    """Wear as whole percent: `84 %`."""
    return words.percent.format(n=wear_percent(wear))


def wear_percent(wear: float) -> int:
    """Wear in whole percent, halves upwards; what has not reached the limit is never rounded up to 100. The one
    rounding for figures, sentences and bars."""
    percent = math.floor(wear * 100 + 0.5)
    return min(percent, 99) if wear < 1 else percent


def age_text(age_ms: int, words: NumberWords) -> str:
    """How long ago: `just now`, `5 min ago`, `7 h ago`, `12 d ago`. The script in the page counts on the same way."""
    if age_ms < _MINUTE_MS:
        return words.just_now
    if age_ms < _HOUR_MS:
        return words.minutes_ago.format(n=age_ms // _MINUTE_MS)
    if age_ms < 2 * _DAY_MS:
        return words.hours_ago.format(n=age_ms // _HOUR_MS)
    return words.days_ago.format(n=age_ms // _DAY_MS)


def duration_text(duration_ms: int, words: CommonWords) -> str:
    """How long something took: `25 min`, `1 h 20 min`."""
    minutes = round(duration_ms / _MINUTE_MS)
    if minutes * _MINUTE_MS < _HOUR_MS:
        return words.minutes.format(n=minutes)
    return words.hours_minutes.format(h=minutes // 60, m=minutes % 60)


def bytes_text(count: int, templates: Sequence[str], words: NumberWords) -> str:
    """A size to two or three digits: `640 B`, `3.2 MB`. `templates` rise by thousands from bytes."""
    scaled, place = float(count), 0
    while scaled >= _THOUSAND and place < len(templates) - 1:
        scaled, place = scaled / _THOUSAND, place + 1
    digits = f"{scaled:.0f}" if place == 0 else _two_digits(scaled)
    return templates[place].format(n=digits.replace(".", words.decimal_mark))


def decimal_text(value: float, places: int, words: NumberWords) -> str:
    """A number with that many decimal places: `24.1`."""
    return f"{value:.{places}f}".replace(".", words.decimal_mark)


def date_text(day: date, words: NumberWords, common: CommonWords) -> str:
    """A day in full: `Sun 22 Nov 2026`."""
    return common.date.format(
        weekday=words.weekdays[day.weekday()], day=day.day, month=words.months[day.month - 1], year=day.year
    )


def wall_time_text(time_ms: int, zone: tzinfo, words: NumberWords, common: CommonWords) -> str:
    """A moment to the minute on the clocks of `zone`: `22 Nov, 10:42`."""
    moment = _moment(time_ms, zone)
    return common.wall_time.format(day=moment.day, month=words.months[moment.month - 1], time=f"{moment:%H:%M}")


def day_text(day: date, words: NumberWords) -> str:
    """A day without its year: `3 Dec`."""
    return words.day_month.format(day=day.day, month=words.months[day.month - 1])


def local_date(time_ms: int, zone: tzinfo) -> date:
    """The day that the calendar in `zone` shows."""
    return _moment(time_ms, zone).date()


def zone_of(name: str) -> tzinfo:
    """The IANA time zone of that name; UTC where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def local_time_text(time_ms: int, zone: tzinfo, words: NumberWords) -> str:
    """A moment in full on the clocks of `zone`: `Sun 22 Nov 2026, 10:42:07 CET`."""
    moment = _moment(time_ms, zone)
    return words.local_time.format(
        weekday=words.weekdays[moment.weekday()],
        day=moment.day,
        month=words.months[moment.month - 1],
        year=moment.year,
        time=f"{moment:%H:%M:%S}",
        zone=_zone_name(moment),
    )


def short_time_text(time_ms: int, zone: tzinfo, words: NumberWords) -> str:
    """The time of day: `10:42 UTC`."""
    moment = _moment(time_ms, zone)
    return words.short_time.format(time=f"{moment:%H:%M}", zone=_zone_name(moment))


def machine_time(time_ms: int) -> str:
    """RFC 3339 in UTC, for `datetime` attributes."""
    return f"{_moment(time_ms, UTC):%Y-%m-%dT%H:%M:%SZ}"


def isolated(text: str) -> str:
    """`text` so wrapped that its writing direction does not reach what stands around it."""
    return f"{_FIRST_STRONG_ISOLATE}{text}{_POP_ISOLATE}"


def _moment(time_ms: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, tz=zone)


def _zone_name(moment: datetime) -> str:
    name = moment.tzname() or "UTC"
    return f"UTC{name}" if name[0] in "+-" else name
