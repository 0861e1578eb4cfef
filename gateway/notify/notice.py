"""Notices: what one message says, before any channel words it. Kept in the outbox as JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict

from dashboards.web.links import ACT_PATH, ORDERS_PATH
from gateway.ingest.fleet import Fleet
from gateway.ingest.registry import Registry
from gateway.notify.decision import SendReason
from gateway.store.chase_base import ChaseStep
from schemas.alert import SEVERITIES, Alert, Rule, Severity
from schemas.views import ForecastView
from schemas.work import ReplaceReason, SubjectKind, WorkOrder

MOST_LINES: Final = 20
"""Alerts that a message names; of more it gives the number."""

Reason: TypeAlias = SendReason | ChaseStep | Literal["test"]
Outlook: TypeAlias = Callable[[Alert], ForecastView | None]
"""The forecast of the nozzle that an alert is about, where there is one."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Place(_Part):
    """Where: the clinic and, if it is about one, the device."""

    clinic_id: str
    clinic_name: str
    region: str
    device_id: str | None
    device_label: str
    room: str


class Item(_Part):
    """One alert as the message tells it."""

    alert_id: int
    rule: Rule
    severity: Severity
    subject: str
    firing: bool
    summary: str
    place: Place
    part: str
    """The nozzle that is needed, as `fine-24 (lot L-7)`; empty where none is."""
    wear_ratio: float | None
    forecast: ForecastView | None
    since_ms: int
    ended_ms: int | None


class OrderItem(_Part):
    """One work order that was claimed, and that nothing confirms, as the message tells it."""

    order_id: int
    kind: SubjectKind
    subject: str
    severity: Severity
    summary: str
    place: Place
    part: str
    claimed_by: str
    claim_reason: ReplaceReason | None
    claimed_ms: int


class Notice(_Part):
    """One message. `firing` and `resolved` are in order of urgency; `left_out` are not named for want of room.

    Of a claim that is chased it has `orders`, and no alerts.
    """

    reason: Reason
    group_key: str
    firing: tuple[Item, ...] = ()
    resolved: tuple[Item, ...] = ()
    orders: tuple[OrderItem, ...] = ()
    left_out: int = 0
    link: str
    timezone: str = "UTC"
    made_ms: int


@dataclass(frozen=True, slots=True)
class Facts:
    """Where alerts are and what they need, from the fleet and the registry."""

    fleet: Fleet
    registry: Registry
    outlook: Outlook
    public_url: str

    def item(self, alert: Alert, *, firing: bool) -> Item:
        """The alert with all that whoever acts on it has to know."""
        on_nozzle = alert.rule.startswith("nozzle_")
        return Item(
            alert_id=alert.alert_id,
            rule=alert.rule,
            severity=alert.severity,
            subject=alert.subject,
            firing=firing,
            summary=alert.summary,
            place=self._place(alert.clinic_id, alert.device_id),
            part=self._part(alert.subject) if on_nozzle else "",
            wear_ratio=self._wear(alert),
            forecast=self.outlook(alert) if on_nozzle and firing else None,
            since_ms=alert.pending_since_ms if alert.firing_since_ms is None else alert.firing_since_ms,
            ended_ms=None if firing else alert.resolved_ms,
        )

    def notice(
        self,
        reason: SendReason,
        group_key: str,
        firing: Sequence[Alert],
        resolved: Sequence[Alert],
        now_ms: int,
        *,
        most: int | None = MOST_LINES,
    ) -> Notice:
        """The notice about a group of alerts; it names the most urgent ones, `most` of them (None: all)."""
        told = sorted(firing, key=_urgency)[:most]
        over = sorted(resolved, key=_urgency)[: None if most is None else most - len(told)]
        clinics = {alert.clinic_id for alert in (*firing, *resolved)}
        clinic = self.registry.clinic(next(iter(clinics))) if len(clinics) == 1 else None
        return Notice(
            reason=reason,
            group_key=group_key,
            firing=tuple(self.item(alert, firing=True) for alert in told),
            resolved=tuple(self.item(alert, firing=False) for alert in over),
            left_out=len(firing) + len(resolved) - len(told) - len(over),
            link=link(self.public_url, clinic.clinic_id if clinic else None, _only(firing)),
            timezone=clinic.timezone if clinic else "UTC",
            made_ms=now_ms,
        )

    def chase(self, step: ChaseStep, group_key: str, orders: Sequence[WorkOrder], now_ms: int) -> Notice:
        """The notice about overdue claims at one clinic; it names those that were claimed first."""
        named = sorted(orders, key=lambda order: (order.claimed_ms or 0, order.order_id))
        clinic = self.registry.clinic(named[0].clinic_id)
        only = f"{self.public_url}{ORDERS_PATH}/{named[0].order_id}"
        return Notice(
            reason=step,
            group_key=group_key,
            orders=tuple(self._order_item(order) for order in named[:MOST_LINES]),
            left_out=max(0, len(named) - MOST_LINES),
            link=only if len(named) == 1 else link(self.public_url, clinic.clinic_id),
            timezone=clinic.timezone,
            made_ms=now_ms,
        )

    def _order_item(self, order: WorkOrder) -> OrderItem:
        return OrderItem(
            order_id=order.order_id,
            kind=order.kind,
            subject=order.subject,
            severity=order.severity,
            summary=order.summary,
            place=self._place(order.clinic_id, order.device_id),
            part=self._part(order.subject) if order.kind == "nozzle" else "",
            claimed_by=order.claimed_by or "",
            claim_reason=order.claim_reason,
            claimed_ms=order.claimed_ms or order.opened_ms,
        )

    def _place(self, clinic_id: str, device_id: str | None) -> Place:
        clinic = self.registry.clinic(clinic_id)
        device = self.registry.device(device_id) if device_id else None
        return Place(
            clinic_id=clinic_id,
            clinic_name=clinic.name,
            region=clinic.region,
            device_id=device_id,
            device_label=device.label if device else "",
            room=device.room if device else "",
        )

    def _part(self, serial: str) -> str:
        nozzle = self.fleet.nozzle(serial)
        if nozzle is None:
            return ""
        return (nozzle.model or "nozzle of unknown model") + (f" (lot {nozzle.lot})" if nozzle.lot else "")

    @staticmethod
    def _wear(alert: Alert) -> float | None:
        return alert.value if alert.rule in ("nozzle_due", "nozzle_worn_out") else None


def link(public_url: str, clinic_id: str | None, alert_id: int | None = None) -> str:
    """The one place to act: on what the alert asks for, on what is to be done at the clinic, or on all alerts."""
    if alert_id is not None:
        return f"{public_url}{ACT_PATH}?alert={alert_id}"
    return f"{public_url}{ACT_PATH}?clinic={clinic_id}" if clinic_id else f"{public_url}/alerts"


def _only(firing: Sequence[Alert]) -> int | None:
    return firing[0].alert_id if len(firing) == 1 else None


def _urgency(alert: Alert) -> tuple[int, int, int]:
    return -SEVERITIES.index(alert.severity), alert.firing_since_ms or alert.pending_since_ms, alert.alert_id
