"""Words that all messages share. What devices and people wrote is cleaned here, once for all."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from typing import Final

from gateway.hours import zone_or_utc
from gateway.notify.notice import Place

_LONGEST: Final = 300


def one_line(text: str) -> str:
    """Printable, on one line, not endless: nothing in it can begin a header or turn the reading direction."""
    clean = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text)
    short = " ".join(clean.split())
    return short if len(short) <= _LONGEST else short[: _LONGEST - 1] + "…"


def where_line(place: Place, *, device: bool = True) -> str:
    """Clinic, region, room and device in a person's words."""
    if not place.clinic_id:
        return "the gateway itself"
    clinic = f"{place.clinic_name} ({place.clinic_id})" if place.clinic_name else place.clinic_id
    parts = [clinic, place.region]
    if device and place.device_id:
        label = f"{place.device_label} ({place.device_id})" if place.device_label else place.device_id
        parts += [place.room, label]
    return one_line(", ".join(part for part in parts if part))


def when(at_ms: int, zone: str) -> str:
    """The moment on the clocks of a place."""
    local = datetime.fromtimestamp(at_ms / 1_000, UTC).astimezone(zone_or_utc(zone))
    return f"{local:%Y-%m-%d %H:%M %Z}"
