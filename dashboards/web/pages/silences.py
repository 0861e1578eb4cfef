"""The page of silences and maintenance windows. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from urllib.parse import urlencode

from dashboards.web.format import UTC_ZONE, local_time_text, short_time_text, wall_time_text, zone_of
from dashboards.web.mistake_sentences import mistake_texts, silence_labels
from dashboards.web.pages.alerts import Choice, Filter
from dashboards.web.pages.numbers import whole_number
from dashboards.web.pages.rows import Place, place_in
from dashboards.web.strings import Strings
from schemas.alert import RULES, SEVERITIES, SILENCE_KINDS
from schemas.views import SilenceView
from schemas.work_views import SilencesFound

PATH: Final = "/silences"
PAGE_ROWS: Final = 100
FIELDS: Final[tuple[str, ...]] = (
    "kind", "rule", "clinic", "device", "subject", "severity", "starts", "lasts_h", "ends_with_alert", "comment",
)  # fmt: skip
LASTS_H: Final = (1, 4, 8, 24, 72, 168, 720)
_DEFAULT_LASTS_H: Final = 24
_HOURS_A_DAY: Final = 24


class SilenceRow(NamedTuple):
    """One silence, formatted. `open`: it can still be ended."""

    id: int
    kind: str
    meant: tuple[str, ...]
    time_text: str
    time_title: str
    planned: bool
    comment: str
    by: str
    open: bool


@dataclass(frozen=True, slots=True)
class SilencesAsked:
    """What an address asks for. `fields`: what a link fills the form with."""

    with_past: bool = False
    before: int | None = None
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SilencesPage:
    """All that the page shows, as text."""

    as_of_ms: int
    as_of_text: str
    rows: tuple[SilenceRow, ...]
    with_past: bool
    older: str
    choices: tuple[Filter, ...]
    lasts: tuple[Choice, ...]
    typed: Mapping[str, str]
    mistakes: tuple[str, ...]
    notice: str


def read_address(query: Mapping[str, str]) -> SilencesAsked:
    """What is not known is as if it were not there."""
    return SilencesAsked(
        with_past=query.get("past") == "1",
        before=whole_number(query.get("before")),
        fields={name: query[name][:200] for name in FIELDS if name in query},
    )


def silences_page(
    *,
    asked: SilencesAsked,
    found: SilencesFound,
    places: Mapping[str, Place],
    now_ms: int,
    mistakes: Sequence[str],
    notice: str,
    strings: Strings,
) -> SilencesPage:
    """The page as it stands at `now_ms`."""
    past = {"past": 1} if asked.with_past else {}
    return SilencesPage(
        as_of_ms=now_ms,
        as_of_text=short_time_text(now_ms, UTC_ZONE, strings.numbers),
        rows=tuple(_row(silence, places, now_ms, strings) for silence in found.items),
        with_past=asked.with_past,
        older="" if found.next is None else f"{PATH}?{urlencode({**past, 'before': found.next})}",
        choices=_choices(asked.fields, places, strings),
        lasts=_lasts(asked.fields.get("lasts_h", str(_DEFAULT_LASTS_H)), strings),
        typed={name: asked.fields.get(name, "") for name in FIELDS},
        mistakes=mistake_texts(mistakes, silence_labels(strings), strings),
        notice=notice,
    )


def _row(silence: SilenceView, places: Mapping[str, Place], now_ms: int, strings: Strings) -> SilenceRow:
    words = strings.pages.work.silences
    zone = zone_of(place_in(places, silence.clinic).timezone) if silence.clinic else UTC_ZONE

    def moment(time_ms: int) -> str:
        return wall_time_text(time_ms, zone, strings.numbers, strings.pages.common)

    until = words.until_alert if silence.ends_with_alert else words.until
    told = until.format(time=moment(silence.ends_ms))
    planned = silence.starts_ms > now_ms
    if silence.ended_ms is not None:
        by = silence.ended_by
        told = (words.ended_by_alert if by is None else words.ended).format(time=moment(silence.ended_ms), name=by)
    elif planned:
        told = f"{words.from_time.format(time=moment(silence.starts_ms))} {told}"
    return SilenceRow(
        id=silence.id,
        kind=words.kinds[silence.kind],
        meant=_meant(silence, places, strings),
        time_text=told,
        time_title=local_time_text(silence.ended_ms or silence.ends_ms, zone, strings.numbers),
        planned=planned,
        comment=silence.comment,
        by=words.made_by.format(name=silence.created_by),
        open=silence.ended_ms is None and silence.ends_ms > now_ms,
    )


def _meant(silence: SilenceView, places: Mapping[str, Place], strings: Strings) -> tuple[str, ...]:
    """Which alerts are meant, in words."""
    fleet = strings.fleet
    found = (
        fleet.rules[silence.rule] if silence.rule else "",
        place_in(places, silence.clinic).name if silence.clinic else "",
        silence.device or "",
        silence.subject or "",
        fleet.severities[silence.severity] if silence.severity else "",
    )
    return tuple(text for text in found if text) or (strings.pages.work.silences.everything,)


def _choices(typed: Mapping[str, str], places: Mapping[str, Place], strings: Strings) -> tuple[Filter, ...]:
    words, fleet = strings.pages.work.silences, strings.fleet
    clinics = sorted(((id_, place.name) for id_, place in places.items()), key=lambda clinic: clinic[1].casefold())
    lists = (
        ("kind", words.kind, [(kind, words.kinds[kind]) for kind in SILENCE_KINDS]),
        ("rule", words.rule, [("", words.any), *((rule, fleet.rules[rule]) for rule in RULES)]),
        ("clinic", words.clinic, [("", words.any), *clinics]),
        ("severity", words.severity, [("", words.any), *((name, fleet.severities[name]) for name in SEVERITIES)]),
    )
    return tuple(
        Filter(name, text, tuple(Choice(value, said, value == typed.get(name, "")) for value, said in pairs))
        for name, text, pairs in lists
    )


def _lasts(chosen: str, strings: Strings) -> tuple[Choice, ...]:
    words = strings.pages.work.silences
    found = []
    for hours in LASTS_H:
        days, rest = divmod(hours, _HOURS_A_DAY)
        text = words.hours.of(hours).format(n=hours) if rest else words.days.of(days).format(n=days)
        found.append(Choice(str(hours), text, str(hours) == chosen))
    return tuple(found)
