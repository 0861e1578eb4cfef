"""The clinic page: its devices, what is due there, when it is open, whom to call. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, NamedTuple

from dashboards.charts.plain import Spec
from dashboards.charts.sessions import DayBar, bars_spec
from dashboards.charts.theme import Palette
from dashboards.web.format import UTC_ZONE, count_text, date_text, local_date, short_time_text, zone_of
from dashboards.web.pages.actions import WEAR_RULES
from dashboards.web.pages.alert_rows import AlertRow, alert_rows
from dashboards.web.pages.device import replace_by_text
from dashboards.web.pages.device_charts import session_words
from dashboards.web.pages.kpis import Kpis, kpis_of
from dashboards.web.pages.rows import DeviceRow, Place, device_row
from dashboards.web.strings import Strings
from schemas.page_views import DayTotal
from schemas.views import AlertView, ClinicView, DeviceView, FleetSummary

USAGE_DAYS: Final = 42
_DAYS_A_WEEK: Final = 7


class DayHours(NamedTuple):
    """When the clinic is open on one weekday."""

    day: str
    hours: str
    today: bool


class DueRow(NamedTuple):
    """A nozzle that is due, by its wear or by what is forecast of it, or worn out."""

    row: DeviceRow
    replace_by: str


@dataclass(frozen=True, slots=True)
class ClinicNow:
    """How the clinic stands."""

    kpis: Kpis
    lines: tuple[AlertRow, ...]
    due: tuple[DueRow, ...]
    rows: tuple[DeviceRow, ...]


@dataclass(frozen=True, slots=True)
class ClinicPage:
    """All that the clinic page shows, as text."""

    as_of_ms: int
    as_of_text: str
    id: str
    name: str
    region: str
    timezone: str
    contact: str
    discovered: bool
    hours: tuple[DayHours, ...]
    now: ClinicNow


def clinic_now(
    clinic: ClinicView,
    devices: Sequence[DeviceView],
    alerts: Sequence[AlertView],
    summary: FleetSummary,
    strings: Strings,
) -> ClinicNow:
    """How the clinic stands; `devices` are its own."""
    place = Place(clinic.name or clinic.id, clinic.timezone)
    rows = tuple(device_row(view, place, strings) for view in devices)
    by_day = {view.id: replace_by_text(view.forecast.replace_by, strings) for view in devices if view.forecast}
    own = [alert for alert in alerts if alert.clinic_id == clinic.id]
    told = {alert.device_id for alert in own if alert.rule in WEAR_RULES and alert.state == "firing"}
    due = [row for row in rows if row.band in ("due", "worn_out") or row.id in told]
    due.sort(key=lambda row: (-(row.wear or 0.0), row.id))
    return ClinicNow(
        kpis=kpis_of(summary, strings),
        lines=alert_rows(own, {row.id: row.name for row in rows}, {clinic.id: place}, strings),
        due=tuple(DueRow(row, by_day.get(row.id, "")) for row in due),
        rows=rows,
    )


def clinic_page(clinic: ClinicView, now: ClinicNow, now_ms: int, strings: Strings) -> ClinicPage:
    """The page as it stands at `now_ms`."""
    return ClinicPage(
        as_of_ms=now_ms,
        as_of_text=short_time_text(now_ms, UTC_ZONE, strings.numbers),
        id=clinic.id,
        name=clinic.name or clinic.id,
        region=clinic.region,
        timezone=clinic.timezone,
        contact=clinic.contact,
        discovered=clinic.discovered,
        hours=opening_hours(clinic, now_ms, strings),
        now=now,
    )


def summary_of(devices: Sequence[DeviceView], whole: FleetSummary, sessions_today: int) -> FleetSummary:
    """The summary of these devices alone; what belongs to no device is the whole fleet's."""
    counted = [view for view in devices if view.state != "retired"]
    online = [view for view in counted if view.online]
    bands = [view.wear_band for view in counted if view.nozzle is not None]
    sources = [view.power.source for view in online if view.power is not None]
    return whole.model_copy(
        update={
            "clinics": 1,
            "devices": len(counted),
            "online": len(online),
            "offline": len(counted) - len(online),
            "on_mains": sources.count("mains"),
            "on_battery": sources.count("battery"),
            "in_session": sum(1 for view in online if view.sessions is not None and view.sessions.active),
            "nozzles_ok": bands.count("ok"),
            "nozzles_due": bands.count("due"),
            "nozzles_worn_out": bands.count("worn_out"),
            "nozzles_unknown": bands.count("unknown"),
            "sessions_today": sessions_today,
        }
    )


def opening_hours(clinic: ClinicView, now_ms: int, strings: Strings) -> tuple[DayHours, ...]:
    """The week from Monday; nothing where the hours are not known."""
    spans = [span.strip() for span in clinic.opening_hours.split(",")]
    if len(spans) != _DAYS_A_WEEK:
        return ()
    words = strings.pages.clinic
    today = local_date(now_ms, zone_of(clinic.timezone)).weekday()
    return tuple(
        DayHours(words.weekdays[day], words.closed if span == "closed" else span.replace("-", "–"), day == today)
        for day, span in enumerate(spans)
    )


def opening_hours_text(opening_hours: str, strings: Strings) -> str:
    """The week in a line, days of the same hours together; as it is written where that is no week."""
    spans = [span.strip() for span in opening_hours.split(",")]
    if len(spans) != _DAYS_A_WEEK:
        return opening_hours
    days, closed = strings.numbers.weekdays, strings.pages.clinic.closed
    parts: list[str] = []
    first = 0
    for day in range(1, _DAYS_A_WEEK + 1):
        if day == _DAYS_A_WEEK or spans[day] != spans[first]:
            named = days[first] if day == first + 1 else f"{days[first]}–{days[day - 1]}"
            parts.append(f"{named} {closed if spans[first] == 'closed' else spans[first].replace('-', '–')}")
            first = day
    return ", ".join(parts)


def usage_chart(days: Sequence[DayTotal], now_ms: int, palette: Palette, strings: Strings) -> Spec | None:
    """Sessions a day; None where there were none."""
    counts = {local_date(day.day_ms, UTC_ZONE): day.sessions for day in days}
    if not counts:
        return None
    last = local_date(now_ms, UTC_ZONE)
    every = [last - timedelta(ago) for ago in range(USAGE_DAYS - 1, -1, -1)]
    numbers, common = strings.numbers, strings.pages.common
    bars = [DayBar(day, counts.get(day, 0), date_text(day, numbers, common)) for day in every]
    described = strings.pages.clinic.usage_describes.format(
        n=count_text(sum(bar.sessions for bar in bars), numbers), most=max(bar.sessions for bar in bars)
    )
    return bars_spec(bars, palette, session_words(strings, described))
