"""The charts of a device: its history to specs. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

from dashboards.charts.forecasts import Forecasted, ForecastsWords, forecasts_spec
from dashboards.charts.plain import Spec
from dashboards.charts.power import PowerPoint, PowerWords, power_spec
from dashboards.charts.sessions import SessionWords, calendar_spec
from dashboards.charts.theme import Palette, wall_ms
from dashboards.charts.wear import Fan, Reading, Swap, WearData, WearWords, wear_spec
from dashboards.web.format import compact_text, count_text, date_text, local_date, wall_time_text, wear_text
from dashboards.web.pages.spans import Stretch
from dashboards.web.strings import Strings
from schemas.page_views import LedgerEntry, SeriesPoint, SessionMark, WearStory
from schemas.views import DeviceView

POINTS: Final = 360
CALENDAR_DAYS: Final = 182
LEAST_FORECASTS: Final = 3
_DAY_MS: Final = 86_400_000


def wear_chart(
    view: DeviceView,
    points: Sequence[SeriesPoint],
    ledger: Sequence[LedgerEntry],
    story: WearStory,
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
        span=words.spans_within[stretch.span],
        first=wear_text(own[0].wear, numbers),
        last=wear_text(own[-1].wear, numbers),
    )
    data = WearData(
        span=stretch.span,
        since=wall_ms(stretch.since_ms, zone),
        until=wall_ms(stretch.until_ms, zone),
        readings=readings,
        swaps=swaps,
        fan=_fan(view, story, now_ms, zone) if stretch.until_ms >= now_ms else None,
    )
    nozzle = strings.fleet.columns["nozzle"]
    said = WearWords(words.wear_limit, words.wear, words.time, nozzle, described, words.replace_by)
    return wear_spec(data, palette, said)


def past_chart(story: WearStory, zone: tzinfo, palette: Palette, strings: Strings) -> Spec | None:
    """What was forecast of the fitted nozzle, or of the one before while too little was; None where nothing was."""
    told = [past for past in story.past if len(past.items) >= LEAST_FORECASTS]
    if not told:
        return None
    past, words, numbers, common = told[0], strings.story, strings.numbers, strings.pages.common
    days = [
        Forecasted(
            t=wall_ms(item.as_of_ms, zone),
            when=wall_time_text(item.as_of_ms, zone, numbers, common),
            p05=round(item.p05),
            p10=round(item.p10),
            p50=round(item.p50),
            p90=round(item.p90),
            p95=round(item.p95),
        )
        for item in past.items
    ]
    so_far = [(wall_ms(item.as_of_ms, zone), float(item.strikes)) for item in past.items]
    described = words.past_describes.format(
        serial=past.serial,
        first=compact_text(round(past.items[0].p50), numbers),
        last=compact_text(round(past.items[-1].p50), numbers),
    )
    said = ForecastsWords(
        time=strings.pages.device.time, life=words.life, so_far=words.so_far, came=words.came, description=described
    )
    return forecasts_spec(days, so_far, past.came, palette, said)


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
    described = words.power_describes.format(span=words.spans_within[stretch.span], now=now)
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


def _fan(view: DeviceView, story: WearStory, now_ms: int, zone: tzinfo) -> Fan | None:
    days, forecast = story.days_left, view.forecast
    wear = view.nozzle.wear if view.nozzle else None
    if days is None or wear is None or wear >= 1.0:
        return None

    def at(days_ahead: float) -> int:
        return wall_ms(now_ms + int(days_ahead * _DAY_MS), zone)

    day = date.fromisoformat(forecast.replace_by) if forecast and forecast.replace_by else None
    return Fan(
        t=wall_ms(now_ms, zone),
        wear=wear,
        p05=at(days.p05),
        p25=at(days.p25),
        p50=at(days.p50),
        p75=at(days.p75),
        p95=at(days.p95),
        path=tuple(point for point in story.path if point[1] > wear),
        replace_by=None
        if day is None
        else int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp() * 1_000),
    )
