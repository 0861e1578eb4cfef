"""Survival: the share of nozzles that last so many strikes, with bands, one line for each group. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import altair as alt

from dashboards.charts.plain import Spec
from dashboards.charts.theme import Palette, chart_of, themed

Standing: TypeAlias = Literal["plain", "shorter", "longer"]

HEIGHT: Final = 260
_DASHES: Final[tuple[list[int], ...]] = ([1, 0], [6, 3], [2, 2], [9, 3, 2, 3])
_LEGEND_COLUMNS: Final = 2
"""As many names stand side by side on a phone."""
_MILLION: Final = 1_000_000


class LifeStep(NamedTuple):
    """From so many strikes on; `low` and `high` bound the share."""

    strikes: float
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class LifeCurve:
    """One group's; a group that stands out is drawn before all others."""

    name: str
    standing: Standing
    steps: Sequence[LifeStep]


@dataclass(frozen=True, slots=True)
class SurvivalWords:
    """What the chart says."""

    axis: str
    share: str
    group: str
    strikes: str
    description: str


def survival_spec(curves: Sequence[LifeCurve], palette: Palette, words: SurvivalWords) -> Spec:
    """The chart: each line of its own colour and dash; bands where they can still be told apart."""
    names = [curve.name for curve in curves]
    places = _places(curves)
    has_longer = any(curve.standing == "longer" for curve in curves)
    colours = [_colour(curve, place, palette, has_longer) for curve, place in zip(curves, places, strict=True)]
    dashes = [_DASHES[place % len(_DASHES)] for place in places]
    shown = [curve for curve in curves if curve.standing != "plain"] or (curves if len(curves) <= 2 else [])
    scale = alt.Scale(domain=names, range=colours)
    legend = alt.Legend(
        orient="top", title=None, symbolType="stroke", symbolStrokeWidth=2.5, symbolOpacity=1, columns=_LEGEND_COLUMNS
    )
    x = alt.X("strikes", type="quantitative", title=words.axis, scale=alt.Scale(domainMin=0), axis=alt.Axis(grid=False))
    y = alt.Y(
        "share",
        type="quantitative",
        title=None,
        scale=alt.Scale(domain=[0, 1], nice=False),
        axis=alt.Axis(format=".0%", values=[0, 0.25, 0.5, 0.75, 1.0]),
    )
    rows = [row for curve in curves for row in _rows(curve)]
    bands = [row for curve in shown for row in _rows(curve)]
    shown_legend = legend if len(names) > 1 else None
    colour = alt.Color("group", type="nominal", scale=scale, legend=shown_legend)
    layers: list[alt.Chart] = []
    if bands:
        band = chart_of(bands).mark_area(interpolate="step-after", opacity=0.14, clip=True)
        layers.append(band.encode(x=x, y=alt.Y("low", type="quantitative"), y2="high", color=colour))
    line = chart_of(rows).mark_line(interpolate="step-after", strokeWidth=2, clip=True)
    dash = alt.StrokeDash("group", type="nominal", scale=alt.Scale(domain=names, range=dashes), legend=shown_legend)
    layers.append(line.encode(x=x, y=y, color=colour, strokeDash=dash))
    hint = [
        alt.Tooltip("group", type="nominal", title=words.group),
        alt.Tooltip("strikes", type="quantitative", format=".2f", title=words.strikes),
        alt.Tooltip("share", type="quantitative", format=".0%", title=words.share),
    ]
    layers.append(chart_of(rows).mark_circle(size=50, opacity=0).encode(x=x, y=y, tooltip=hint))
    return themed(alt.layer(*layers), palette, height=HEIGHT, description=words.description)


def _places(curves: Sequence[LifeCurve]) -> list[int]:
    """Of each among those that stand like it: lines of one colour differ by their dashes, the first is solid."""
    seen: Counter[Standing] = Counter()
    places = []
    for curve in curves:
        places.append(seen[curve.standing])
        seen[curve.standing] += 1
    return places


def _colour(curve: LifeCurve, place: int, palette: Palette, has_longer: bool) -> str:
    if curve.standing != "plain":
        return palette.worn if curve.standing == "shorter" else palette.accent
    rest = (palette.accent, palette.due, palette.text, palette.silver, palette.steps[2], palette.muted)[has_longer:]
    return rest[place % len(rest)]


def _rows(curve: LifeCurve) -> list[dict[str, Any]]:
    return [
        {
            "group": curve.name,
            "strikes": step.strikes / _MILLION,
            "share": step.share,
            "low": step.low,
            "high": step.high,
        }
        for step in curve.steps
    ]
