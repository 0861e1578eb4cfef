"""Power over time: charge, health, and which source fed the device. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import altair as alt

from dashboards.charts.plain import Span, Spec
from dashboards.charts.theme import Palette, along_time, chart_of, themed, time_frame

HEIGHT: Final = 240
_STRIP_TOP: Final = -0.06
_STRIP_BOTTOM: Final = -0.16
_STRIP_HEIGHT: Final = 64


class PowerPoint(NamedTuple):
    """One point; `t` as `theme.wall_ms` gives it, `when` is the moment in words."""

    t: int
    charge: float | None
    health: float | None
    on_mains: bool
    when: str


class Stretch(NamedTuple):
    """A stretch of time on one source."""

    t: int
    t2: int
    on_mains: bool
    source: str


@dataclass(frozen=True, slots=True)
class PowerWords:
    """What the chart says."""

    charge: str
    health: str
    mains: str
    battery: str
    source: str
    time: str
    description: str


def stretches(points: Sequence[PowerPoint], until: int, words: PowerWords) -> list[Stretch]:
    """The sources that fed the device, each from its first point to the next source's."""
    found: list[Stretch] = []
    for point in points:
        if found and found[-1].on_mains == point.on_mains:
            continue
        if found:
            found[-1] = found[-1]._replace(t2=point.t)
        found.append(Stretch(point.t, until, point.on_mains, words.mains if point.on_mains else words.battery))
    return found


def power_spec(
    points: Sequence[PowerPoint], span: Span, since: int, until: int, palette: Palette, words: PowerWords
) -> Spec:
    """The chart: lines where the device has a battery, and below them the strip of its sources."""
    frame = time_frame(span, since, until)
    layers = [frame, _strip(points, until, palette, words), *_lines(points, palette, words)]
    return themed(
        alt.layer(*layers),
        palette,
        height=HEIGHT if _has_battery(points) else _STRIP_HEIGHT,
        description=words.description,
    )


def _has_battery(points: Sequence[PowerPoint]) -> bool:
    return any(point.charge is not None or point.health is not None for point in points)


def _lines(points: Sequence[PowerPoint], palette: Palette, words: PowerWords) -> list[alt.Chart]:
    charged = [point._asdict() for point in points if point.charge is not None]
    healthy = [point._asdict() for point in points if point.health is not None]
    x, charge, health = along_time(), "charge:Q", "health:Q"
    when = alt.Tooltip("when", type="nominal", title=words.time)
    layers: list[alt.Chart] = []
    if charged:
        base = chart_of(charged)
        hint = [when, alt.Tooltip("charge", type="quantitative", format=".0%", title=words.charge)]
        layers += [
            base.mark_area(color=palette.accent, fillOpacity=0.12, clip=True).encode(x=x, y=charge),
            base.mark_line(color=palette.accent, strokeWidth=1.75, clip=True).encode(x=x, y=charge),
            base.mark_circle(size=60, opacity=0, clip=True).encode(x=x, y=charge, tooltip=hint),
        ]
    if healthy:
        base = chart_of(healthy)
        hint = [when, alt.Tooltip("health", type="quantitative", format=".0%", title=words.health)]
        layers.append(
            base.mark_line(color=palette.silver, strokeDash=[5, 3], clip=True).encode(x=x, y=health, tooltip=hint)
        )
    return layers


def _strip(points: Sequence[PowerPoint], until: int, palette: Palette, words: PowerWords) -> alt.Chart:
    shown = _has_battery(points)
    y = alt.Y(
        "top",
        type="quantitative",
        scale=alt.Scale(domain=[_STRIP_BOTTOM - 0.02, 1.0 if shown else _STRIP_TOP], nice=False),
        axis=alt.Axis(format=".0%", values=[0, 0.5, 1.0], title=None) if shown else None,
    )
    rows = [
        {**stretch._asdict(), "top": _STRIP_TOP, "bottom": _STRIP_BOTTOM} for stretch in stretches(points, until, words)
    ]
    strip: alt.Chart = (
        chart_of(rows)
        .mark_rect(clip=True)
        .encode(
            x=along_time(),
            x2="t2",
            y=y,
            y2="bottom",
            color=alt.condition("datum.on_mains", alt.value(palette.silver), alt.value(palette.due)),
            tooltip=[alt.Tooltip("source", type="nominal", title=words.source)],
        )
    )
    return strip
