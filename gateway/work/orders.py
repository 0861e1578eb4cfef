"""Work orders: how one changes. One table of transitions from (state, event) to the order as it shall be. Pure.

Events say what was seen (an alert, a fitting, a replacement) or what a person did. What was seen may be seen again
any number of times: the second time it changes nothing. What a person did and does not fit is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, Literal, NamedTuple, TypeAlias

from gateway.errors import ConflictError
from schemas.alert import SEVERITIES, Alert, Severity
from schemas.order_told import OrderTold
from schemas.work import BY_GATEWAY, OrderAct, OrderState, ReplaceReason, SubjectKind, WorkOrder


class Raised(NamedTuple):
    """A firing alert asks for the work. `health`: of the battery, where it is one."""

    kind: SubjectKind
    alert: Alert
    health: float | None = None


class Fitted(NamedTuple):
    """The nozzle is on a device now."""

    clinic_id: str
    device_id: str
    at_ms: int


class Replaced(NamedTuple):
    """Evidence that the work was done: `by_serial` is the nozzle in its place, None for a battery."""

    at_ms: int
    by_serial: str | None
    note: str
    told: OrderTold | None = None


class Asked(NamedTuple):
    """A person wants the work done."""

    kind: SubjectKind
    subject: str
    clinic_id: str
    device_id: str
    by: str
    at_ms: int
    summary: str
    due_ms: int | None = None
    health: float | None = None


class Claimed(NamedTuple):
    """A person says that it is done."""

    by: str
    reason: ReplaceReason
    at_ms: int
    note: str = ""
    serial: str | None = None
    """The nozzle that the person fitted in its place, where it is said."""


class Closed(NamedTuple):
    """A person ends it without evidence, and says why."""

    by: str
    why: str
    at_ms: int


Event: TypeAlias = Raised | Fitted | Replaced | Asked | Claimed | Closed
EventKind: TypeAlias = Literal["raised", "fitted", "replaced", "asked", "claimed", "closed"]


class Step(NamedTuple):
    """The order as it shall be, and how its history tells it."""

    order: WorkOrder
    act: OrderAct
    actor: str
    at_ms: int
    note: str
    told: OrderTold | None = None
    """What `note` says, as data; None: a person said it."""


def wanted(order: WorkOrder | None, event: Raised | Asked) -> Step | None:
    """What an alert or a person's wish makes of the subject's newest order, or of none.

    A nozzle's order opens again; a battery's and a device's that is over is followed by a new one.
    """
    if order is None or (event.kind == "device" and isinstance(event, Asked)):
        return opened(event)
    if order.kind == "nozzle" or order.live:
        return step(order, event)
    if isinstance(event, Raised) and not _is_news(order, event.alert):
        return None
    return opened(event)


def opened(event: Raised | Asked) -> Step:
    """A new order."""
    if isinstance(event, Asked):
        return Step(_asked_order(event), "opened", event.by, event.at_ms, event.summary)
    alert = event.alert
    at_ms = _fired_ms(alert)
    order = WorkOrder(
        order_id=0,
        version=1,
        kind=event.kind,
        subject=alert.subject if event.kind == "nozzle" else str(alert.device_id),
        clinic_id=alert.clinic_id,
        device_id=str(alert.device_id),
        state="open",
        cause=alert.rule,
        severity=alert.severity,
        summary=alert.summary,
        facts=alert.facts,
        opened_ms=at_ms,
        opened_by=BY_GATEWAY,
        alert_ms=at_ms,
        health_then=event.health,
    )
    return Step(order, "opened", BY_GATEWAY, at_ms, alert.rule, OrderTold(alert.rule))


def step(order: WorkOrder, event: Event) -> Step | None:
    """What the event makes of the order; None where it changes nothing.

    Raises ConflictError where a person's act does not fit the order as it is.
    """
    return TABLE[order.state, _kind(event)](order, event)


def noted(order: WorkOrder, by: str, text: str, at_ms: int) -> Step:
    """A person wrote something down; every order takes it."""
    return Step(order, "noted", by, at_ms, text)


def assigned(order: WorkOrder, assignee: str | None, by: str, at_ms: int) -> Step | None:
    """A person gave the order to somebody, or took it back. Raises ConflictError for an order that is over."""
    if not order.live:
        raise ConflictError(f"work order {order.order_id} is {order.state}: there is nothing left to assign")
    if order.assignee == assignee:
        return None
    note = f"to {assignee}" if assignee is not None else "to nobody"
    return Step(replace(order, assignee=assignee), "assigned", by, at_ms, note)


def is_overdue(order: WorkOrder, after_ms: int, now_ms: int) -> bool:
    """Whether the order was claimed so long ago and no evidence has come. A device's order waits for none."""
    if order.state != "claimed" or order.kind == "device" or order.claimed_ms is None:
        return False
    return now_ms - order.claimed_ms > after_ms


def _kind(event: Event) -> EventKind:
    match event:
        case Raised():
            return "raised"
        case Fitted():
            return "fitted"
        case Replaced():
            return "replaced"
        case Asked():
            return "asked"
        case Claimed():
            return "claimed"
        case Closed():
            return "closed"


def _asked_order(event: Asked) -> WorkOrder:
    severity: Severity = "warning"
    return WorkOrder(
        order_id=0,
        version=1,
        kind=event.kind,
        subject=event.subject,
        clinic_id=event.clinic_id,
        device_id=event.device_id,
        state="open",
        cause="person",
        severity=severity,
        summary=event.summary,
        opened_ms=event.at_ms,
        opened_by=event.by,
        due_ms=event.due_ms,
        health_then=event.health,
    )


def _fired_ms(alert: Alert) -> int:
    return alert.pending_since_ms if alert.firing_since_ms is None else alert.firing_since_ms


def _is_news(order: WorkOrder, alert: Alert) -> bool:
    """Whether the alert fired after all that the order knows of."""
    return _fired_ms(alert) > max(order.alert_ms or 0, order.ended_ms or 0)


def _raise(order: WorkOrder, event: Event) -> Step | None:
    assert isinstance(event, Raised)
    alert = event.alert
    severity = max(order.severity, alert.severity, key=SEVERITIES.index)
    worse = severity != order.severity
    if not worse and not _is_news(order, alert):
        return None
    cause = alert.rule if worse or order.cause == "person" else order.cause
    raised = replace(
        order,
        cause=cause,
        severity=severity,
        summary=alert.summary if cause == alert.rule else order.summary,
        facts=alert.facts if cause == alert.rule else order.facts,
        alert_ms=max(order.alert_ms or 0, _fired_ms(alert)),
    )
    return Step(raised, "raised", BY_GATEWAY, _fired_ms(alert), alert.rule, OrderTold(alert.rule))


def _move(order: WorkOrder, event: Event) -> Step | None:
    assert isinstance(event, Fitted)
    if (order.clinic_id, order.device_id) == (event.clinic_id, event.device_id):
        return None
    moved = replace(order, clinic_id=event.clinic_id, device_id=event.device_id)
    return Step(moved, "moved", BY_GATEWAY, event.at_ms, f"to {event.device_id}", OrderTold(device_id=event.device_id))


def _confirm(order: WorkOrder, event: Event) -> Step:
    assert isinstance(event, Replaced)
    confirmed = replace(
        order, state="confirmed", ended_ms=event.at_ms, ended_by=BY_GATEWAY, replaced_by=event.by_serial
    )
    return Step(confirmed, "confirmed", BY_GATEWAY, event.at_ms, event.note, event.told)


def _claim(order: WorkOrder, event: Event) -> Step:
    assert isinstance(event, Claimed)
    claimed = replace(
        order,
        state="claimed",
        assignee=order.assignee or event.by,
        claimed_by=event.by,
        claim_reason=event.reason,
        claimed_ms=event.at_ms,
    )
    return Step(claimed, "claimed", event.by, event.at_ms, _claim_note(event), _claim_told(event))


def _claim_again(order: WorkOrder, event: Event) -> Step:
    """Whoever claimed it may correct the reason; nobody else takes it over without a word."""
    assert isinstance(event, Claimed)
    if order.claimed_by != event.by:
        raise ConflictError(f"{order.claimed_by} has claimed work order {order.order_id} already: add a note to it")
    return _claim(order, event)


def _claim_late(order: WorkOrder, event: Event) -> Step:
    """The evidence was faster than the phone: who did it, and why, is still worth knowing."""
    assert isinstance(event, Claimed)
    if order.claimed_by is not None:
        raise ConflictError(f"work order {order.order_id} is confirmed already, and {order.claimed_by} has claimed it")
    claimed = replace(order, claimed_by=event.by, claim_reason=event.reason, claimed_ms=event.at_ms)
    return Step(claimed, "claimed", event.by, event.at_ms, _claim_note(event), _claim_told(event))


def _claim_note(event: Claimed) -> str:
    fitted = f"{event.serial} fitted" if event.serial is not None else ""
    said = "; ".join(part for part in (fitted, event.note) if part)
    return f"{event.reason}: {said}" if said else event.reason


def _claim_told(event: Claimed) -> OrderTold:
    return OrderTold(reason=event.reason, serial=event.serial, text=event.note)


def _close(order: WorkOrder, event: Event) -> Step:
    assert isinstance(event, Closed)
    closed = replace(order, state="closed", ended_ms=event.at_ms, ended_by=event.by, end_reason=event.why)
    return Step(closed, "closed", event.by, event.at_ms, event.why)


def _reopen_by_alert(order: WorkOrder, event: Event) -> Step | None:
    assert isinstance(event, Raised)
    alert = event.alert
    if not _is_news(order, alert):
        return None
    at_ms = _fired_ms(alert)
    again = replace(
        _again(order, at_ms, BY_GATEWAY),
        cause=alert.rule,
        severity=alert.severity,
        summary=alert.summary,
        facts=alert.facts,
        clinic_id=alert.clinic_id,
        device_id=alert.device_id or order.device_id,
        alert_ms=at_ms,
        health_then=event.health,
    )
    return Step(again, "opened", BY_GATEWAY, at_ms, f"{alert.rule}, again", OrderTold(alert.rule, again=True))


def _reopen_by_refit(order: WorkOrder, event: Event) -> Step | None:
    assert isinstance(event, Fitted)
    again = replace(_again(order, event.at_ms, BY_GATEWAY), clinic_id=event.clinic_id, device_id=event.device_id)
    told = OrderTold(again=True, device_id=event.device_id)
    return Step(again, "opened", BY_GATEWAY, event.at_ms, f"fitted again, on {event.device_id}", told)


def _reopen_by_person(order: WorkOrder, event: Event) -> Step:
    assert isinstance(event, Asked)
    again = replace(
        _again(order, event.at_ms, event.by),
        summary=event.summary,
        facts=None,
        clinic_id=event.clinic_id,
        device_id=event.device_id,
        due_ms=event.due_ms,
        health_then=event.health,
    )
    return Step(again, "opened", event.by, event.at_ms, event.summary)


def _again(order: WorkOrder, at_ms: int, by: str) -> WorkOrder:
    return replace(
        order,
        state="open",
        opened_ms=at_ms,
        opened_by=by,
        due_ms=None,
        claimed_by=None,
        claim_reason=None,
        claimed_ms=None,
        ended_ms=None,
        ended_by=None,
        end_reason=None,
        replaced_by=None,
    )


def _nothing(_order: WorkOrder, _event: Event) -> None:
    return None


def _refuse(order: WorkOrder, event: Event) -> None:
    if isinstance(event, Asked):
        raise ConflictError(
            f"work order {order.order_id} for {order.subject} is {order.state} already: add a note to it"
        )
    raise ConflictError(f"work order {order.order_id} is {order.state} already")


Transition: TypeAlias = Callable[[WorkOrder, Event], Step | None]

TABLE: Final[Mapping[tuple[OrderState, EventKind], Transition]] = {
    ("open", "raised"): _raise,
    ("open", "fitted"): _move,
    ("open", "replaced"): _confirm,
    ("open", "asked"): _refuse,
    ("open", "claimed"): _claim,
    ("open", "closed"): _close,
    ("claimed", "raised"): _raise,
    ("claimed", "fitted"): _move,
    ("claimed", "replaced"): _confirm,
    ("claimed", "asked"): _refuse,
    ("claimed", "claimed"): _claim_again,
    ("claimed", "closed"): _close,
    ("confirmed", "raised"): _reopen_by_alert,
    ("confirmed", "fitted"): _reopen_by_refit,
    ("confirmed", "replaced"): _nothing,
    ("confirmed", "asked"): _reopen_by_person,
    ("confirmed", "claimed"): _claim_late,
    ("confirmed", "closed"): _refuse,
    ("closed", "raised"): _reopen_by_alert,
    ("closed", "fitted"): _nothing,
    ("closed", "replaced"): _nothing,
    ("closed", "asked"): _reopen_by_person,
    ("closed", "claimed"): _refuse,
    ("closed", "closed"): _refuse,
}
