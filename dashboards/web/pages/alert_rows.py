"""Alerts as rows, open and past, each with the way to acknowledge it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from dashboards.web.format import isolated, local_time_text, wall_time_text, zone_of
from dashboards.web.pages.actions import Tone, alert_detail
from dashboards.web.pages.rows import Place, place_in
from dashboards.web.strings import Strings
from schemas.alert import Severity
from schemas.views import AlertView

_TONES: Final[Mapping[Severity, Tone]] = {"critical": "worn_out", "warning": "due", "info": "ok"}


class AlertRow(NamedTuple):
    """One alert, formatted. `tone` is "past" where it is over. `open`: it can still be acknowledged."""

    id: int
    tone: str
    severity_text: str
    title: str
    subject: str
    detail: str
    device_id: str | None
    device: str
    clinic_id: str
    clinic: str
    state_text: str
    began_ms: int
    began_title: str
    ended_text: str
    ended_title: str
    acknowledged: str
    open: bool


def alert_rows(
    alerts: Iterable[AlertView], names: Mapping[str, str], places: Mapping[str, Place], strings: Strings
) -> tuple[AlertRow, ...]:
    """The rows in the order given. `names` gives the label of each device by its id."""
    return tuple(_row(alert, names, place_in(places, alert.clinic_id), strings) for alert in alerts)


def _row(alert: AlertView, names: Mapping[str, str], place: Place, strings: Strings) -> AlertRow:
    words, zone = strings.fleet, zone_of(place.timezone)
    began_ms = alert.firing_since_ms if alert.firing_since_ms is not None else alert.pending_since_ms
    over = alert.state == "resolved"
    ended_ms = alert.resolved_ms if over else None
    return AlertRow(
        id=alert.id,
        tone="past" if over else _TONES[alert.severity],
        severity_text=words.severities[alert.severity],
        title=words.rules[alert.rule],
        subject=alert.subject,
        detail=alert_detail(alert, strings),
        device_id=alert.device_id,
        device=names.get(alert.device_id, alert.device_id) if alert.device_id else "",
        clinic_id=alert.clinic_id,
        clinic=place.name,
        state_text=strings.pages.common.alert_states[alert.state],
        began_ms=began_ms,
        began_title=local_time_text(began_ms, zone, strings.numbers),
        ended_text="" if ended_ms is None else _ended(ended_ms, place, strings),
        ended_title="" if ended_ms is None else local_time_text(ended_ms, zone, strings.numbers),
        acknowledged=_acknowledged(alert, strings),
        open=not over and alert.acknowledged_ms is None,
    )


def _ended(ended_ms: int, place: Place, strings: Strings) -> str:
    common = strings.pages.common
    return common.until.format(time=wall_time_text(ended_ms, zone_of(place.timezone), strings.numbers, common))


def _acknowledged(alert: AlertView, strings: Strings) -> str:
    if alert.acknowledged_ms is None:
        return ""
    return strings.fleet.action_acknowledged.format(name=isolated(alert.acknowledged_by or "?"))
