"""Wear over time: readings, their running median, the limit, swaps, and the forecast where there is one. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final, NamedTuple

import altair as alt

from dashboards.charts.plain import Span, Spec
from dashboards.charts.theme import Palette, along_time, chart_of, themed, time_frame

HEIGHT: Final = 240
_MEDIAN_OF: Final = 9
_LEAST_TOP: Final = 1.2
_NAME_SHARE: Final = 0.12
"""Of the width, about what a serial takes."""
_FAN_STEPS: Final = 12
_WEAR: Final = "wear:Q"


class Reading(NamedTuple):
    """One reading of wear. `t` as `theme.wall_ms` gives it; `when` is the moment in words."""

    t: int
    wear: float
    serial: str
    current: bool
    when: str


class Swap(NamedTuple):
    """A nozzle that was fitted."""

    t: int
    serial: str


class Fan(NamedTuple):
    """When the limit is reached: five quantiles, from the wear at `t`.

    `path`: how the wear goes on, as (part of the time up to the limit, wear), where that is known; else straight on.
    `replace_by`: the day on which to replace.
    """

    t: int
    wear: float
    p05: int
    p25: int
    p50: int
    p75: int
    p95: int
    path: tuple[tuple[float, float], ...] = ()
    replace_by: int | None = None


@dataclass(frozen=True, slots=True)
class WearWords:
    """What the chart says."""

    limit: str
    wear: str
    time: str
    nozzle: str
    description: str
    replace_by: str = ""


@dataclass(frozen=True, slots=True)
class WearData:
    """All that the chart shows, between `since` and `until`."""

    span: Span
    since: int
    until: int
    readings: Sequence[Reading]
    swaps: Sequence[Swap]
    fan: Fan | None


def wear_spec(data: WearData, palette: Palette, words: WearWords) -> Spec:
    """The chart."""
    top = max([_LEAST_TOP, *(reading.wear * 1.05 for reading in data.readings)])
    y = alt.Y(
        "wear",
        type="quantitative",
        scale=alt.Scale(domain=[0, top], nice=False),
        axis=alt.Axis(format=".0%", values=[0, 0.25, 0.5, 0.75, 1.0], title=None),
    )
    until = _ahead(data)
    layers = [time_frame(data.span, data.since, until), *_limit(data.since, until, top, palette, words, y)]
    layers += [*_fan(data.fan, until, palette), *_replace_by(data.fan, until, palette, words)]
    layers += [
        *_swaps(data.swaps, (until - data.since) * _NAME_SHARE, palette),
        *_readings(data.readings, palette, words),
    ]
    return themed(alt.layer(*layers), palette, height=HEIGHT, description=words.description)


def running_median(readings: Sequence[Reading]) -> list[float]:
    """The wear of each reading among its neighbours of the same nozzle: single ones are noisy."""
    smooth = [reading.wear for reading in readings]
    for serial in dict.fromkeys(reading.serial for reading in readings):
        places = [place for place, reading in enumerate(readings) if reading.serial == serial]
        own = [readings[place].wear for place in places]
        half = _MEDIAN_OF // 2
        for at, place in enumerate(places):
            reach = min(half, at, len(own) - 1 - at)
            smooth[place] = median(own[at - reach : at + reach + 1])
    return smooth


def _limit(since: int, until: int, top: float, palette: Palette, words: WearWords, y: alt.Y) -> list[alt.Chart]:
    base, x = chart_of([{"t": since, "t2": until, "wear": 1.0, "top": top}]), along_time()
    return [
        base.mark_rect(color=palette.worn_soft, clip=True).encode(x=x, x2="t2", y=y, y2="top"),
        base.mark_rule(color=palette.worn, strokeWidth=1.5, strokeDash=[5, 3]).encode(y=_WEAR),
        base.mark_text(
            text=words.limit, align="left", baseline="bottom", dx=4, dy=-4, color=palette.worn, fontWeight=600
        ).encode(x=x, y=_WEAR),
    ]


def _fan(fan: Fan | None, until: int, palette: Palette) -> list[alt.Chart]:
    """The middle 90 % and 50 % of where the wear may be, and its median."""
    if fan is None:
        return []
    rows = []
    for step in range(_FAN_STEPS + 1):
        t = fan.t + (until - fan.t) * step / _FAN_STEPS
        names = {"low90": fan.p95, "low50": fan.p75, "mid": fan.p50, "high50": fan.p25, "high90": fan.p05}
        rows.append({"t": t, **{name: _along(fan, reached, t) for name, reached in names.items()}})
    base = chart_of(rows)
    x = along_time()
    return [
        base.mark_area(color=palette.accent, fillOpacity=0.12, clip=True).encode(x=x, y="low90:Q", y2="high90"),
        base.mark_area(color=palette.accent, fillOpacity=0.18, clip=True).encode(x=x, y="low50:Q", y2="high50"),
        base.mark_line(color=palette.accent, strokeDash=[2, 3], clip=True).encode(x=x, y="mid:Q"),
    ]


def _replace_by(fan: Fan | None, until: int, palette: Palette, words: WearWords) -> list[alt.Chart]:
    if fan is None or fan.replace_by is None or not words.replace_by or not fan.t <= fan.replace_by <= until:
        return []
    base, x = chart_of([{"t": fan.replace_by}]), along_time()
    return [
        base.mark_rule(color=palette.accent, strokeWidth=1.5).encode(x=x),
        base.mark_text(
            text=words.replace_by, align="right", baseline="bottom", dx=-4, color=palette.accent, fontWeight=600
        ).encode(x=x, y=alt.value(HEIGHT - 26)),
    ]


def _ahead(data: WearData) -> int:
    """Where the axis ends: with the forecast, or half as far ahead as it reaches back if that is sooner."""
    if data.fan is None:
        return data.until
    return max(data.until, min(data.fan.p95, data.until + (data.until - data.since) // 2))


def _along(fan: Fan, reached_t: int, t: float) -> float:
    """The way from now's wear to the limit at `reached_t`, no further than the limit."""
    top = max(1.0, fan.wear)
    if reached_t <= fan.t:
        return top
    part = (t - fan.t) / (reached_t - fan.t)
    if part >= 1.0:
        return top
    before, below = 0.0, fan.wear
    for place, wear in (*fan.path, (1.0, 1.0)):
        if part <= place:
            return below if place <= before else below + (wear - below) * (part - before) / (place - before)
        before, below = place, wear
    return top


def _swaps(swaps: Sequence[Swap], apart_ms: float, palette: Palette) -> list[alt.Chart]:
    """Where another nozzle follows so soon that their names would lie on each other, the later one has its name."""
    if not swaps:
        return []
    in_order = sorted(swaps)
    later = [*(swap.t for swap in in_order[1:]), None]
    named = [
        swap if next_t is None or next_t - swap.t >= apart_ms else swap._replace(serial="")
        for swap, next_t in zip(in_order, later, strict=True)
    ]
    base = chart_of([swap._asdict() for swap in named])
    x = along_time()
    return [
        base.mark_rule(color=palette.muted, strokeDash=[2, 2]).encode(x=x),
        base.mark_text(align="left", baseline="top", dx=4, y=2, color=palette.muted, clip=True).encode(
            x=x, text=alt.Text("serial", type="nominal")
        ),
    ]


def _readings(readings: Sequence[Reading], palette: Palette, words: WearWords) -> list[alt.Chart]:
    hint = [
        alt.Tooltip("when", type="nominal", title=words.time),
        alt.Tooltip("wear", type="quantitative", format=".0%", title=words.wear),
        alt.Tooltip("serial", type="nominal", title=words.nozzle),
    ]
    smooth = running_median(readings)
    rows = [{**reading._asdict(), "smooth": wear} for reading, wear in zip(readings, smooth, strict=True)]
    base, x = chart_of(rows), along_time()
    colour = alt.condition("datum.current", alt.value(palette.accent), alt.value(palette.silver))
    strokes = [
        base.transform_filter("datum.current" if current else "!datum.current")
        .mark_line(strokeWidth=2.25 if current else 1.5, color=palette.accent if current else palette.silver, clip=True)
        .encode(x=x, y="smooth:Q", detail=alt.Detail("serial", type="nominal"))
        for current in (False, True)
        if any(reading.current == current for reading in readings)
    ]
    return [
        base.mark_circle(size=22, opacity=1, fillOpacity=0.35, clip=True).encode(
            x=x, y=_WEAR, color=colour, tooltip=hint
        ),
        *strokes,
    ]
