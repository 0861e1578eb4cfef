"""The fleet in five figures. Pure."""

from __future__ import annotations

from typing import Final, NamedTuple

from dashboards.web.format import count_text
from dashboards.web.pages.rows import BAR_UNITS
from dashboards.web.strings import Strings
from schemas.views import FleetSummary, WearBand

_BANDS: Final[tuple[WearBand, ...]] = ("ok", "due", "worn_out", "unknown")
_GAP_UNITS: Final = 0.6


class Segment(NamedTuple):
    """One band of the nozzle bar: where it lies, and its number."""

    band: WearBand
    text: str
    count_text: str
    start_units: float
    length_units: float


class Kpis(NamedTuple):
    """The figures, formatted."""

    online: str
    online_of: str
    online_note: str
    all_online: bool
    on_mains: str
    on_battery: str
    in_session: str
    sessions_today: str
    nozzles: str
    segments: tuple[Segment, ...]
    broker_connected: bool


def kpis_of(summary: FleetSummary, strings: Strings) -> Kpis:
    """The figures of a summary."""
    words, numbers = strings.fleet, strings.numbers
    counts = (summary.nozzles_ok, summary.nozzles_due, summary.nozzles_worn_out, summary.nozzles_unknown)
    return Kpis(
        online=count_text(summary.online, numbers),
        online_of=words.kpi_online_of.format(n=count_text(summary.devices, numbers)),
        online_note=_online_note(summary, strings),
        all_online=summary.offline == 0,
        on_mains=count_text(summary.on_mains, numbers),
        on_battery=count_text(summary.on_battery, numbers),
        in_session=count_text(summary.in_session, numbers),
        sessions_today=count_text(summary.sessions_today, numbers),
        nozzles=count_text(sum(counts), numbers),
        segments=_segments(counts, strings),
        broker_connected=summary.broker_connected,
    )


def _online_note(summary: FleetSummary, strings: Strings) -> str:
    if summary.offline:
        return strings.fleet.kpi_offline.format(n=count_text(summary.offline, strings.numbers))
    return strings.fleet.kpi_all_online if summary.devices else ""


def _segments(counts: tuple[int, ...], strings: Strings) -> tuple[Segment, ...]:
    total = sum(counts)
    start_units = 0.0
    segments: list[Segment] = []
    for band, count in zip(_BANDS, counts, strict=True):
        length_units = BAR_UNITS * count / total if total else 0.0
        segments.append(
            Segment(
                band=band,
                text=strings.fleet.bands[band],
                count_text=count_text(count, strings.numbers),
                start_units=round(start_units, 2),
                length_units=round(max(length_units - _GAP_UNITS, min(length_units, _GAP_UNITS)), 2),
            )
        )
        start_units += length_units
    return tuple(segments)
