"""The device page: how it stands, and what it went through. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from dashboards.charts.plain import Span
from dashboards.web.format import (
    UTC_ZONE,
    count_text,
    date_text,
    decimal_text,
    duration_text,
    local_time_text,
    percent_text,
    short_time_text,
    strikes_text,
    wall_time_text,
    zone_of,
)
from dashboards.web.pages.alert_rows import AlertRow, alert_rows
from dashboards.web.pages.rows import DeviceRow, Place, device_row
from dashboards.web.pages.spans import SPANS_MS, beside, stretch_address
from dashboards.web.strings import Strings
from schemas.page_views import LedgerEntry, SessionMark, WearStory
from schemas.views import AlertView, DeviceView, ForecastView, PowerView

SESSIONS_SHOWN: Final = 10
LEDGER_SHOWN: Final = 8
"""The others unfold."""


class SpanLink(NamedTuple):
    """One stretch of time to choose."""

    span: Span
    address: str
    length_ms: int
    text: str
    current: bool


class ForecastText(NamedTuple):
    """When the nozzle is to be replaced, in words; empty where that can't be told."""

    replace_by: str
    days_note: str
    sessions: str
    sessions_note: str


@dataclass(frozen=True, slots=True)
class DeviceNow:
    """How the device stands."""

    row: DeviceRow
    voltage: str
    health: str
    forecast: ForecastText | None
    lines: tuple[AlertRow, ...]


class SessionRow(NamedTuple):
    """One treatment session."""

    ended_ms: int
    ended: str
    ended_title: str
    duration: str
    strikes: str
    depth: str
    end: str


class LedgerRow(NamedTuple):
    """One line of the nozzle ledger."""

    at_ms: int
    at: str
    at_title: str
    action: str
    kind: str
    serial: str
    strikes: str
    note: str


@dataclass(frozen=True, slots=True)
class DevicePage:
    """All that the device page shows, as text."""

    as_of_ms: int
    as_of_text: str
    place: Place
    now: DeviceNow
    spans: tuple[SpanLink, ...]
    earlier: str
    later: str
    past: tuple[AlertRow, ...]
    sessions: tuple[SessionRow, ...]
    ledger: tuple[LedgerRow, ...]
    """Latest first, as are those that unfold."""
    ledger_before: tuple[LedgerRow, ...]
    held: str


def device_now(view: DeviceView, alerts: Sequence[AlertView], place: Place, strings: Strings) -> DeviceNow:
    """How the device stands, with its firing alerts."""
    row = device_row(view, place, strings)
    own = [alert for alert in alerts if alert.device_id == view.id]
    return DeviceNow(
        row=row,
        voltage=_voltage(view.power, strings),
        health=_health(view.power, strings),
        forecast=_forecast(view.forecast, strings) if row.band != "worn_out" else None,
        lines=alert_rows(own, {view.id: row.name}, {view.clinic_id: place}, strings),
    )


def device_page(
    *,
    now: DeviceNow,
    place: Place,
    span: Span,
    past: Sequence[AlertView],
    sessions: Sequence[SessionMark],
    ledger: Sequence[LedgerEntry],
    story: WearStory,
    now_ms: int,
    strings: Strings,
    until_ms: int | None = None,
) -> DevicePage:
    """The page as it stands at `now_ms`, with the stretch of time that ends at `until_ms`, or now."""
    row = now.row
    earlier, later = beside(span, until_ms, now_ms)
    return DevicePage(
        as_of_ms=now_ms,
        as_of_text=short_time_text(now_ms, UTC_ZONE, strings.numbers),
        place=place,
        now=now,
        spans=tuple(
            SpanLink(name, stretch_address(name, until_ms), length_ms, strings.pages.device.spans[name], name == span)
            for name, length_ms in SPANS_MS.items()
        ),
        earlier=earlier,
        later=later,
        past=alert_rows(past, {row.id: row.name}, {row.clinic_id: place}, strings),
        sessions=tuple(_session(mark, place, strings) for mark in sessions[:SESSIONS_SHOWN]),
        ledger=tuple(_ledger(entry, place, strings) for entry in ledger[:LEDGER_SHOWN]),
        ledger_before=tuple(_ledger(entry, place, strings) for entry in ledger[LEDGER_SHOWN:]),
        held=_held(story, strings),
    )


def _held(story: WearStory, strings: Strings) -> str:
    """How many forecasts turned out as they said; empty where none can be told yet."""
    told = [item.held for past in story.past for item in past.items if item.held is not None]
    if not told:
        return ""
    numbers = strings.numbers
    return strings.story.held.of(len(told)).format(
        held=count_text(sum(told), numbers), n=count_text(len(told), numbers)
    )


def _voltage(power: PowerView | None, strings: Strings) -> str:
    if power is None or power.voltage_v is None:
        return ""
    return strings.pages.device.voltage.format(n=decimal_text(power.voltage_v, 1, strings.numbers))


def _health(power: PowerView | None, strings: Strings) -> str:
    if power is None or power.health is None:
        return ""
    return strings.pages.device.health.format(n=percent_text(power.health, strings.numbers))


def _forecast(forecast: ForecastView | None, strings: Strings) -> ForecastText | None:
    if forecast is None:
        return None
    words, numbers = strings.pages.device, strings.numbers
    days, left = forecast.remaining_days, forecast.remaining_sessions
    day = replace_by_text(forecast.replace_by, strings)
    if not day and left is None:
        return None
    return ForecastText(
        replace_by=day,
        days_note=words.replace_by_between.format(low=round(days.p10), high=round(days.p90)) if days else "",
        sessions=words.remaining_sessions.of(round(left.p50)).format(n=count_text(round(left.p50), numbers))
        if left
        else "",
        sessions_note=words.remaining_between.format(
            low=count_text(round(left.p10), numbers), high=count_text(round(left.p90), numbers)
        )
        if left
        else "",
    )


def replace_by_text(text: str | None, strings: Strings) -> str:
    """The day until which a nozzle is to be replaced, in full; empty where it is not known."""
    return date_text(date.fromisoformat(text), strings.numbers, strings.pages.common) if text else ""


def _session(mark: SessionMark, place: Place, strings: Strings) -> SessionRow:
    words, numbers, common = strings.pages.device, strings.numbers, strings.pages.common
    zone = zone_of(place.timezone)
    return SessionRow(
        ended_ms=mark.ended_ms,
        ended=wall_time_text(mark.ended_ms, zone, numbers, common),
        ended_title=local_time_text(mark.ended_ms, zone, numbers),
        duration="" if mark.duration_ms is None else duration_text(mark.duration_ms, common),
        strikes=count_text(mark.strikes, numbers),
        depth="" if mark.depth_mm is None else words.depth.format(n=decimal_text(mark.depth_mm, 1, numbers)),
        end=words.ends[mark.end] if mark.end else "",
    )


def _ledger(entry: LedgerEntry, place: Place, strings: Strings) -> LedgerRow:
    words, numbers, common = strings.pages.device, strings.numbers, strings.pages.common
    zone = zone_of(place.timezone)
    made_by = words.made_by[entry.made_by]
    usual = "" if entry.made_by == "device" else made_by
    return LedgerRow(
        at_ms=entry.ts_ms,
        at=wall_time_text(entry.ts_ms, zone, numbers, common),
        at_title=local_time_text(entry.ts_ms, zone, numbers),
        action=words.ledger_actions[entry.action],
        kind=entry.action,
        serial=entry.serial,
        strikes="" if entry.strikes is None else strikes_text(entry.strikes, numbers),
        note=f"{made_by}: {entry.reason}" if entry.reason else usual,
    )
