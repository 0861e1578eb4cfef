"""One way by which alerts reach somebody, in words: which, where, when, and why this person. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Final, NamedTuple

from dashboards.web.format import count_text, wall_time_text
from dashboards.web.pages.rows import Place, place_in
from dashboards.web.strings import Strings
from schemas.access import Viewer
from schemas.alert import SEVERITIES, Severity
from schemas.my_notifications import ToldWay, Turn

_MINUTE_S: Final = 60
_MOST_MINUTES: Final = 120


class Line(NamedTuple):
    """One thing that is said of a way, under its label."""

    label: str
    text: str


class Way(NamedTuple):
    """One way. `active`: whether it leads to the reader just now."""

    title: str
    lines: tuple[Line, ...]
    active: bool


def way_of(
    way: ToldWay, least: Severity, viewer: Viewer, places: Mapping[str, Place], zone: tzinfo, strings: Strings
) -> Way:
    """The way in words; `least` is what the person wants at least."""
    words, rules = strings.told.way, strings.fleet.rules
    severity = max(way.min_severity, least, key=SEVERITIES.index)
    kinds = ", ".join(rules[rule] for rule in way.rules)
    lines = (
        *((Line(words.kinds, kinds),) if kinds else ()),
        Line(words.where, _where(way, viewer, places, strings)),
        Line(words.when, _when(way, strings)),
        Line(words.why, _why(way, viewer, zone, strings)),
    )
    return Way(words.whole[severity], lines, way.always is not None or any(turn.now for turn in way.turns))


def _where(way: ToldWay, viewer: Viewer, places: Mapping[str, Place], strings: Strings) -> str:
    words = strings.told.way
    found = []
    if way.clinics:
        found.append(words.clinics.format(names=", ".join(place_in(places, each).name for each in way.clinics)))
    if way.regions:
        found.append(words.regions.format(names=", ".join(way.regions)))
    if not found:
        found.append(words.every_clinic if viewer.scope.clinics is None else words.seen_clinics)
    return ", ".join(found)


def _when(way: ToldWay, strings: Strings) -> str:
    words = strings.told.way
    if way.after_s is None:
        return words.hours[way.hours]
    minutes = -(-way.after_s // _MINUTE_S)
    if minutes <= _MOST_MINUTES:
        late = words.after_minutes.format(n=minutes)
    else:
        late = words.after_hours.format(n=count_text(round(minutes / _MINUTE_S), strings.numbers))
    return late if way.hours == "any" else f"{words.hours[way.hours]}, {late}"


def _why(way: ToldWay, viewer: Viewer, zone: tzinfo, strings: Strings) -> str:
    if way.always is not None:
        return strings.told.way.always[way.always].format(role=strings.shell.roles[viewer.role])
    return "; ".join(_turn(turn, zone, strings) for turn in way.turns)


def _turn(turn: Turn, zone: tzinfo, strings: Strings) -> str:
    words = strings.told.way

    def moment(time_ms: int) -> str:
        return wall_time_text(time_ms, zone, strings.numbers, strings.pages.common)

    if turn.now and turn.until_ms is not None:
        return words.on_call_until.format(rotation=turn.rotation, time=moment(turn.until_ms))
    if turn.now:
        return words.on_call_now.format(rotation=turn.rotation)
    if turn.next_ms is not None:
        return words.on_call_next.format(rotation=turn.rotation, time=moment(turn.next_ms))
    return words.not_on_call.format(rotation=turn.rotation)
