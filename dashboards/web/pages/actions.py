"""What needs action: firing alerts as lines that a person can act on. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal, NamedTuple

from dashboards.web.alert_sentences import alert_text
from dashboards.web.format import isolated, local_time_text, percent_text, wear_text, zone_of
from dashboards.web.pages.rows import Place, wear_units
from dashboards.web.strings import FleetWords, Strings
from schemas.alert import Rule, Severity
from schemas.views import AlertView

SHOWN_LINES: Final = 6
"""As many lines are open; the others unfold."""
MOST_LINES: Final = 40
"""As many are on the page at all; the alerts page has the rest."""

WEAR_RULES: Final[frozenset[Rule]] = frozenset({"nozzle_due", "nozzle_worn_out"})
_RANKS: Final[Mapping[Severity, int]] = {"critical": 0, "warning": 1, "info": 2}

Tone = Literal["worn_out", "due", "ok"]
_TONES: Final[Mapping[Severity, Tone]] = {"critical": "worn_out", "warning": "due", "info": "ok"}


class ActionLine(NamedTuple):
    """One firing alert. `detail` is the alert's own text where it is not about wear."""

    id: int
    severity: Severity
    tone: Tone
    severity_text: str
    title: str
    badge: str
    subject: str
    detail: str
    device_id: str | None
    device: str
    clinic: str
    wear_text: str
    wear_units: float | None
    since_ms: int
    since_title: str
    acknowledged: str


class SeverityCount(NamedTuple):
    """How many alerts of one severity fire."""

    severity: Severity
    text: str


def urgency(alert: AlertView) -> tuple[int, bool, int, int]:
    """What sorts alerts so that the first is to be seen to first: most severe, among equals those that nobody
    acknowledged, then the longest firing."""
    return (_RANKS[alert.severity], alert.acknowledged_ms is not None, _since_ms(alert), alert.id)


def severity_counts(lines: Sequence[ActionLine], words: FleetWords) -> tuple[SeverityCount, ...]:
    """How many lines there are of each severity that occurs."""
    found: dict[Severity, int] = {}
    for line in lines:
        found[line.severity] = found.get(line.severity, 0) + 1
    return tuple(
        SeverityCount(severity, words.action_counts[severity].of(found[severity]).format(n=found[severity]))
        for severity in _RANKS
        if severity in found
    )


def _since_ms(alert: AlertView) -> int:
    return alert.firing_since_ms if alert.firing_since_ms is not None else alert.pending_since_ms


def action_line(alert: AlertView, names: Mapping[str, str], place: Place, strings: Strings) -> ActionLine:
    """The line of one alert."""
    words = strings.fleet
    wear = alert.value if alert.rule in WEAR_RULES else None
    since_ms = _since_ms(alert)
    return ActionLine(
        id=alert.id,
        severity=alert.severity,
        tone=_TONES[alert.severity],
        severity_text=words.severities[alert.severity],
        title=words.rules[alert.rule],
        badge=words.alert_badges[alert.rule],
        subject=alert.subject,
        detail="" if wear is not None else alert_detail(alert, strings),
        device_id=alert.device_id,
        device=names.get(alert.device_id, alert.device_id) if alert.device_id else "",
        clinic=place.name,
        wear_text="" if wear is None else wear_text(wear, strings.numbers),
        wear_units=wear_units(wear),
        since_ms=since_ms,
        since_title=local_time_text(since_ms, zone_of(place.timezone), strings.numbers),
        acknowledged=_acknowledged(alert, words),
    )


def alert_detail(alert: AlertView, strings: Strings) -> str:
    """What there is to know beside the rule and the subject; the alert's own sentence where its number says less."""
    words, numbers = strings.fleet, strings.numbers
    if alert.value is None:
        return alert_text(alert, strings)
    if alert.rule in WEAR_RULES:
        return f"{wear_text(alert.value, numbers)} {words.action_wear}"
    told: Mapping[Rule, str] = {"battery_low": words.action_charge, "battery_degraded": words.action_health}
    if alert.rule in told:
        if alert.state == "resolved":
            return ""  # its number is the one by which it ended
        return told[alert.rule].format(n=percent_text(alert.value, numbers))
    return alert_text(alert, strings)


def _acknowledged(alert: AlertView, words: FleetWords) -> str:
    if alert.acknowledged_ms is None:
        return ""
    return words.action_acknowledged.format(name=isolated(alert.acknowledged_by or "?"))
