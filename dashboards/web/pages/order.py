"""A work order: how it stands, what can be done about it, and what happened. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from dashboards.web.alert_sentences import order_text
from dashboards.web.format import UTC_ZONE, local_time_text, short_time_text, wall_time_text, zone_of
from dashboards.web.pages.alert_rows import AlertRow, alert_rows
from dashboards.web.pages.order_notes import history_note
from dashboards.web.pages.orders import OrderRow, order_rows
from dashboards.web.pages.rows import Place, place_in
from dashboards.web.strings import Strings
from schemas.page_views import PageAct
from schemas.views import AlertView
from schemas.work import BY_GATEWAY, REPLACE_REASONS, ReplaceReason
from schemas.work_views import OrderDetail, OrderHistoryView, Whereabouts


class Fact(NamedTuple):
    """One named value; `title` says more."""

    name: str
    value: str
    title: str = ""


class Reason(NamedTuple):
    """One reason of a claim to choose."""

    value: ReplaceReason
    text: str
    current: bool


class HistoryRow(NamedTuple):
    """One thing that happened."""

    at_ms: int
    at: str
    at_title: str
    act: str
    actor: str
    note: str
    later: str


@dataclass(frozen=True, slots=True)
class OrderPage:
    """All that the page shows, as text. `take`: the viewer may take it; `hand_back`: it is the viewer's."""

    as_of_ms: int
    as_of_text: str
    row: OrderRow
    room: str
    facts: tuple[Fact, ...]
    summary: str
    reasons: tuple[Reason, ...]
    workers: tuple[str, ...]
    assignee: str
    zone: str
    """Of the clinic, whose clocks say when something was done."""
    may_claim: bool
    may_swap: bool
    may_assign: bool
    may_close: bool
    take: bool
    hand_back: bool
    alerts: tuple[AlertRow, ...]
    history: tuple[HistoryRow, ...]


@dataclass(frozen=True, slots=True)
class OrderSeen:
    """What the page is made from."""

    order: OrderDetail
    alerts: Sequence[AlertView]
    whereabouts: Whereabouts
    workers: Sequence[str]
    places: Mapping[str, Place]


def order_page(seen: OrderSeen, may: frozenset[PageAct], name: str, now_ms: int, strings: Strings) -> OrderPage:
    """The page as it stands at `now_ms`, for the viewer of that name."""
    order, where = seen.order, seen.whereabouts
    names = {order.device_id: where.label or order.device_id}
    (row,) = order_rows([order], names, seen.places, now_ms, strings)
    live, works = order.state in ("open", "claimed"), "do_work" in may
    claimable = order.claimed_by in (None, name) and order.state != "closed"
    return OrderPage(
        as_of_ms=now_ms,
        as_of_text=short_time_text(now_ms, UTC_ZONE, strings.numbers),
        row=row,
        room=where.room,
        facts=_facts(seen, strings),
        summary=order_text(order, strings),
        reasons=reasons(order.claim_reason or "worn", strings),
        workers=tuple(seen.workers),
        assignee=order.assignee or "",
        zone=str(zone_of(_place(seen).timezone)),
        may_swap=works and live and order.kind == "nozzle",
        may_claim=works and claimable and order.state != "confirmed",
        may_assign=works and live and len(seen.workers) > 1,
        may_close="close_work" in may and live,
        take=works and live and order.assignee is None,
        hand_back=works and live and order.assignee == name,
        alerts=alert_rows(seen.alerts, names, seen.places, strings),
        history=tuple(_history(entry, _place(seen), strings) for entry in reversed(order.history)),
    )


def reasons(chosen: ReplaceReason, strings: Strings) -> tuple[Reason, ...]:
    """The reasons of a claim."""
    words = strings.pages.work.order.reasons
    return tuple(Reason(reason, words[reason], reason == chosen) for reason in REPLACE_REASONS)


def _place(seen: OrderSeen) -> Place:
    return place_in(seen.places, seen.order.clinic_id)


def _facts(seen: OrderSeen, strings: Strings) -> tuple[Fact, ...]:
    order, words = seen.order, strings.pages.work.order
    zone = zone_of(_place(seen).timezone)

    def moment(name: str, time_ms: int | None, by: str | None) -> Fact:
        if time_ms is None:
            return Fact(name, "")
        said = wall_time_text(time_ms, zone, strings.numbers, strings.pages.common)
        who = words.by_gateway if by == BY_GATEWAY else by
        return Fact(name, f"{said}, {who}" if who else said, local_time_text(time_ms, zone, strings.numbers))

    found = (
        Fact(words.part, order.part or ""),
        Fact(words.assignee, order.assignee or words.nobody) if order.state in ("open", "claimed") else Fact("", ""),
        moment(words.opened, order.opened_ms, order.opened_by),
        moment(words.claimed, order.claimed_ms, order.claimed_by),
        moment(words.ended, order.ended_ms, order.ended_by),
        Fact(words.replaced_by, order.replaced_by or ""),
        Fact(words.close_reason, order.end_reason or ""),
    )
    return tuple(fact for fact in found if fact.value)


def _history(entry: OrderHistoryView, place: Place, strings: Strings) -> HistoryRow:
    words, numbers, common = strings.pages.work.order, strings.numbers, strings.pages.common
    zone = zone_of(place.timezone)
    late = entry.recorded_ms - entry.at_ms >= _LATE_MS and entry.actor != BY_GATEWAY
    recorded = wall_time_text(entry.recorded_ms, zone, numbers, common)
    return HistoryRow(
        at_ms=entry.at_ms,
        at=wall_time_text(entry.at_ms, zone, numbers, common),
        at_title=local_time_text(entry.at_ms, zone, numbers),
        act=words.acts[entry.act],
        actor=words.by_gateway if entry.actor == BY_GATEWAY else entry.actor,
        note=history_note(entry, strings),
        later=words.reported_later.format(time=recorded) if late else "",
    )


_LATE_MS = 60_000
