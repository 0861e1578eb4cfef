"""The charts of a device: its history to specs. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta, tzinfo
from typing import Final

from dashboards.charts.power import PowerPoint, PowerWords, power_spec
from dashboards.charts.sessions import SessionWords, calendar_spec
from dashboards.charts.theme import Palette, Spec, wall_ms
from dashboards.charts.wear import Fan, Reading, Swap, WearData, WearWords, wear_spec
from dashboards.web.format import count_text, date_text, local_date, wall_time_text, wear_text
from dashboards.web.pages.spans import Stretch
from dashboards.web.strings import Strings
from schemas.page_views import LedgerEntry, SeriesPoint, SessionMark
from schemas.views import DeviceView

POINTS: Final = 360
CALENDAR_DAYS: Final = 182
_DAY_MS: Final = 86_400_000


def wear_chart(
    view: DeviceView,
    points: Sequence[SeriesPoint],
    ledger: Sequence[LedgerEntry],
    stretch: Stretch,
    now_ms: int,
    zone: tzinfo,
    palette: Palette,
    strings: Strings,
) -> Spec | None:
    """Wear of the nozzles that were on the device; None where no reading tells it."""
    words, numbers, common = strings.pages.device, strings.numbers, strings.pages.common
    serial = view.nozzle.serial if view.nozzle else None
    readings = [
        Reading(
            t=wall_ms(point.ts_ms, zone),
            wear=round(point.wear, 4),
            serial=point.serial or words.unknown_serial,
            current=point.serial == serial,
            when=wall_time_text(point.ts_ms, zone, numbers, common),
        )
        for point in points
        if point.wear is not None
    ]
    if not readings:
        return None
    swaps = [
        Swap(wall_ms(entry.ts_ms, zone), entry.serial)
        for entry in ledger
        if entry.action != "removed" and stretch.since_ms <= entry.ts_ms < stretch.until_ms
    ]
    own = [reading for reading in readings if reading.current] or readings
    described = words.wear_describes.format(
        serial=serial or words.unknown_serial,
        span=words.spans[stretch.span].lower(),
        first=wear_text(own[0].wear, numbers),
        last=wear_text(own[-1].wear, numbers),
    )
    data = WearData(
        span=stretch.span,
        since=wall_ms(stretch.since_ms, zone),
        until=wall_ms(stretch.until_ms, zone),
        readings=readings,
        swaps=swaps,
        fan=_fan(view, now_ms, zone),
    )
    return wear_spec(
        data, palette, WearWords(words.wear_limit, words.wear, words.time, strings.fleet.columns["nozzle"], described)
    )


def power_chart(
    points: Sequence[SeriesPoint], stretch: Stretch, zone: tzinfo, palette: Palette, strings: Strings
) -> Spec | None:
    """Charge, health and source; None where there are no readings."""
    if not points:
        return None
    words, numbers, common = strings.pages.device, strings.numbers, strings.pages.common
    sources = strings.fleet.power_sources
    drawn = [
        PowerPoint(
            t=wall_ms(point.ts_ms, zone),
            charge=None if point.charge is None else round(point.charge, 4),
            health=None if point.health is None else round(point.health, 4),
            on_mains=point.on_mains,
            when=wall_time_text(point.ts_ms, zone, numbers, common),
        )
        for point in points
    ]
    now = sources["mains" if points[-1].on_mains else "battery"]
    described = words.power_describes.format(span=words.spans[stretch.span].lower(), now=now)
    said = PowerWords(
        charge=words.charge,
        health=words.health.format(n="").strip(),
        mains=sources["mains"],
        battery=sources["battery"],
        source=words.source,
        time=words.time,
        description=described,
    )
    since, until = wall_ms(stretch.since_ms, zone), wall_ms(stretch.until_ms, zone)
    return power_spec(drawn, stretch.span, since, until, palette, said)


def calendar_chart(
    marks: Sequence[SessionMark], now_ms: int, zone: tzinfo, palette: Palette, strings: Strings
) -> Spec | None:
    """Sessions of the last half year, day by day in the clinic's calendar; None where there were none."""
    last = local_date(now_ms, zone)
    first = last - timedelta(CALENDAR_DAYS)
    counts: Counter[date] = Counter(local_date(mark.ended_ms, zone) for mark in marks)
    days = {day: n for day, n in counts.items() if first <= day <= last}
    if not days:
        return None
    words, numbers = strings.pages.device, strings.numbers
    described = words.sessions_describes.format(
        n=count_text(sum(days.values()), numbers),
        days=len(days),
        since=date_text(min(days), numbers, strings.pages.common),
    )
    return calendar_spec(days, first, last, palette, session_words(strings, described))


def session_words(strings: Strings, described: str) -> SessionWords:
    """What charts of sessions say."""
    words, numbers = strings.pages.device, strings.numbers
    return SessionWords(words.sessions, words.day, numbers.weekdays, numbers.months, described)


def _fan(view: DeviceView, now_ms: int, zone: tzinfo) -> Fan | None:
    days = view.forecast.remaining_days if view.forecast else None
    wear = view.nozzle.wear if view.nozzle else None
    if days is None or wear is None or wear >= 1.0:
        return None

    def at(days_ahead: float) -> int:
        return wall_ms(now_ms + int(days_ahead * _DAY_MS), zone)

    return Fan(t=wall_ms(now_ms, zone), wear=wear, p10=at(days.p10), p50=at(days.p50), p90=at(days.p90))
