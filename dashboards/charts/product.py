"""Charts of the product in the field: rates with their intervals, and the fan of what will be needed. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final, NamedTuple

import altair as alt

from dashboards.charts.plain import Spec
from dashboards.charts.report import DayWords, day_label
from dashboards.charts.theme import Palette, chart_of, themed

FAN_HEIGHT: Final = 180
_ROW_HEIGHT: Final = 26


class Rate(NamedTuple):
    """A group's rate with its interval."""

    name: str
    value: float
    low: float
    high: float


class WeekNeed(NamedTuple):
    """Quantiles of what one week needs."""

    since: date
    p10: float
    p50: float
    p90: float


@dataclass(frozen=True, slots=True)
class ProductWords:
    """What the charts say."""

    axis: str
    group: str
    week: str
    p10: str
    p50: str
    p90: str
    description: str


def rates_spec(rates: Sequence[Rate], palette: Palette, words: ProductWords) -> Spec:
    """A point for each group, and a line for its interval."""
    rows = [rate._asdict() for rate in rates]
    y = alt.Y(
        "name",
        type="ordinal",
        sort=[rate.name for rate in rates],
        title=None,
        axis=alt.Axis(domain=False, ticks=False, labelLimit=180),
    )
    x = alt.X("low", type="quantitative", title=words.axis, scale=alt.Scale(zero=True), axis=alt.Axis(tickCount=6))
    hint = [
        alt.Tooltip("name", type="nominal", title=words.group),
        alt.Tooltip("value", type="quantitative", format=".2f", title=words.p50),
        alt.Tooltip("low", type="quantitative", format=".2f", title=words.p10),
        alt.Tooltip("high", type="quantitative", format=".2f", title=words.p90),
    ]
    base = chart_of(rows)
    layers = [
        base.mark_rule(color=palette.silver, strokeWidth=5, opacity=0.6, strokeCap="round").encode(x=x, x2="high", y=y),
        base.mark_point(size=60, filled=True, opacity=1, color=palette.accent).encode(
            x=alt.X("value", type="quantitative"), y=y, tooltip=hint
        ),
    ]
    height = max(80, _ROW_HEIGHT * len(rows))
    return themed(alt.layer(*layers), palette, height=height, description=words.description)


def needs_spec(weeks: Sequence[WeekNeed], palette: Palette, words: ProductWords, dates: DayWords) -> Spec:
    """The fan: for each week the range that holds 80 %, and the median."""
    rows: list[dict[str, Any]] = [
        {
            "t": int(datetime(week.since.year, week.since.month, week.since.day, tzinfo=UTC).timestamp() * 1_000),
            "p10": week.p10,
            "p50": week.p50,
            "p90": week.p90,
            "when": week.since.isoformat(),
        }
        for week in weeks
    ]
    x = alt.X(
        "t",
        type="temporal",
        title=None,
        scale=alt.Scale(type="utc", nice=False),
        axis=alt.Axis(
            labelExpr=day_label(dates),
            grid=False,
            labelOverlap="greedy",
            labelSeparation=10,
            labelFlush=True,
            tickCount=6,
        ),
    )
    top = max([4.0, *(week.p90 for week in weeks)]) * 1.04
    y = alt.Y(
        "p10",
        type="quantitative",
        title=None,
        scale=alt.Scale(domain=[0, top], nice=False),
        axis=alt.Axis(tickCount=4, tickMinStep=1, format="d", domain=False),
    )
    hint = [
        alt.Tooltip("when", type="nominal", title=words.week),
        alt.Tooltip("p10", type="quantitative", title=words.p10),
        alt.Tooltip("p50", type="quantitative", title=words.p50),
        alt.Tooltip("p90", type="quantitative", title=words.p90),
    ]
    base = chart_of(rows)
    layers = [
        base.mark_area(color=palette.accent, opacity=0.18).encode(x=x, y=y, y2="p90"),
        base.mark_line(color=palette.accent, strokeWidth=2).encode(x=x, y=alt.Y("p50", type="quantitative")),
        base.mark_circle(color=palette.accent, size=36, opacity=1).encode(
            x=x, y=alt.Y("p50", type="quantitative"), tooltip=hint
        ),
    ]
    return themed(alt.layer(*layers), palette, height=FAN_HEIGHT, description=words.description)
