"""The list of work orders: by filters that live in its address. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple
from urllib.parse import urlencode

from dashboards.web.format import UTC_ZONE, date_text, local_date, local_time_text, short_time_text, zone_of
from dashboards.web.links import WORK_PATH
from dashboards.web.pages.alerts import ANY, Choice, Filter
from dashboards.web.pages.numbers import whole_number
from dashboards.web.pages.rows import Place, place_in
from dashboards.web.strings import Strings
from schemas.alert import RULES
from schemas.identity import is_identifier
from schemas.work_views import OrderFilter, OrdersAsked, OrdersFound, OrderView

PATH: Final = f"{WORK_PATH}/orders"
PAGE_ROWS: Final = 100
FILTERS: Final[tuple[OrderFilter, ...]] = ("live", "overdue", "open", "claimed", "confirmed", "closed")


class OrderRow(NamedTuple):
    """One order, formatted. `tone` as of an alert; "past" where it is over."""

    id: int
    path: str
    tone: str
    state: str
    state_text: str
    note: str
    kind: str
    subject: str
    cause: str
    device_id: str
    device: str
    clinic_id: str
    clinic: str
    due_ms: int
    due_text: str
    due_title: str
    overdue: bool
    assignee: str


@dataclass(frozen=True, slots=True)
class OrdersPage:
    """All that the list shows, as text."""

    as_of_ms: int
    as_of_text: str
    filters: tuple[Filter, ...]
    filtered: bool
    rows: tuple[OrderRow, ...]
    older: str
    """The address of the next page, empty where there is none."""


class OrdersAddress(NamedTuple):
    """What an address asks for."""

    asked: OrdersAsked
    after: int | None


def read_address(query: Mapping[str, str]) -> OrdersAddress:
    """What is not known is as if it were not there."""
    state, clinic = query.get("state", "live"), query.get("clinic", "")
    asked = OrdersAsked(
        state=None if state == ANY else next((known for known in FILTERS if known == state), "live"),
        clinic_id=clinic if is_identifier(clinic) else None,
    )
    return OrdersAddress(asked, whole_number(query.get("after")))


def write_address(asked: OrdersAsked, after: int | None = None) -> str:
    """The address that asks for this."""
    query: dict[str, str | int] = {}
    if asked.state != "live":
        query["state"] = asked.state or ANY
    if asked.clinic_id is not None:
        query["clinic"] = asked.clinic_id
    if after is not None:
        query["after"] = after
    return f"{PATH}?{urlencode(query)}" if query else PATH


def orders_page(
    *,
    address: OrdersAddress,
    found: OrdersFound,
    names: Mapping[str, str],
    places: Mapping[str, Place],
    now_ms: int,
    strings: Strings,
) -> OrdersPage:
    """The page as it stands at `now_ms`; `names` gives the label of each device by its id."""
    asked = address.asked
    return OrdersPage(
        as_of_ms=now_ms,
        as_of_text=short_time_text(now_ms, UTC_ZONE, strings.numbers),
        filters=_filters(asked, places, strings),
        filtered=asked != OrdersAsked(),
        rows=order_rows(found.items, names, places, now_ms, strings),
        older="" if found.next is None else write_address(asked, found.next),
    )


def order_rows(
    orders: Iterable[OrderView], names: Mapping[str, str], places: Mapping[str, Place], now_ms: int, strings: Strings
) -> tuple[OrderRow, ...]:
    """The rows in the order given."""
    return tuple(_row(order, names, place_in(places, order.clinic_id), now_ms, strings) for order in orders)


def overdue_day(due_ms: int, place: Place, now_ms: int) -> bool:
    """Whether the day by which it was due has passed at the place."""
    zone = zone_of(place.timezone)
    return local_date(due_ms, zone) < local_date(now_ms, zone)


def cause_text(cause: str, strings: Strings) -> str:
    """The alert rule that asked for the work, or that a person did."""
    rule = next((known for known in RULES if known == cause), None)
    return strings.pages.work.order.cause_person if rule is None else strings.fleet.rules[rule]


def _row(order: OrderView, names: Mapping[str, str], place: Place, now_ms: int, strings: Strings) -> OrderRow:
    words, zone = strings.pages.work.order, zone_of(place.timezone)
    late = order.state == "open" and overdue_day(order.due_ms, place, now_ms)
    live = order.state in ("open", "claimed")
    return OrderRow(
        id=order.id,
        path=f"{PATH}/{order.id}",
        tone=("worn_out" if late or order.overdue else "due") if live else "past",
        state=order.state,
        state_text=words.states[order.state],
        note=words.unconfirmed if order.overdue else "",
        kind=words.kinds[order.kind],
        subject=order.subject,
        cause=cause_text(order.cause, strings),
        device_id=order.device_id,
        device=names.get(order.device_id, order.device_id),
        clinic_id=order.clinic_id,
        clinic=place.name,
        due_ms=order.due_ms,
        due_text=date_text(local_date(order.due_ms, zone), strings.numbers, strings.pages.common) if live else "",
        due_title=local_time_text(order.due_ms, zone, strings.numbers),
        overdue=late,
        assignee=order.claimed_by or order.assignee or "",
    )


def _filters(asked: OrdersAsked, places: Mapping[str, Place], strings: Strings) -> tuple[Filter, ...]:
    words, any_word = strings.pages.work.order, strings.pages.alerts.any
    states = [(ANY, any_word), *((name, words.filters[name]) for name in FILTERS)]
    clinics = sorted(((id_, place.name) for id_, place in places.items()), key=lambda clinic: clinic[1].casefold())
    state, clinic = asked.state or ANY, asked.clinic_id or ""
    return (
        Filter("state", strings.pages.alerts.filter_state, tuple(Choice(n, text, n == state) for n, text in states)),
        Filter(
            "clinic",
            strings.pages.alerts.filter_clinic,
            tuple(Choice(n, text, n == clinic) for n, text in [("", any_word), *clinics]),
        ),
    )
