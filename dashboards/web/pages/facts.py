"""What a device is sorted, filtered and found by. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

from dashboards.web.pages.asked import DUE_DAYS, Column, Filter
from dashboards.web.pages.rows import Badge, Place
from dashboards.web.strings import Strings
from schemas.alert import Severity
from schemas.views import DeviceView

SortKey: TypeAlias = str | float
TEXT_COLUMNS: Final[frozenset[Column]] = frozenset({"clinic", "device", "nozzle"})

_DIGITS: Final = re.compile(r"[0-9]+")
_PLACES: Final = 20
_WEIGHTS: Final[Mapping[Severity, int]] = {"critical": 1_000_000, "warning": 1_000, "info": 1}


class Facts(NamedTuple):
    """One device's facts. `keys` in the order of the columns, None where there is nothing to sort by."""

    id: str
    tie: str
    """Sorts what is equal otherwise: by clinic, device, id."""
    keys: Mapping[Column, SortKey | None]
    haystack: str
    passes: frozenset[Filter]
    """Those that hold whatever the day is."""
    due_day: int | None
    """The last day on which to replace the nozzle, as an ordinal."""


def facts_of(view: DeviceView, place: Place, badges: Sequence[Badge], strings: Strings) -> Facts:
    """The facts as they stand."""
    nozzle, power, sessions = view.nozzle, view.power, view.sessions
    clinic, device = natural_key(place.name), natural_key(view.label or view.id)
    due_day = _due_day(view)
    serial = nozzle.serial if nozzle else None
    weight = sum(_WEIGHTS[badge.severity] for badge in badges)
    return Facts(
        id=view.id,
        tie=f"{clinic}\0{device}\0{view.id}",
        keys={
            "clinic": clinic,
            "device": device,
            "seen": view.last_seen_ms,
            "power": power.charge if power else None,
            "sessions": sessions.total if sessions else None,
            "nozzle": natural_key(serial) if serial else None,
            "wear": nozzle.wear if nozzle else None,
            "due": due_day,
            "alerts": weight or None,
        },
        haystack=_haystack(view, place, badges, strings),
        passes=_passes(view, bool(badges)),
        due_day=due_day,
    )


def passes(facts: Facts, wanted: Sequence[Filter], today: int) -> bool:
    """Whether all wanted filters hold on a day, given as an ordinal."""
    for name in wanted:
        within = DUE_DAYS.get(name)
        if within is None:
            if name not in facts.passes:
                return False
        elif "now" not in facts.passes and (facts.due_day is None or facts.due_day > today + within):
            return False
    return True


def needles_of(search: str) -> tuple[str, ...]:
    """The words to be found, folded as haystacks are."""
    return tuple(folded(search).split())


def folded(text: str) -> str:
    """Without case and accents, so that `malmo` finds `Malmö`."""
    text = text.casefold()
    if text.isascii():
        return text
    return "".join(part for part in unicodedata.normalize("NFKD", text) if not unicodedata.combining(part))


@lru_cache(maxsize=65_536)
def natural_key(text: str) -> str:
    """Sorts `Room 2` before `Room 10`, and `Ångström` beside `Angstrom`."""
    return _DIGITS.sub(lambda digits: digits[0].zfill(_PLACES), folded(text))


def _due_day(view: DeviceView) -> int | None:
    replace_by = view.forecast.replace_by if view.forecast else None
    return date.fromisoformat(replace_by).toordinal() if replace_by else None


def _passes(view: DeviceView, alerted: bool) -> frozenset[Filter]:
    found: set[Filter] = set()
    if alerted or view.wear_band in ("due", "worn_out"):
        found.add("action")
    if view.wear_band == "worn_out" and view.state != "retired":
        found.add("now")
    if not view.online:
        found.add("offline")
    elif view.power is not None and view.power.source == "battery":
        found.add("battery")
    if view.online and view.sessions is not None and view.sessions.active:
        found.add("session")
    return frozenset(found)


def _haystack(view: DeviceView, place: Place, badges: Sequence[Badge], strings: Strings) -> str:
    words, nozzle = strings.fleet, view.nozzle
    texts = [place.name, view.clinic_id, view.label, view.id, view.model or ""]
    if view.form:
        texts.append(words.forms[view.form])
    if view.power and view.power.source:
        texts.append(words.power_sources[view.power.source])
    if nozzle is not None:
        texts += [nozzle.serial or "", nozzle.model or "", nozzle.lot or "", words.bands[view.wear_band]]
    texts += [badge.text for badge in badges]
    if view.state != "in_service":
        texts.append(words.lifecycles[view.state])
    return folded("\n".join(texts))
