"""Stretches of time that a page can show. Pure."""

from __future__ import annotations

from typing import Final, NamedTuple

from dashboards.charts.plain import Span
from dashboards.web.pages.numbers import whole_number

_HOUR_MS: Final = 3_600_000
SPANS_MS: Final[dict[Span, int]] = {
    "hour": _HOUR_MS,
    "day": 24 * _HOUR_MS,
    "week": 7 * 24 * _HOUR_MS,
    "month": 30 * 24 * _HOUR_MS,
    "year": 365 * 24 * _HOUR_MS,
}
DEFAULT_SPAN: Final[Span] = "month"
_FIRST_MS: Final = 946_684_800_000
_MOST_DIGITS: Final = 13
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


def until_asked(text: str | None, now_ms: int) -> int | None:
    """The end that an address asks for, in ms; None for now, and for what is no time in the past."""
    until_ms = whole_number(text, _MOST_DIGITS)
    return until_ms if until_ms is not None and _FIRST_MS <= until_ms < now_ms else None


def stretch_address(span: Span, until_ms: int | None) -> str:
    """The query that asks for a stretch."""
    return f"?span={span}" if until_ms is None else f"?span={span}&until={until_ms}"


def beside(span: Span, until_ms: int | None, now_ms: int) -> tuple[str, str]:
    """The queries of the stretch before and of the one after; empty where there is none after."""
    length_ms = SPANS_MS[span]
    before = max(_FIRST_MS, (until_ms or now_ms) - length_ms)
    if until_ms is None:
        return stretch_address(span, before), ""
    after = until_ms + length_ms
    return stretch_address(span, before), stretch_address(span, after if after < now_ms else None)


def stretch_until(span: Span, now_ms: int) -> Stretch:
    """The span that ends with the step that `now_ms` is in."""
    length_ms = SPANS_MS[span]
    step_ms = length_ms // _STEPS
    until_ms = now_ms - now_ms % step_ms + step_ms
    return Stretch(span, until_ms - length_ms, until_ms)
