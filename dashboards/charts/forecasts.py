"""Earlier forecasts of one nozzle's whole life against what came. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import altair as alt

from dashboards.charts.plain import DAY_FORMAT, Spec
from dashboards.charts.theme import Palette, chart_of, themed

HEIGHT: Final = 150


class Forecasted(NamedTuple):
    """A forecast of one day: the strikes that the nozzle's life would have, with the middle 80 % and 90 %."""

    t: int
    when: str
    p05: float
    p10: float
    p50: float
    p90: float
    p95: float


@dataclass(frozen=True, slots=True)
class ForecastsWords:
    """What the chart says. `strikes`: the axis; `so_far`: the line of the strikes that the nozzle had."""

    time: str
    life: str
    so_far: str
    came: str
    description: str


def forecasts_spec(
    days: Sequence[Forecasted], so_far: Sequence[tuple[int, float]], came: float | None, palette: Palette,
    words: ForecastsWords,
) -> Spec:  # fmt: skip
    """The chart: bands of what was expected day by day, the strikes so far, and the life that it came to."""
    rows = [day._asdict() for day in days]
    base = chart_of(rows)
    axis = alt.Axis(format="~s", title=None, tickCount=4)
    y = alt.Y("p05", type="quantitative", axis=axis, scale=alt.Scale(zero=True))
    hint = [
        alt.Tooltip("when", type="nominal", title=words.time),
        alt.Tooltip("p50", type="quantitative", format=",.0f", title=words.life),
        alt.Tooltip("p10", type="quantitative", format=",.0f", title="10 %"),
        alt.Tooltip("p90", type="quantitative", format=",.0f", title="90 %"),
    ]
    time_axis = alt.Axis(format=DAY_FORMAT, grid=False, labelOverlap="greedy", labelFlush=True, tickCount=6, title=None)
    x = alt.X("t", type="temporal", axis=time_axis, scale=alt.Scale(type="utc", nice=False))
    strikes = chart_of([{"t": t, "strikes": value, "label": words.so_far} for t, value in so_far])
    layers: list[alt.Chart] = [
        base.mark_area(color=palette.accent, fillOpacity=0.12, clip=True).encode(x=x, y=y, y2="p95"),
        base.mark_area(color=palette.accent, fillOpacity=0.18, clip=True).encode(x=x, y="p10:Q", y2="p90"),
        base.mark_line(color=palette.accent, strokeDash=[2, 3]).encode(x=x, y="p50:Q"),
        base.mark_circle(color=palette.accent, size=18, opacity=1).encode(x=x, y="p50:Q", tooltip=hint),
    ]
    if so_far:
        layers.append(strikes.mark_line(color=palette.silver, strokeWidth=1.75).encode(x=x, y="strikes:Q"))
        layers.append(
            chart_of([{"t": so_far[-1][0], "strikes": so_far[-1][1]}])
            .mark_text(text=words.so_far, align="right", baseline="top", dy=5, color=palette.muted)
            .encode(x=x, y="strikes:Q")
        )
    if came is not None:
        ended = chart_of([{"came": came, "t": days[0].t}])
        layers.append(ended.mark_rule(color=palette.text, strokeWidth=1.5).encode(y="came:Q"))
        layers.append(
            ended.mark_text(
                text=words.came, align="left", baseline="bottom", dx=4, dy=-3, color=palette.text, fontWeight=600
            ).encode(x=x, y="came:Q")
        )
    return themed(alt.layer(*layers), palette, height=HEIGHT, description=words.description)
