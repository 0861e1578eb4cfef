"""A chart in its reader's language: what its library writes itself, in the language's way. Pure."""

from __future__ import annotations

from typing import Any, Final

from dashboards.charts.plain import DAY_FORMAT, Spec
from dashboards.web.strings import ENGLISH, Strings

_WORDED_BY_LIBRARY: Final = ("axis", "legend", "mark")
"""For screen readers the library describes these in English. The chart's own description, and its numbers beside it or
as a file, say the same."""


def localised(spec: Spec, strings: Strings) -> Spec:
    """The chart with the names of days and months, and the marks in numbers, of the reader's language."""
    if strings.language == ENGLISH.language:
        return spec
    numbers, long_days = strings.numbers, strings.pages.clinic.weekdays
    day = strings.pages.common.date.format(weekday="%A", day="%-d", month="%B", year="%Y")
    time = {
        "dateTime": f"{day}, %X",
        "date": day,
        "time": "%H:%M:%S",
        "periods": ["", ""],
        # The library counts from Sunday, we from Monday.
        "days": [long_days[-1], *long_days[:-1]],
        "shortDays": [numbers.weekdays[-1], *numbers.weekdays[:-1]],
        "months": list(numbers.months),
        "shortMonths": list(numbers.months),
    }
    number = {
        "decimal": numbers.decimal_mark,
        "thousands": numbers.group_mark,
        "grouping": [3],
        "currency": ["", ""],
        "percent": numbers.percent.format(n=""),
    }
    days = numbers.day_month.format(day="%-d", month="%b")
    said: Spec = _with_days(spec, days)
    config = said.get("config", {})
    unsaid = {name: {**config.get(name, {}), "aria": False} for name in _WORDED_BY_LIBRARY}
    return {**said, "config": {**config, **unsaid, "locale": {"number": number, "time": time}}}


def _with_days(part: Any, days: str) -> Any:
    """The part of a spec with that format on every axis of days."""
    if isinstance(part, dict):
        return {
            name: days if name == "format" and value == DAY_FORMAT else _with_days(value, days)
            for name, value in part.items()
        }
    return [_with_days(each, days) for each in part] if isinstance(part, list) else part
