"""Sessions: a calendar of one device's days, and the bars of a clinic's days. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import ceil
from typing import Any, Final, NamedTuple

import altair as alt

from dashboards.charts.plain import DAY_FORMAT, Spec
from dashboards.charts.theme import Palette, chart_of, themed

CALENDAR_HEIGHT: Final = 132
BARS_HEIGHT: Final = 140
_DAYS_A_WEEK: Final = 7


class DayBar(NamedTuple):
    """Sessions of one day; `usual` for its weekday, None where that is not known. `running`: it is not over yet."""

    day: date
    sessions: int
    when: str
    usual: float | None = None
    running: bool = False


@dataclass(frozen=True, slots=True)
class SessionWords:
    """What the charts say; weekdays from Monday."""

    sessions: str
    day: str
    weekdays: tuple[str, ...]
    months: tuple[str, ...]
    description: str


def calendar_spec(days: Mapping[date, int], first: date, last: date, palette: Palette, words: SessionWords) -> Spec:
    """A column for each week from the one of `first`, a row for each weekday; darker: more sessions."""
    rows = _calendar_rows(days, first, last, words)
    most = max([4, *days.values()])
    limits = [1, *(max(place + 1, ceil(most * place / 4) + 1) for place in (1, 2, 3))]
    weeks = list(dict.fromkeys(row["week"] for row in rows))
    label = "datum.label"
    x = alt.X(
        "week",
        type="ordinal",
        sort=weeks,
        title=None,
        scale=alt.Scale(paddingInner=0.14),
        axis=alt.Axis(
            orient="top", domain=False, ticks=False, labelAngle=0, labelAlign="left", labelOverlap="greedy",
            labelExpr=f"({_month_starts(rows, words)})[{label}] || ''",
        ),
    )  # fmt: skip
    y = alt.Y(
        "weekday",
        type="ordinal",
        sort=list(words.weekdays),
        title=None,
        scale=alt.Scale(paddingInner=0.14),
        axis=alt.Axis(domain=False, ticks=False, values=[words.weekdays[0], words.weekdays[2], words.weekdays[4]]),
    )
    colour = alt.Color(
        "n",
        type="quantitative",
        legend=None,
        scale=alt.Scale(type="threshold", domain=limits, range=list(palette.steps)),
    )
    hint = [
        alt.Tooltip("when", type="nominal", title=words.day),
        alt.Tooltip("n", type="quantitative", title=words.sessions),
    ]
    chart = chart_of(rows).mark_rect(cornerRadius=2).encode(x=x, y=y, color=colour, tooltip=hint)
    return themed(chart, palette, height=CALENDAR_HEIGHT, description=words.description)


def bars_spec(days: Sequence[DayBar], palette: Palette, words: SessionWords) -> Spec:
    """One bar for each day."""
    rows = [{"t": _midnight_ms(bar.day), "n": bar.sessions, "when": bar.when} for bar in days]
    x = alt.X(
        "t",
        type="temporal",
        timeUnit="utcyearmonthdate",
        title=None,
        axis=alt.Axis(format=DAY_FORMAT, grid=False, labelOverlap="greedy", labelFlush=True, tickCount=6),
    )
    hint = [
        alt.Tooltip("when", type="nominal", title=words.day),
        alt.Tooltip("n", type="quantitative", title=words.sessions),
    ]
    chart = (
        chart_of(rows)
        .mark_bar(color=palette.accent, cornerRadiusEnd=2, binSpacing=2)
        .encode(
            x=x,
            y=alt.Y("n", type="quantitative", title=None, axis=alt.Axis(tickMinStep=1, tickCount=4)),
            tooltip=hint,
        )
    )
    return themed(chart, palette, height=BARS_HEIGHT, description=words.description)


def usual_bars_spec(days: Sequence[DayBar], palette: Palette, words: SessionWords, usual: str) -> Spec:
    """One bar for each day, with a mark at what is usual for its weekday; the day that is not over has the accent."""
    rows = [
        {"t": _midnight_ms(bar.day), "n": bar.sessions, "when": bar.when, "usual": bar.usual, "running": bar.running}
        for bar in days
    ]
    x = alt.X(
        "t",
        type="temporal",
        timeUnit="utcyearmonthdate",
        title=None,
        axis=alt.Axis(format=DAY_FORMAT, grid=False, labelOverlap="greedy", labelFlush=True, tickCount=6),
    )
    y = alt.Y("n", type="quantitative", title=None, axis=alt.Axis(tickMinStep=1, tickCount=4))
    hint = [
        alt.Tooltip("when", type="nominal", title=words.day),
        alt.Tooltip("n", type="quantitative", title=words.sessions),
        alt.Tooltip("usual", type="quantitative", title=usual, format=".0f"),
    ]
    base = chart_of(rows)
    colour = alt.condition("datum.running", alt.value(palette.accent), alt.value(palette.silver))
    bars = base.mark_bar(cornerRadiusEnd=2, binSpacing=3).encode(x=x, y=y, color=colour, tooltip=hint)
    if all(bar.usual is None for bar in days):
        return themed(bars, palette, height=BARS_HEIGHT, description=words.description)
    marks = (
        base.transform_filter("datum.usual !== null")
        .mark_tick(color=palette.text, thickness=2, bandSize=16)
        .encode(x=x, y=alt.Y("usual", type="quantitative"), tooltip=hint)
    )
    return themed(alt.layer(bars, marks), palette, height=BARS_HEIGHT, description=words.description)


def _calendar_rows(days: Mapping[date, int], first: date, last: date, words: SessionWords) -> list[dict[str, Any]]:
    monday = first - timedelta(first.weekday())
    rows: list[dict[str, Any]] = []
    for offset in range((last - monday).days + 1):
        day = monday + timedelta(offset)
        week = day - timedelta(day.weekday())
        weekday = words.weekdays[day.weekday()]
        month = words.months[day.month - 1]
        rows.append(
            {
                "week": week.isoformat(),
                "weekday": weekday,
                "n": days.get(day, 0),
                "when": f"{weekday} {day.day} {month} {day.year}",
            }
        )
    return rows


def _month_starts(rows: Sequence[Mapping[str, Any]], words: SessionWords) -> str:
    """An expression's object from the first week of each month to the month's name."""
    names: dict[str, str] = {}
    last_month = 0
    for week in dict.fromkeys(row["week"] for row in rows):
        month = date.fromisoformat(week).month
        if month != last_month and (last_month or date.fromisoformat(week).day <= _DAYS_A_WEEK):
            names[week] = words.months[month - 1]
        last_month = month
    pairs = ", ".join(f"'{week}': '{name}'" for week, name in names.items())
    return f"{{{pairs}}}"


def _midnight_ms(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1_000)
