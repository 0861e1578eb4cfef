"""Stretches of time that a page can show. Pure."""

from __future__ import annotations

from typing import Final, NamedTuple

from dashboards.charts.theme import Span

_HOUR_MS: Final = 3_600_000
SPANS_MS: Final[dict[Span, int]] = {
    "hour": _HOUR_MS,
    "day": 24 * _HOUR_MS,
    "week": 7 * 24 * _HOUR_MS,
    "month": 30 * 24 * _HOUR_MS,
    "year": 365 * 24 * _HOUR_MS,
}
DEFAULT_SPAN: Final[Span] = "month"
_STEPS: Final = 720
"""So many steps has a span: what ends within one step is one chart, drawn once."""


class Stretch(NamedTuple):
    """since <= t < until."""

    span: Span
    since_ms: int
    until_ms: int


def span_named(name: str | None) -> Span:
    """The span of that name; a month where there is none."""
    return next((span for span in SPANS_MS if span == name), DEFAULT_SPAN)


def stretch_until(span: Span, now_ms: int) -> Stretch:
    """The span that ends with the step that `now_ms` is in."""
    length_ms = SPANS_MS[span]
    step_ms = length_ms // _STEPS
    until_ms = now_ms - now_ms % step_ms + step_ms
    return Stretch(span, until_ms - length_ms, until_ms)
