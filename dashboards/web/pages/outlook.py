"""What lies ahead of the fleet, in words: what comes due, what waiting costs, sessions against the usual. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import NamedTuple

from dashboards.charts.plain import Spec
from dashboards.charts.sessions import DayBar, SessionWords, usual_bars_spec
from dashboards.charts.theme import Palette
from dashboards.web.format import compact_text, count_text, date_text, decimal_text
from dashboards.web.strings import Strings
from schemas.page_views import DayUse, FleetOutlook

_WHOLE_FROM = 10


class Horizon(NamedTuple):
    """What is due by then. `filter` is the table's filter that shows those devices."""

    filter: str
    title: str
    nozzles: str
    cost: str
    some: bool


class OutlookText(NamedTuple):
    """The outlook, formatted."""

    horizons: tuple[Horizon, ...]
    waiting_detail: str
    usual: str


def outlook_text(outlook: FleetOutlook, strings: Strings) -> OutlookText:
    """The outlook's words."""
    words, numbers = strings.board, strings.numbers
    return OutlookText(
        horizons=tuple(
            Horizon(
                filter=f"due{each.days}" if each.days else "now",
                title=words.due_within.format(n=each.days) if each.days else words.due_now,
                nozzles=count_text(each.nozzles, numbers),
                cost=compact_text(round(each.cost), numbers),
                some=each.nozzles > 0,
            )
            for each in outlook.waiting
        ),
        waiting_detail=words.waiting_detail.format(ratio=_short(outlook.failure_ratio, strings)),
        usual=_usual_today(outlook, strings),
    )


def days_chart(outlook: FleetOutlook, palette: Palette, strings: Strings) -> Spec | None:
    """Sessions of the last four weeks, each day beside what is usual for it; None where there were none."""
    if not any(day.sessions for day in outlook.days):
        return None
    words, numbers = strings.board, strings.numbers
    bars = [
        DayBar(
            day=_day_of(use),
            sessions=use.sessions,
            when=date_text(_day_of(use), numbers, strings.pages.common),
            usual=use.usual,
            running=use is outlook.days[-1],
        )
        for use in outlook.days
    ]
    described = words.days_describes.format(
        n=count_text(sum(bar.sessions for bar in bars), numbers),
        most=count_text(max(bar.sessions for bar in bars), numbers),
    )
    device = strings.pages.device
    said = SessionWords(device.sessions, device.day, numbers.weekdays, numbers.months, described)
    return usual_bars_spec(bars, palette, said, words.days_usual)


def _usual_today(outlook: FleetOutlook, strings: Strings) -> str:
    words = strings.board
    if not outlook.days or outlook.days[-1].usual is None:
        return words.usual_unknown
    today = outlook.days[-1]
    weekday = strings.pages.clinic.weekdays[_day_of(today).weekday()]
    return words.usual.format(n=count_text(round(today.usual or 0), strings.numbers), weekday=weekday)


def _short(ratio: float, strings: Strings) -> str:
    if ratio >= _WHOLE_FROM or ratio == int(ratio):
        return count_text(round(ratio), strings.numbers)
    return decimal_text(ratio, 1, strings.numbers)


def _day_of(use: DayUse) -> date:
    return datetime.fromtimestamp(use.day_ms / 1_000, UTC).date()
