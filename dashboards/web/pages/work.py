"""The technician's page: visits with their parts, and the alerts that wait for a person. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final, NamedTuple
from urllib.parse import urlencode

from dashboards.web.format import UTC_ZONE, date_text, local_date, short_time_text, wall_time_text, wear_text, zone_of
from dashboards.web.links import WORK_PATH
from dashboards.web.pages.actions import Tone
from dashboards.web.pages.alert_rows import AlertRow, alert_rows
from dashboards.web.pages.numbers import whole_number
from dashboards.web.pages.orders import OrderRow, order_rows, overdue_day
from dashboards.web.pages.rows import Place, place_in, wear_units
from dashboards.web.strings import Strings
from schemas.alert import Rule
from schemas.identity import is_identifier
from schemas.views import AlertView, ClinicView, DeviceView
from schemas.work import ReplaceReason
from schemas.work_views import OrderView, PartView, VisitItem, VisitView, Whereabouts

PATH: Final = WORK_PATH
DAYS: Final = (7, 14, 30)
SHOWN_VISITS: Final = 12
MOST_VISITS: Final = 120
SHOWN_ALERTS: Final = 12
_DAYS_A_WEEK: Final = 7
_REASONS: Final[Mapping[Rule, ReplaceReason]] = {"nozzle_expired": "expired", "nozzle_recalled": "recalled"}
_TELEPHONE: Final = re.compile(r"\+?[0-9][0-9 ()/.-]{4,24}", re.ASCII)
_MAIL: Final = re.compile(r"[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+", re.ASCII)


@dataclass(frozen=True, slots=True)
class WorkAsked:
    """What an address asks for."""

    days: int = DAYS[1]
    mine: bool = False
    clinic_id: str = ""
    visits: int = SHOWN_VISITS


class Chip(NamedTuple):
    """One choice, as a link."""

    text: str
    path: str
    current: bool


class ItemCard(NamedTuple):
    """One thing to do. `order_id` None: it can be ordered, not claimed. `note`: who has it, or why it is here."""

    order_id: int | None
    kind: str
    subject: str
    device_id: str
    device: str
    room: str
    part: str
    wear_text: str
    wear_units: float | None
    tone: Tone
    due_text: str
    overdue: bool
    assigned: str
    why: str
    reason: ReplaceReason


class VisitCard(NamedTuple):
    """One trip. `takes` are the orders on it that nobody has yet."""

    id: str
    clinic_id: str
    clinic: str
    day_text: str
    overdue: bool
    todo_text: str
    parts: tuple[str, ...]
    contact: str
    contact_link: str
    hours_text: str
    takes: tuple[int, ...]
    taken: bool
    items: tuple[ItemCard, ...]


class AlertCard(NamedTuple):
    """One alert that waits for a person."""

    row: AlertRow
    order_id: int | None
    muted: str
    muted_title: str


@dataclass(frozen=True, slots=True)
class WorkPage:
    """All that the technician's page shows, as text."""

    as_of_ms: int
    as_of_text: str
    whose: tuple[Chip, ...]
    spans: tuple[Chip, ...]
    clinic: Chip | None
    visits: tuple[VisitCard, ...]
    more: str
    alerts: tuple[AlertCard, ...]
    alerts_path: str
    waiting: tuple[OrderRow, ...]


@dataclass(frozen=True, slots=True)
class WorkSeen:
    """What the page is made from. `orders_of` gives the order that an alert has asked for."""

    visits: Sequence[VisitView]
    alerts: Sequence[AlertView]
    orders_of: Mapping[int, int]
    waiting: Sequence[OrderView]
    devices: Mapping[str, DeviceView]
    whereabouts: Mapping[str, Whereabouts]
    clinics: Mapping[str, ClinicView]


def read_address(query: Mapping[str, str]) -> WorkAsked:
    """What is not known is as if it were not there."""
    days, clinic = query.get("days", ""), query.get("clinic", "")
    visits = whole_number(query.get("visits"), len(str(MOST_VISITS)))
    return WorkAsked(
        days=next((known for known in DAYS if str(known) == days), DAYS[1]),
        mine=query.get("mine") == "1",
        clinic_id=clinic if is_identifier(clinic) else "",
        visits=min(max(visits or 0, SHOWN_VISITS), MOST_VISITS),
    )


def write_address(asked: WorkAsked) -> str:
    """The address that asks for this."""
    query: dict[str, str | int] = {}
    if asked.days != DAYS[1]:
        query["days"] = asked.days
    if asked.mine:
        query["mine"] = 1
    if asked.clinic_id:
        query["clinic"] = asked.clinic_id
    if asked.visits != SHOWN_VISITS:
        query["visits"] = asked.visits
    return f"{PATH}?{urlencode(query)}" if query else PATH


def visits_asked(visits: Iterable[VisitView], asked: WorkAsked, name: str) -> list[VisitView]:
    """The trips on which something is for the person of that name, where only those are asked for."""
    return [visit for visit in visits if not asked.mine or any(item.assignee == name for item in visit.items)]


def alerts_asked(alerts: Iterable[AlertView], asked: WorkAsked) -> list[AlertView]:
    """The alerts that nobody has taken notice of, in the clinic that is asked for."""
    return [
        alert
        for alert in alerts
        if alert.acknowledged_ms is None and asked.clinic_id in ("", alert.clinic_id) and alert.state == "firing"
    ]


def work_page(*, asked: WorkAsked, seen: WorkSeen, name: str, now_ms: int, strings: Strings) -> WorkPage:
    """The page as it stands at `now_ms`, for the person of that name."""
    places = {id_: Place(clinic.name or id_, clinic.timezone) for id_, clinic in seen.clinics.items()}
    words = strings.pages.work.visits
    more = len(seen.visits) > asked.visits and asked.visits < MOST_VISITS
    names = {id_: where.label or id_ for id_, where in seen.whereabouts.items()}
    return WorkPage(
        as_of_ms=now_ms,
        as_of_text=short_time_text(now_ms, UTC_ZONE, strings.numbers),
        whose=(
            Chip(words.everybodys, write_address(replace(asked, mine=False)), not asked.mine),
            Chip(words.mine, write_address(replace(asked, mine=True)), asked.mine),
        ),
        spans=tuple(
            Chip(words.days.of(days).format(n=days), write_address(replace(asked, days=days)), days == asked.days)
            for days in DAYS
        ),
        clinic=_clinic_chip(asked, places, strings),
        visits=tuple(_visit(visit, seen, places, name, now_ms, strings) for visit in seen.visits[: asked.visits]),
        more=write_address(replace(asked, visits=asked.visits + SHOWN_VISITS)) if more else "",
        alerts=_alerts(seen, places, names, strings),
        alerts_path=f"/alerts?clinic={asked.clinic_id}" if asked.clinic_id else "/alerts",
        waiting=order_rows(seen.waiting, names, places, now_ms, strings),
    )


def contact_link(contact: str) -> str:
    """What a tap on the contact opens: a call or a mail; empty where it is neither."""
    if mail := _MAIL.search(contact):
        return f"mailto:{mail[0]}"
    if telephone := _TELEPHONE.search(contact):
        return "tel:" + re.sub(r"[^0-9+]", "", telephone[0])
    return ""


def _clinic_chip(asked: WorkAsked, places: Mapping[str, Place], strings: Strings) -> Chip | None:
    if not asked.clinic_id:
        return None
    text = strings.pages.work.visits.one_clinic.format(clinic=place_in(places, asked.clinic_id).name)
    return Chip(text, write_address(replace(asked, clinic_id="")), current=True)


def _alerts(
    seen: WorkSeen, places: Mapping[str, Place], names: Mapping[str, str], strings: Strings
) -> tuple[AlertCard, ...]:
    shown = seen.alerts[:SHOWN_ALERTS]
    muted = strings.pages.work.visits.muted
    return tuple(
        AlertCard(
            row,
            seen.orders_of.get(alert.id),
            muted if alert.muted else "",
            _muted(alert, place_in(places, alert.clinic_id), strings),
        )
        for alert, row in zip(shown, alert_rows(shown, names, places, strings), strict=True)
    )


def _muted(alert: AlertView, place: Place, strings: Strings) -> str:
    """Why nothing is sent about the alert, and for how long."""
    words, silence = strings.pages.work.visits, alert.silence
    if silence is None:
        return alert.muted or ""
    until = wall_time_text(silence.ends_ms, zone_of(place.timezone), strings.numbers, strings.pages.common)
    what = words.muted_until[silence.kind].format(name=silence.created_by, time=until)
    return words.muted_why.format(what=what, why=silence.comment) if silence.comment else what


def _visit(
    visit: VisitView, seen: WorkSeen, places: Mapping[str, Place], name: str, now_ms: int, strings: Strings
) -> VisitCard:
    words, place = strings.pages.work.visits, place_in(places, visit.clinic_id)
    clinic = seen.clinics.get(visit.clinic_id)
    today = local_date(now_ms, zone_of(place.timezone))
    overdue = overdue_day(visit.due_ms, place, now_ms)
    contact = clinic.contact if clinic else ""
    orders = [item for item in visit.items if item.order_id is not None]
    return VisitCard(
        id=f"{visit.clinic_id}-{visit.visit_by}",
        clinic_id=visit.clinic_id,
        clinic=place.name,
        day_text=words.overdue if overdue else day_text(date.fromisoformat(visit.visit_by), today, strings),
        overdue=overdue,
        todo_text=words.todo.of(len(visit.items)).format(n=len(visit.items)),
        parts=tuple(_parts(visit, strings)),
        contact=contact,
        contact_link=contact_link(contact),
        hours_text=_hours(clinic, date.fromisoformat(visit.visit_by), strings),
        takes=tuple(item.order_id for item in orders if item.order_id is not None and item.assignee is None),
        taken=bool(orders) and all(item.assignee == name for item in orders),
        items=tuple(_item(item, seen, place, now_ms, strings) for item in visit.items),
    )


def day_text(day: date, today: date, strings: Strings) -> str:
    """`Today`, `Tomorrow`, or the day in full."""
    words = strings.pages.work.visits
    if day == today:
        return words.today
    if day == today + timedelta(days=1):
        return words.tomorrow
    return date_text(day, strings.numbers, strings.pages.common)


def _parts(visit: VisitView, strings: Strings) -> Iterator[str]:
    """What goes into the bag."""
    yield from (_part(part, strings) for part in visit.parts)
    batteries = sum(item.kind == "battery" for item in visit.items)
    if batteries:
        yield strings.pages.work.visits.part_battery.format(n=batteries)


def _part(part: PartView, strings: Strings) -> str:
    words = strings.pages.work.visits
    if part.model is None:
        return words.part_unknown.format(n=part.count)
    return words.part.format(n=part.count, part=part.model)


def _hours(clinic: ClinicView | None, day: date, strings: Strings) -> str:
    """When the clinic is open on that day; empty where that is not known."""
    spans = [span.strip() for span in clinic.opening_hours.split(",")] if clinic else []
    if len(spans) != _DAYS_A_WEEK:
        return ""
    words, span = strings.pages.work.visits, spans[day.weekday()]
    return words.closed_then if span == "closed" else words.open_then.format(hours=span.replace("-", "–"))


def _item(item: VisitItem, seen: WorkSeen, place: Place, now_ms: int, strings: Strings) -> ItemCard:
    words, where = strings.pages.work.visits, seen.whereabouts.get(item.device_id, Whereabouts(label="", room=""))
    view = seen.devices.get(item.device_id)
    nozzle = view.nozzle if view is not None and view.nozzle is not None else None
    wear = nozzle.wear if nozzle is not None and nozzle.serial == item.subject else None
    zone = zone_of(place.timezone)
    overdue = overdue_day(item.due_ms, place, now_ms)
    kinds = strings.pages.work.order.kinds
    return ItemCard(
        order_id=item.order_id,
        kind=next((text for kind, text in kinds.items() if kind == item.kind), item.kind),
        subject=item.subject,
        device_id=item.device_id,
        device=where.label or item.device_id,
        room=where.room,
        part=item.part or "",
        wear_text="" if wear is None else wear_text(wear, strings.numbers),
        wear_units=wear_units(wear),
        tone="worn_out" if overdue or (wear or 0.0) >= 1 else "due" if item.order_id is not None else "ok",
        due_text=words.overdue if overdue else _due(local_date(item.due_ms, zone), local_date(now_ms, zone), strings),
        overdue=overdue,
        assigned="" if item.assignee is None else words.assigned_to.format(name=item.assignee),
        why=words.not_ordered if item.order_id is None else "",
        reason=_reason(item, seen.alerts),
    )


def _due(day: date, today: date, strings: Strings) -> str:
    words = strings.pages.work.visits
    if day == today:
        return words.due_today
    if day == today + timedelta(days=1):
        return words.due_tomorrow
    return words.due.format(day=date_text(day, strings.numbers, strings.pages.common))


def _reason(item: VisitItem, alerts: Iterable[AlertView]) -> ReplaceReason:
    """Why it is most likely replaced."""
    rules = {alert.rule for alert in alerts if alert.subject == item.subject}
    return next((reason for rule, reason in _REASONS.items() if rule in rules), "worn")
