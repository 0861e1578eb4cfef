"""The rows of the fleet table: one device view to one row of formatted text. Pure.

The template draws a row from these fields, and the script in the page redraws it from the same fields as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

from dashboards.web.format import (
    count_text,
    date_text,
    day_text,
    local_time_text,
    percent_text,
    strikes_text,
    wear_text,
    zone_of,
)
from dashboards.web.strings import Strings
from schemas.alert import Severity
from schemas.views import ClinicView, DeviceView, ForecastView, NozzleView, WearBand

LOW_CHARGE_RATIO: Final = 0.2
WEAR_SCALE: Final = 1.25
"""The wear at which the bar is full: past the limit, so that what is overdue can be seen as such."""
BAR_UNITS: Final = 100
BATTERY_UNITS: Final = 14


class Place(NamedTuple):
    """What a row needs of its device's clinic."""

    name: str
    timezone: str


class Badge(NamedTuple):
    """A firing alert in the row of its device."""

    severity: Severity
    severity_text: str
    text: str
    acknowledged: str


class DeviceRow(NamedTuple):
    """One row, formatted. `*_units` are lengths in the drawing's own units; None where there is nothing to draw."""

    id: str
    name: str
    note: str
    lifecycle: str
    clinic_id: str
    clinic: str
    online: bool
    seen_ms: int | None
    seen_title: str
    power: str
    power_text: str
    charge: float | None
    charge_text: str
    charge_units: float | None
    charge_low: bool
    in_session: bool
    sessions: int | None
    sessions_text: str
    nozzle: str
    nozzle_note: str
    wear: float | None
    wear_text: str
    wear_title: str
    wear_units: float | None
    band: WearBand
    band_text: str
    due: str
    due_title: str
    badges: tuple[Badge, ...]


def places_of(clinics: Iterable[ClinicView]) -> dict[str, Place]:
    """Clinics by id; one without a name goes by its id."""
    return {clinic.id: Place(clinic.name or clinic.id, clinic.timezone) for clinic in clinics}


def place_in(places: Mapping[str, Place], clinic_id: str) -> Place:
    """The clinic's place; of a clinic that nobody described, its id and UTC."""
    return places.get(clinic_id) or Place(clinic_id, "UTC")


def device_row(view: DeviceView, place: Place, strings: Strings, badges: Sequence[Badge] = ()) -> DeviceRow:
    """The row of one device, with the alerts that fire for it."""
    words, numbers = strings.fleet, strings.numbers
    power, sessions, nozzle = view.power, view.sessions, view.nozzle
    charge = power.charge if power else None
    source = power.source if power else None
    total = sessions.total if sessions else None
    wear = nozzle.wear if nozzle else None
    return DeviceRow(
        id=view.id,
        name=view.label or view.id,
        note=_device_note(view, strings),
        lifecycle="" if view.state == "in_service" else words.lifecycles[view.state],
        clinic_id=view.clinic_id,
        clinic=place.name,
        online=view.online,
        seen_ms=view.last_seen_ms,
        seen_title=_seen_title(view.last_seen_ms, place, strings),
        power=source or "unknown",
        power_text=words.power_sources[source] if source else words.power_unknown,
        charge=charge,
        charge_text="" if charge is None else percent_text(charge, numbers),
        charge_units=None if charge is None else round(charge * BATTERY_UNITS, 1),
        charge_low=charge is not None and charge < LOW_CHARGE_RATIO,
        in_session=view.online and bool(sessions and sessions.active),
        sessions=total,
        sessions_text="" if total is None else count_text(total, numbers),
        nozzle=_nozzle_name(nozzle, strings),
        nozzle_note=_nozzle_note(nozzle, strings),
        wear=wear,
        wear_text="" if wear is None else wear_text(wear, numbers),
        wear_title=_wear_title(nozzle, strings),
        wear_units=wear_units(wear),
        band=view.wear_band,
        band_text=words.bands[view.wear_band] if nozzle else "",
        due=_due(view, strings),
        due_title=_due_title(view.forecast, strings),
        badges=tuple(badges),
    )


def wear_units(wear: float | None) -> float | None:
    """The length of a wear bar."""
    return None if wear is None else round(min(wear / WEAR_SCALE, 1.0) * BAR_UNITS, 1)


class RowEntry(NamedTuple):
    """A row, the same as a compact JSON array in the order of its fields, and the edition that it came with."""

    row: DeviceRow
    encoded: str
    edition: int


class RowBook:
    """The rows of all viewers: a device view that was formatted once is not formatted again.

    Every change of a row is a new edition, so that a page which knows its edition can ask for what changed since.
    Keeps the last row of each device, so memory is bounded by the fleet.
    """

    def __init__(self, first_edition: int) -> None:
        """`first_edition` must lie above all editions of earlier runs; the time in ms does."""
        self._first_edition = first_edition
        self._edition = first_edition
        self._last: dict[tuple[str, str, str], tuple[DeviceView, Place, Sequence[Badge], RowEntry]] = {}

    @property
    def edition(self) -> int:
        """The last edition handed out."""
        return self._edition

    def knows(self, edition: int) -> bool:
        """Whether that edition is of this run: only then can be said what changed since."""
        return self._first_edition <= edition <= self._edition

    def entry(self, view: DeviceView, place: Place, strings: Strings, badges: Sequence[Badge] = ()) -> RowEntry:
        """The row as it stands."""
        key = (view.id, view.clinic_id, strings.language)
        last = self._last.get(key)
        if last is not None and last[0] is view and last[1:3] == (place, badges):
            return last[3]
        row = device_row(view, place, strings, badges)
        entry = last[3] if last is not None and last[3].row == row else self._new_entry(row)
        self._last[key] = (view, place, badges, entry)
        return entry

    def _new_entry(self, row: DeviceRow) -> RowEntry:
        self._edition += 1
        return RowEntry(row, json.dumps(row, ensure_ascii=False, separators=(",", ":")), self._edition)


def _device_note(view: DeviceView, strings: Strings) -> str:
    form = strings.fleet.forms[view.form] if view.form else None
    parts = (view.id if view.label and view.label != view.id else None, view.model, form)
    return " · ".join(part for part in parts if part)


def _due(view: DeviceView, strings: Strings) -> str:
    replace_by = view.forecast.replace_by if view.forecast else None
    if view.wear_band == "worn_out":
        return strings.board.due_now
    return day_text(date.fromisoformat(replace_by), strings.numbers) if replace_by else ""


def _due_title(forecast: ForecastView | None, strings: Strings) -> str:
    if forecast is None or forecast.replace_by is None:
        return ""
    day = date_text(date.fromisoformat(forecast.replace_by), strings.numbers, strings.pages.common)
    left = forecast.remaining_sessions
    if left is None:
        return day
    n = count_text(round(left.p50), strings.numbers)
    return f"{day}, {strings.pages.device.remaining_sessions.of(round(left.p50)).format(n=n)}"


def _seen_title(seen_ms: int | None, place: Place, strings: Strings) -> str:
    if seen_ms is None:
        return strings.fleet.not_heard
    return local_time_text(seen_ms, zone_of(place.timezone), strings.numbers)


def _nozzle_name(nozzle: NozzleView | None, strings: Strings) -> str:
    if nozzle is None:
        return strings.fleet.nozzle_none
    return nozzle.serial or strings.fleet.nozzle_unreadable


def _nozzle_note(nozzle: NozzleView | None, strings: Strings) -> str:
    if nozzle is None:
        return ""
    parts = (
        nozzle.model,
        strings.fleet.lot.format(lot=nozzle.lot) if nozzle.lot else None,
        None if nozzle.strikes is None else strikes_text(nozzle.strikes, strings.numbers),
    )
    return " · ".join(part for part in parts if part)


def _wear_title(nozzle: NozzleView | None, strings: Strings) -> str:
    if nozzle is None or nozzle.wear_low is None or nozzle.wear_high is None:
        return ""
    low, high = wear_text(nozzle.wear_low, strings.numbers), wear_text(nozzle.wear_high, strings.numbers)
    if low == high:
        told = nozzle.wear is not None and wear_text(nozzle.wear, strings.numbers) == low
        return "" if told else strings.fleet.wear_about.format(wear=low)
    return strings.fleet.wear_between.format(low=low, high=high)
