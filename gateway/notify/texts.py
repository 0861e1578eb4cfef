"""Words that all messages share. What devices and people wrote is cleaned here, once for all."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import astuple
from datetime import UTC, date, datetime
from typing import Final

from dashboards.web.message_strings import AlertRows, ClaimRows, MessageWords
from gateway.hours import zone_or_utc
from gateway.notify.notice import Place

_LONGEST: Final = 300


def one_line(text: str) -> str:
    """Printable, on one line, not endless: nothing in it can begin a header or turn the reading direction."""
    clean = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text)
    short = " ".join(clean.split())
    return short if len(short) <= _LONGEST else short[: _LONGEST - 1] + "…"


def where_line(place: Place, words: MessageWords, *, device: bool = True) -> str:
    """Clinic, region, room and device in a person's words."""
    if not place.clinic_id:
        return words.gateway
    clinic = f"{place.clinic_name} ({place.clinic_id})" if place.clinic_name else place.clinic_id
    parts = [clinic, place.region]
    if device and place.device_id:
        label = f"{place.device_label} ({place.device_id})" if place.device_label else place.device_id
        parts += [place.room, label]
    return one_line(", ".join(part for part in parts if part))


def when(at_ms: int, zone: str, words: MessageWords) -> str:
    """The moment on the clocks of a place."""
    local = datetime.fromtimestamp(at_ms / 1_000, UTC).astimezone(zone_or_utc(zone))
    called = f"{local:%Z}"
    return words.moment.format(
        year=f"{local:%Y}",
        month=f"{local:%m}",
        day=f"{local:%d}",
        time=f"{local:%H:%M}",
        zone=words.zones.get(called, called),
    )


def count(number: int, words: MessageWords) -> str:
    """A number of things, in full."""
    return f"{number:,}".replace(",", words.group_mark)


def more(number: int, words: MessageWords) -> str:
    """That there are so many more than are named."""
    return words.more.of(number).format(n=count(number, words))


def day(text: str, words: MessageWords) -> str:
    """A date that came as `2026-12-03`; what is none, as it came."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return one_line(text)
    return words.day.format(year=f"{found:%Y}", month=f"{found:%m}", day=f"{found:%d}")


def under(label: str, labels: AlertRows | ClaimRows, text: str) -> str:
    """A line of plain text, in one column with those under the other labels."""
    width = max(map(len, _labels(labels))) + 2
    return f"  {label + ':':<{width}}{text}"


def _labels(labels: AlertRows | ClaimRows) -> Iterable[str]:
    return astuple(labels)
