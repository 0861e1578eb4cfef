"""The alerts page: open and past, by filters that live in its address. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeVar, cast
from urllib.parse import urlencode

from dashboards.web.format import UTC_ZONE, short_time_text
from dashboards.web.pages.alert_rows import AlertRow, alert_rows
from dashboards.web.pages.numbers import whole_number
from dashboards.web.pages.rows import Place
from dashboards.web.strings import Strings
from schemas.alert import ALERT_STATES, RULES, SEVERITIES, AlertState
from schemas.identity import is_identifier
from schemas.page_views import AlertsAsked, AlertsFound
from schemas.views import AlertView

PATH: Final = "/alerts"
PAGE_ROWS: Final = 50
ANY: Final = "any"
_DEFAULT_STATE: Final[AlertState] = "firing"

T = TypeVar("T", bound=str)


class Choice(NamedTuple):
    """One choice of a filter."""

    value: str
    text: str
    current: bool


class Filter(NamedTuple):
    """One filter with its choices."""

    name: str
    text: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class AlertsPage:
    """All that the alerts page shows, as text."""

    as_of_ms: int
    as_of_text: str
    filters: tuple[Filter, ...]
    filtered: bool
    rows: tuple[AlertRow, ...]
    here: str
    older: str
    """The address of the next page, empty where there is none."""
    notice: str


class AlertsAddress(NamedTuple):
    """What an address asks for."""

    asked: AlertsAsked
    before: int | None


def read_address(query: Mapping[str, str]) -> AlertsAddress:
    """Filters by name; what is not known is as if it were not there."""
    state = query.get("state", _DEFAULT_STATE)
    clinic = query.get("clinic", "")
    asked = AlertsAsked(
        state=None if state == ANY else _one_of(ALERT_STATES, state) or _DEFAULT_STATE,
        rule=_one_of(RULES, query.get("rule", "")),
        severity=_one_of(SEVERITIES, query.get("severity", "")),
        clinic_id=clinic if is_identifier(clinic) else None,
    )
    return AlertsAddress(asked, whole_number(query.get("before")))


def write_address(asked: AlertsAsked, before: int | None = None) -> str:
    """The address that asks for this."""
    query: dict[str, str | int] = {}
    if asked.state != _DEFAULT_STATE:
        query["state"] = asked.state or ANY
    asked_for = (("severity", asked.severity), ("rule", asked.rule), ("clinic", asked.clinic_id))
    query |= {name: value for name, value in asked_for if value is not None}
    if before is not None:
        query["before"] = before
    return f"{PATH}?{urlencode(query)}" if query else PATH


def alerts_page(
    *,
    address: AlertsAddress,
    found: AlertsFound,
    names: Mapping[str, str],
    places: Mapping[str, Place],
    now_ms: int,
    notice: str,
    strings: Strings,
) -> AlertsPage:
    """The page as it stands at `now_ms`; `names` gives the label of each device by its id."""
    asked = address.asked
    return AlertsPage(
        as_of_ms=now_ms,
        as_of_text=short_time_text(now_ms, UTC_ZONE, strings.numbers),
        filters=_filters(asked, places, strings),
        filtered=asked != AlertsAsked(state=_DEFAULT_STATE),
        rows=alert_rows(_in_order(found.items, asked), names, places, strings),
        here=write_address(asked, address.before),
        older="" if found.next is None else write_address(asked, found.next),
        notice=notice,
    )


def _in_order(items: Sequence[AlertView], asked: AlertsAsked) -> Sequence[AlertView]:
    """What fires by urgency, what is over by time."""
    if asked.state != "firing":
        return items
    return sorted(items, key=lambda alert: (-SEVERITIES.index(alert.severity), alert.acknowledged_ms is not None))


def _filters(asked: AlertsAsked, places: Mapping[str, Place], strings: Strings) -> tuple[Filter, ...]:
    words, fleet = strings.pages.alerts, strings.fleet
    states = strings.pages.common.alert_states
    clinics = sorted(((id_, place.name) for id_, place in places.items()), key=lambda clinic: clinic[1].casefold())
    return (
        Filter("state", words.filter_state, _choices(_pairs(ALERT_STATES, states), asked.state, (ANY, words.any))),
        Filter(
            "severity",
            words.filter_severity,
            _choices(_pairs(SEVERITIES, fleet.severities), asked.severity, ("", words.any)),
        ),
        Filter("rule", words.filter_rule, _choices(_pairs(RULES, fleet.rules), asked.rule, ("", words.any))),
        Filter("clinic", words.filter_clinic, _choices(clinics, asked.clinic_id, ("", words.any))),
    )


def _pairs(names: Iterable[T], texts: Mapping[T, str]) -> list[tuple[str, str]]:
    return [(name, texts[name]) for name in names]


def _choices(pairs: Sequence[tuple[str, str]], current: str | None, none: tuple[str, str]) -> tuple[Choice, ...]:
    chosen = none[0] if current is None else current
    return tuple(Choice(value, text, value == chosen) for value, text in (none, *pairs))


def _one_of(names: Sequence[T], name: str) -> T | None:
    return cast("T", name) if name in names else None
