"""How every chart looks: palettes, type, axes. A page's chart takes the page's own colours, whatever they are. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

import altair as alt

from dashboards.charts.plain import DAY_FORMAT, Span, Spec

_FONT: Final = '-apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'
_TIME_FORMATS: Final[dict[Span, str]] = {
    "hour": "%H:%M",
    "day": "%H:%M",
    "week": "%a %-d",
    "month": DAY_FORMAT,
    "year": "%b %Y",
}
_MINUTE_MS: Final = 60_000
_DAY_MS: Final = 86_400_000
_TICK_MS: Final[dict[Span, int]] = {
    "hour": 10 * _MINUTE_MS,
    "day": 240 * _MINUTE_MS,
    "week": _DAY_MS,
    "month": 7 * _DAY_MS,
}
_MONTHS_A_TICK: Final = 2


@dataclass(frozen=True, slots=True)
class Palette:
    """One accent on silver; only what deviates has a colour of its own. `steps` rise from nothing to much."""

    text: str
    muted: str
    grid: str
    surface: str
    accent: str
    silver: str
    due: str
    worn: str
    worn_soft: str
    steps: tuple[str, str, str, str, str]


PAGE: Final = Palette(
    text="var(--text)",
    muted="var(--muted)",
    grid="var(--line)",
    surface="var(--surface)",
    accent="var(--accent)",
    silver="var(--ok)",
    due="var(--due)",
    worn="var(--worn)",
    worn_soft="var(--worn-soft)",
    steps=("var(--step-0)", "var(--step-1)", "var(--step-2)", "var(--step-3)", "var(--step-4)"),
)
"""The colours of the page around it: light, dark and print without drawing again."""

LIGHT: Final = Palette(
    text="#15202b",
    muted="#53606d",
    grid="#dde1e6",
    surface="#ffffff",
    accent="#1d54c4",
    silver="#94a1af",
    due="#e59500",
    worn="#c11f45",
    worn_soft="#fbe9ed",
    steps=("#eef0f3", "#c3d2ef", "#8eaae2", "#5680d4", "#1d54c4"),
)
DARK: Final = Palette(
    text="#e7ebef",
    muted="#9fabb7",
    grid="#2b343e",
    surface="#191f26",
    accent="#8fb6ff",
    silver="#7d8b99",
    due="#f2a93b",
    worn="#f2607b",
    worn_soft="#3a1822",
    steps=("#222a33", "#33466b", "#4d6ba2", "#6e91d1", "#8fb6ff"),
)
PALETTES: Final = {"page": PAGE, "light": LIGHT, "dark": DARK}


def chart_of(rows: Sequence[Mapping[str, Any]]) -> alt.Chart:
    """A chart of rows that travel within its spec."""
    return alt.Chart(alt.InlineData(values=[dict(row) for row in rows]))


def themed(
    chart: alt.LayerChart | alt.FacetChart | alt.Chart, palette: Palette, *, height: int, description: str
) -> Spec:
    """The finished spec, as wide as what it stands in."""
    dressed = (
        chart.properties(
            width="container",
            height=height,
            background="transparent" if palette is PAGE else palette.surface,
            description=description,
        )
        .configure(font=_FONT, autosize=alt.AutoSizeParams(type="fit-x", contains="padding"))
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=palette.muted,
            titleColor=palette.muted,
            gridColor=palette.grid,
            domainColor=palette.grid,
            tickColor=palette.grid,
            labelFontSize=11,
            titleFontSize=11,
            titleFontWeight="normal",
            labelPadding=5,
        )
        .configure_legend(labelColor=palette.text, labelFontSize=11, titleColor=palette.muted)
        .configure_text(color=palette.text, fontSize=11)
    )
    spec: Spec = dressed.to_dict(validate=False)
    return spec


def wall_ms(time_ms: int, zone: tzinfo) -> int:
    """What the clocks in `zone` show, as if it were UTC: charts know no zones but UTC."""
    moment = datetime.fromtimestamp(time_ms / 1_000, zone)
    return int(moment.replace(tzinfo=UTC).timestamp() * 1_000)


def time_frame(span: Span, since_wall_ms: int, until_wall_ms: int) -> alt.Chart:
    """A chart's first layer, which draws nothing but the axis, from `since` to `until`.

    What the other layers show must lie within: the axis spans all data, and a stated domain would be joined with it.
    """
    axis = alt.Axis(
        format=_TIME_FORMATS[span],
        grid=False,
        labelOverlap="greedy",
        labelFlush=True,
        # Given as plain values they become dates by an expression that browsers' interpreter has wrong.
        values=alt.ExprRef(str(time_ticks(span, since_wall_ms, until_wall_ms))),
    )
    x = alt.X("t", type="temporal", title=None, axis=axis, scale=alt.Scale(type="utc", nice=False))
    ends = chart_of([{"t": since_wall_ms}, {"t": until_wall_ms}])
    frame: alt.Chart = ends.mark_rule(opacity=0).encode(x=x)
    return frame


def time_ticks(span: Span, since_wall_ms: int, until_wall_ms: int) -> list[int]:
    """Round moments between the two: whole ten minutes, hours, days, or beginnings of months."""
    step_ms = _TICK_MS.get(span)
    if step_ms is not None:
        first = -(-since_wall_ms // step_ms) * step_ms
        return list(range(first, until_wall_ms + 1, step_ms))
    since = datetime.fromtimestamp(since_wall_ms / 1_000, UTC)
    months = (since.year * 12 + since.month + ahead for ahead in range(0, 16, _MONTHS_A_TICK))
    starts = (datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC).timestamp() for month in months)
    return [ms for ms in (int(start * 1_000) for start in starts) if ms <= until_wall_ms]


def along_time() -> alt.X:
    """The same axis for the layers that follow."""
    return alt.X("t", type="temporal", scale=alt.Scale(type="utc", nice=False))
