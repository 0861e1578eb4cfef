"""The fleet page: views to a page model in which every number is formatted. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dashboards.web.format import UTC_ZONE, count_text, short_time_text
from dashboards.web.pages.actions import (
    SHOWN_LINES,
    ActionLine,
    SeverityCount,
    action_lines,
    severity_counts,
)
from dashboards.web.pages.kpis import Kpis, kpis_of
from dashboards.web.pages.rows import DeviceRow, Place
from dashboards.web.strings import Strings
from schemas.views import AlertView, FleetSummary

COLUMNS: Final = ("clinic", "device", "seen", "power", "sessions", "nozzle", "wear", "alerts")
FILTERS: Final = ("action", "battery", "session", "offline")


@dataclass(frozen=True, slots=True)
class FleetPage:
    """All that the fleet page shows, as text."""

    as_of_ms: int
    as_of_text: str
    lines: tuple[ActionLine, ...]
    severities: tuple[SeverityCount, ...]
    kpis: Kpis
    rows: tuple[DeviceRow, ...]
    edition: int
    count_text: str
    filter_counts: Mapping[str, int]
    lines_of: Mapping[str, Sequence[ActionLine]]
    """The alerts of each device, by its id."""

    @property
    def shown_lines(self) -> tuple[ActionLine, ...]:
        return self.lines[:SHOWN_LINES]

    @property
    def folded_lines(self) -> tuple[ActionLine, ...]:
        return self.lines[SHOWN_LINES:]


def fleet_page(
    *,
    rows: Sequence[DeviceRow],
    places: Mapping[str, Place],
    alerts: Sequence[AlertView],
    summary: FleetSummary,
    now_ms: int,
    edition: int,
    strings: Strings,
) -> FleetPage:
    """The page as it stands at `now_ms`; `edition` is the one of its rows."""
    lines = action_lines(alerts, {row.id: row.name for row in rows}, places, strings)
    lines_of: dict[str, list[ActionLine]] = {}
    for line in lines:
        if line.device_id is not None:
            lines_of.setdefault(line.device_id, []).append(line)
    return FleetPage(
        as_of_ms=now_ms,
        as_of_text=short_time_text(now_ms, UTC_ZONE, strings.numbers),
        lines=lines,
        severities=severity_counts(lines, strings.fleet),
        kpis=kpis_of(summary, strings),
        rows=tuple(rows),
        edition=edition,
        count_text=strings.fleet.table_count.of(len(rows)).format(n=count_text(len(rows), strings.numbers)),
        filter_counts=_filter_counts(rows, lines_of),
        lines_of=lines_of,
    )


def needs_action(row: DeviceRow, lines: Sequence[ActionLine]) -> bool:
    """Whether a device wants somebody's attention: an alert fires, or its nozzle is due or worn out."""
    return bool(lines) or row.band in ("due", "worn_out")


def _filter_counts(rows: Sequence[DeviceRow], lines_of: Mapping[str, Sequence[ActionLine]]) -> dict[str, int]:
    return {
        "action": sum(needs_action(row, lines_of.get(row.id, ())) for row in rows),
        "battery": sum(row.online and row.power == "battery" for row in rows),
        "session": sum(row.in_session for row in rows),
        "offline": sum(not row.online for row in rows),
    }
