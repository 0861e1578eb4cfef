"""The charts of reports: they are printed, so nothing in them waits for a pointer. Pure."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, Final, NamedTuple

import altair as alt

from dashboards.charts.plain import Spec
from dashboards.charts.theme import Palette, chart_of, themed

_ROW_HEIGHT: Final = 18
_GAP: Final = 0.003
_DAY_MS: Final = 86_400_000
_DAY_GAP_MS: Final = _DAY_MS // 20
_LEAST_TOP: Final = 4


class DayWords(NamedTuple):
    """How an axis writes a day: `{day} {month}`, with the months' short names."""

    template: str
    months: Sequence[str]


class DayValue(NamedTuple):
    """A day's number and what is usual for it."""

    day: date
    n: float
    usual: float | None


class Part(NamedTuple):
    """A part of a stacked bar: `order` from the bottom, `name` in the legend."""

    week: date
    name: str
    order: int
    n: int


class Said(NamedTuple):
    """One forecast and what came."""

    name: str
    low: float
    mid: float
    high: float
    came: float
    verdict: str


class Amount(NamedTuple):
    name: str
    n: float
    text: str


class Step(NamedTuple):
    """One bar of a histogram, from `low` up to `high`."""

    low: float
    high: float
    n: int
    colour: str


def days_spec(
    days: Sequence[DayValue],
    palette: Palette,
    *,
    height: int,
    names: tuple[str, str],
    dates: DayWords,
    description: str,
) -> Spec:
    """A bar for each day, a stepped line for the usual. `names`: of the bars and of the line, in the legend."""
    bars, usual = names
    rows: list[dict[str, Any]] = [{**_span(day.day, _DAY_GAP_MS), "n": day.n, "zero": 0, "what": bars} for day in days]
    line: list[dict[str, Any]] = [
        {**_span(day.day, 0), "n": day.usual, "what": usual} for day in days if day.usual is not None
    ]
    x = alt.X(
        "t",
        type="temporal",
        title=None,
        scale=alt.Scale(type="utc", nice=False),
        axis=alt.Axis(
            labelExpr=day_label(dates), grid=False, labelOverlap="greedy", labelFlush=True, tickCount=8, tickSize=3
        ),
    )
    y = _counted([row["n"] for row in (*rows, *line)])
    colour = _colour([bars, *([usual] if line else [])], [palette.accent, palette.text])
    layers = [chart_of(rows).mark_rect().encode(x=x, x2="t2", y=y, y2="zero", color=colour)]
    if line:
        layers.append(chart_of(line).mark_rule(strokeWidth=1.75).encode(x=x, x2="t2", y=y, color=colour))
    return themed(alt.layer(*layers), palette, height=height, description=description)


def histogram_spec(
    steps: Sequence[Step], palette: Palette, *, height: int, title: str, limit: float | None, description: str
) -> Spec:
    """Bars side by side along a share of the limit, with the limit as a line."""
    rows = [{**step._asdict(), "from": step.low + _GAP, "to": step.high - _GAP, "zero": 0} for step in steps]
    x = alt.X(
        "from",
        type="quantitative",
        title=None,
        scale=alt.Scale(domain=[0, steps[-1].high], nice=False),
        axis=alt.Axis(format=".0%", values=[0, 0.2, 0.4, 0.6, 0.8, 1.0], grid=False),
    )
    y = _counted([step.n for step in steps], title)
    colour = alt.Color("colour", type="nominal", scale=None)
    bars = chart_of(rows).mark_rect().encode(x=x, x2="to", y=y, y2="zero", color=colour)
    counts = (
        chart_of([{**row, "mid": (row["low"] + row["high"]) / 2} for row in rows if row["n"]])
        .mark_text(baseline="bottom", dy=-3, color=palette.muted)
        .encode(x=alt.X("mid", type="quantitative"), y=y, text=alt.Text("n", type="quantitative"))
    )
    layers = [bars, counts]
    if limit is not None:
        rule = chart_of([{"low": limit}]).mark_rule(color=palette.worn, strokeWidth=1.5, strokeDash=[5, 3])
        layers.append(rule.encode(x=alt.X("low", type="quantitative")))
    return themed(alt.layer(*layers), palette, height=height, description=description)


def weeks_spec(
    parts: Sequence[Part],
    colours: Sequence[str],
    palette: Palette,
    *,
    height: int,
    dates: DayWords,
    description: str,
) -> Spec:
    """A stacked bar for each week; `colours` by the parts' order."""
    named = dict(sorted({part.order: part.name for part in parts}.items()))
    rows: list[dict[str, Any]] = [
        {"week": f"{part.week:%Y-%m-%d}", "what": part.name, "order": part.order, "n": part.n} for part in sorted(parts)
    ]
    x = alt.X(
        "week",
        type="ordinal",
        timeUnit="utcyearmonthdate",
        title=None,
        scale=alt.Scale(paddingInner=0.4, paddingOuter=0.3),
        axis=alt.Axis(labelExpr=day_label(dates), labelAngle=0, domain=False, ticks=False),
    )
    sums: Counter[str] = Counter()
    for row in rows:
        sums[row["week"]] += row["n"]
    y = _counted(list(sums.values()))
    colour = _colour(list(named.values()), [colours[order] for order in named])
    bars = chart_of(rows).mark_bar(size=46, stroke=palette.surface, strokeWidth=1)
    chart = bars.encode(x=x, y=y, color=colour, order=alt.Order("order", type="quantitative"))
    return themed(chart, palette, height=height, description=description)


def said_spec(
    rows: Sequence[Said], palette: Palette, *, names: tuple[str, str, str], axis: str, description: str
) -> Spec:
    """For each forecast its range, its median and what came. `names`: of the forecast, of what came inside, outside."""
    said, inside, outside = names
    data: list[dict[str, Any]] = [row._asdict() for row in rows]
    order = [row.name for row in rows]
    y = alt.Y("name", type="ordinal", sort=order, title=None, axis=alt.Axis(domain=False, ticks=False, labelLimit=140))
    x = alt.X("low", type="quantitative", title=axis, scale=alt.Scale(zero=True), axis=alt.Axis(tickCount=8))
    base = chart_of(data)
    scale = alt.Scale(domain=[said, inside, outside], range=[palette.silver, palette.accent, palette.worn])
    legend = alt.Legend(orient="top", title=None, symbolType="circle", symbolStrokeWidth=0)
    came = base.mark_point(size=46, filled=True, opacity=1).encode(
        x=alt.X("came", type="quantitative"),
        y=y,
        color=alt.Color("verdict", type="nominal", scale=scale, legend=legend),
        shape=alt.Shape(
            "verdict",
            type="nominal",
            scale=alt.Scale(domain=[inside, outside], range=["circle", "diamond"]),
            legend=None,
        ),
    )
    layers = [
        base.mark_rule(color=palette.silver, strokeWidth=6, opacity=0.55, strokeCap="round").encode(
            x=x, x2="high", y=y
        ),
        base.mark_tick(color=palette.text, thickness=1.5, height=11).encode(x=alt.X("mid", type="quantitative"), y=y),
        came,
    ]
    height = max(90, _ROW_HEIGHT * len(rows))
    return themed(alt.layer(*layers), palette, height=height, description=description)


def amounts_spec(rows: Sequence[Amount], palette: Palette, *, description: str) -> Spec:
    """A horizontal bar for each name, its amount written at its end."""
    order = [row.name for row in rows]
    y = alt.Y("name", type="ordinal", sort=order, title=None, axis=alt.Axis(domain=False, ticks=False, labelLimit=220))
    x = alt.X(
        "n",
        type="quantitative",
        title=None,
        axis=None,
        scale=alt.Scale(domain=[0, max(row.n for row in rows) * 1.15], nice=False),
    )
    base = chart_of([row._asdict() for row in rows])
    bars = base.mark_bar(color=palette.accent, cornerRadiusEnd=1.5, size=11).encode(x=x, y=y)
    texts = base.mark_text(align="left", dx=5, color=palette.text).encode(
        x=x, y=y, text=alt.Text("text", type="nominal")
    )
    height = max(60, _ROW_HEIGHT * len(rows))
    return themed(alt.layer(bars, texts), palette, height=height, description=description)


def _counted(values: Sequence[float], title: str | None = None) -> alt.Y:
    """An axis of whole numbers, from 0 to at least 4."""
    return alt.Y(
        "n",
        type="quantitative",
        title=title,
        scale=alt.Scale(domain=[0, max(_LEAST_TOP, *values, 0) * 1.02], nice=False),
        axis=alt.Axis(tickMinStep=1, tickCount=4, domain=False, format="~s"),
    )


def _colour(names: Sequence[str], colours: Sequence[str]) -> alt.Color:
    """By the rows' `what`; a single one needs no legend."""
    legend = alt.Legend(orient="top", title=None, symbolType="square", symbolStrokeWidth=0)
    return alt.Color(
        "what",
        type="nominal",
        scale=alt.Scale(domain=list(names), range=list(colours[: len(names)])),
        legend=legend if len(names) > 1 else None,
    )


def day_label(dates: DayWords) -> str:
    """An expression that writes an axis' day in the report's language."""
    parts = {
        "{day}": "utcdate(datum.value)",
        "{month}": f"{json.dumps(list(dates.months), ensure_ascii=False)}[utcmonth(datum.value)]",
    }
    pieces = re.split(r"(\{day\}|\{month\})", dates.template)
    return " + ".join(parts.get(piece) or json.dumps(piece, ensure_ascii=False) for piece in pieces if piece)


def _span(day: date, gap_ms: int) -> dict[str, int]:
    """The day from its beginning to its end, less a gap at both sides."""
    start_ms = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1_000)
    return {"t": start_ms + gap_ms, "t2": start_ms + _DAY_MS - gap_ms}
