"""iCalendar (RFC 5545): visits as whole-day events in a calendar that a phone subscribes to. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple

_LINE_BYTES: Final = 75
_NEWLINE: Final = "\r\n"


class DayEvent(NamedTuple):
    """One event that takes a whole day. `changed_ms`: when what it says last changed."""

    uid: str
    on: date
    summary: str
    location: str
    description: str
    url: str | None
    changed_ms: int


def calendar(name: str, events: Iterable[DayEvent], language: str) -> str:
    """The calendar as text in that language (its code), with the line ends and folded lines that RFC 5545 asks for."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//Silverpoint//Visits//{language.upper()}",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{escaped(name)}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
        *(line for event in events for line in _event(event)),
        "END:VCALENDAR",
    ]
    return "".join(f"{folded(line)}{_NEWLINE}" for line in lines)


def escaped(text: str) -> str:
    """Text as a TEXT value; a line end is written `\\n`, other control characters are left out."""
    joined = "\n".join(text.splitlines())
    clean = "".join(letter for letter in joined if letter in "\n\t" or (ord(letter) >= 32 and letter != "\x7f"))
    return clean.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def folded(line: str) -> str:
    """The line in pieces of at most 75 octets, none of which cuts a character; a continuation begins with a space."""
    pieces: list[str] = []
    piece, size = "", 0
    for letter in line:
        width = len(letter.encode())
        if size + width > _LINE_BYTES:
            pieces.append(piece)
            piece, size = " ", 1
        piece += letter
        size += width
    return _NEWLINE.join([*pieces, piece])


def _event(event: DayEvent) -> Sequence[str]:
    stamp = datetime.fromtimestamp(event.changed_ms / 1_000, UTC).strftime("%Y%m%dT%H%M%SZ")
    return [
        "BEGIN:VEVENT",
        f"UID:{escaped(event.uid)}",
        f"DTSTAMP:{stamp}",
        f"LAST-MODIFIED:{stamp}",
        f"DTSTART;VALUE=DATE:{event.on:%Y%m%d}",
        f"DTEND;VALUE=DATE:{event.on + timedelta(days=1):%Y%m%d}",
        f"SUMMARY:{escaped(event.summary)}",
        *([f"LOCATION:{escaped(event.location)}"] if event.location else []),
        *([f"DESCRIPTION:{escaped(event.description)}"] if event.description else []),
        *([f"URL:{event.url}"] if event.url is not None else []),
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]
