"""What a registry entry must be beyond its types: zones that exist, hours that can be read. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar, cast
from zoneinfo import available_timezones

from pydantic import ValidationError

from gateway.errors import InvalidInputError
from schemas.mistakes import Mistake, mistake_of
from schemas.registry import Clinic, RegistryEntry

E = TypeVar("E", bound=RegistryEntry)

_DAYS: Final = 7
_span = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)", re.ASCII)


def checked_entry(kind: type[E], fields: Mapping[str, Any]) -> E:
    """The entry of these fields. Raises InvalidInputError with every mistake, each named by its field."""
    try:
        entry = kind.model_validate(dict(fields))
    except ValidationError as error:
        raise InvalidInputError([mistake_of(item) for item in error.errors()]) from None
    mistakes = mistakes_in(entry)
    if mistakes:
        raise InvalidInputError(list(mistakes))
    return cast("E", entry)


def mistakes_in(entry: RegistryEntry) -> Sequence[str]:
    """What is wrong with an entry whose types are right."""
    if not isinstance(entry, Clinic):
        return ()
    found = []
    if entry.timezone not in available_timezones():
        text = f"timezone: {entry.timezone!r} is no IANA time zone, such as Europe/Berlin"
        found.append(Mistake(text, "zone", "timezone", name=entry.timezone))
    if entry.opening_hours and not _are_hours(entry.opening_hours):
        text = "opening_hours: write seven, from Monday, as 08:00-18:00 or closed, with commas between"
        found.append(Mistake(text, "hours", "opening_hours"))
    return found


def _are_hours(text: str) -> bool:
    days = [day.strip() for day in text.split(",")]
    return len(days) == _DAYS and all(day == "closed" or _is_span(day) for day in days)


def _is_span(day: str) -> bool:
    return _span.fullmatch(day) is not None and day[:5] < day[6:]
