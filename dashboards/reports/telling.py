"""How reports tell numbers, beyond what all pages do. Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from dashboards.charts.report import DayWords
from dashboards.charts.theme import LIGHT
from dashboards.reports.page import Tone
from dashboards.reports.words import ReportWords
from dashboards.web.format import count_text, decimal_text, percent_text, zone_of
from dashboards.web.strings import NumberWords, Strings
from schemas.report import Period

PALETTE: Final = LIGHT
"""Reports are paper."""

CHART_HEIGHT: Final = 150
DUE_WEAR: Final = 0.8

_MINUTE_MS: Final = 60_000
_HOUR_MS: Final = 60 * _MINUTE_MS
_DAY_MS: Final = 24 * _HOUR_MS
_WHOLE_FROM: Final = 10
_SAME_BELOW: Final = 0.02


def money_text(amount: float, numbers: NumberWords) -> str:
    """An amount without its smallest coins: `1,305`."""
    return count_text(round(amount), numbers)


def rough_text(value: float, numbers: NumberWords) -> str:
    """An expectation: `0.4`, `3.2`, `21`."""
    return count_text(round(value), numbers) if value >= _WHOLE_FROM else decimal_text(value, 1, numbers)


def wait_text(span_ms: int | None, words: ReportWords, numbers: NumberWords) -> str:
    """How long something took, to two digits: `25 min`, `3.4 h`, `12 d`; a dash where it is not known."""
    if span_ms is None:
        return words.none
    if span_ms < _HOUR_MS:
        return words.after_minutes.format(n=max(1, round(span_ms / _MINUTE_MS)))
    template, unit = (words.after_hours, _HOUR_MS) if span_ms < 2 * _DAY_MS else (words.after_days, _DAY_MS)
    return template.format(n=rough_text(span_ms / unit, numbers))


def change_text(now: float, usual: float, words: ReportWords, numbers: NumberWords) -> str:
    """Against the usual, within a sentence: `8 % more than`."""
    change = now / usual - 1 if usual else 0.0
    if abs(change) < _SAME_BELOW:
        return words.same
    return (words.more if change > 0 else words.less).format(n=count_text(round(abs(change) * 100), numbers))


def signed_percent(now: float, usual: float | None, words: ReportWords, numbers: NumberWords) -> str:
    """Against the usual, in a table: `+8 %`, `−3 %`."""
    if not usual:
        return words.none
    change = round((now / usual - 1) * 100)
    sign = "+" if change > 0 else "−" if change < 0 else "±"
    return sign + percent_text(abs(change) / 100, numbers)


def day_text(day: date, strings: Strings) -> str:
    """A day without its weekday: `22 Nov 2026`."""
    return strings.report.day.format(day=day.day, month=strings.numbers.months[day.month - 1], year=day.year)


def axis_days(strings: Strings) -> DayWords:
    """How charts write days."""
    return DayWords(strings.report.axis_day, strings.numbers.months)


def period_text(period: Period, strings: Strings) -> str:
    """First and last day: `1 Oct 2026 to 31 Oct 2026`; one day alone where they are the same."""
    zone = zone_of(period.zone)
    first = datetime.fromtimestamp(period.since_ms / 1_000, zone).date()
    last = (datetime.fromtimestamp(period.until_ms / 1_000, zone) - timedelta(milliseconds=1)).date()
    if first == last:
        return day_text(first, strings)
    return strings.report.period.format(since=day_text(first, strings), until=day_text(last, strings))


def wear_tone(wear: float | None, worn_out: bool) -> Tone:
    """Only what deviates has a colour."""
    if worn_out:
        return "worn"
    return "due" if wear is not None and wear >= DUE_WEAR else "plain"
