"""Notices: what one message says, before any channel words it. Kept in the outbox as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol, TypeAlias

from pydantic import BaseModel, ConfigDict

from dashboards.web.alert_sentences import alert_text, order_text
from dashboards.web.links import ACT_PATH, ORDERS_PATH
from dashboards.web.message_strings import PartWords
from dashboards.web.strings import ENGLISH, Strings, strings_of
from dashboards.web.translation import ENGLISH_CODE
from gateway.ingest.fleet import Fleet
from gateway.ingest.registry import Registry
from gateway.notify.decision import SendReason
from gateway.notify.receivers import ReadBy
from gateway.notify.routing import PATIENT
from gateway.store.chase_base import ChaseStep
from gateway.work.desk import ORDERS_BY_RULE
from schemas.access import Viewer
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
    """What is needed, as `fine-24`; empty where nothing is."""
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


class Need(_Part):
    """So many of a part."""

    part: str
    number: int


class Notice(_Part):
    """One message. `firing` and `resolved` are in order of urgency; `left_out` are not named for want of room.

    Of a claim that is chased it has `orders`, and no alerts. What it says of alerts, orders and parts is in `language`
    already, and the rest is worded in it as it is sent: what somebody chooses meanwhile changes no message.
    """

    reason: Reason
    group_key: str
    firing: tuple[Item, ...] = ()
    resolved: tuple[Item, ...] = ()
    orders: tuple[OrderItem, ...] = ()
    left_out: int = 0
    parts: tuple[Need, ...] = ()
    """What all that fires asks for together, also what is not named."""
    link: str
    timezone: str = "UTC"
    language: str = ENGLISH_CODE
    made_ms: int


class Veils(Protocol):
    """Takes away what a person must not be told; carried out by gateway/serve/veil.py."""

    def alert(self, viewer: Viewer, alert: Alert) -> Alert: ...

    def order(self, viewer: Viewer, order: WorkOrder) -> WorkOrder: ...


class NoVeil:
    """Everybody may be told everything."""

    def alert(self, viewer: Viewer, alert: Alert) -> Alert:
        """As it is."""
        return alert

    def order(self, viewer: Viewer, order: WorkOrder) -> WorkOrder:
        """As it is."""
        return order


@dataclass(frozen=True, slots=True)
class Facts:
    """Where alerts are and what they need, from the fleet and the registry."""

    fleet: Fleet
    registry: Registry
    outlook: Outlook
    public_url: str
    veil: Veils

    def item(self, alert: Alert, now_ms: int, strings: Strings, *, firing: bool) -> Item:
        """The alert with all that whoever acts on it has to know. A device whose clock is ahead began it no later than
        now."""
        on_nozzle = alert.rule.startswith("nozzle_")
        began_ms = alert.pending_since_ms if alert.firing_since_ms is None else alert.firing_since_ms
        return Item(
            alert_id=alert.alert_id,
            rule=alert.rule,
            severity=alert.severity,
            subject=alert.subject,
            firing=firing,
            summary=self._summary(alert, strings),
            place=self._place(alert.clinic_id, alert.device_id),
            part=self._part(alert, strings.message.parts),
            wear_ratio=self._wear(alert),
            forecast=self.outlook(alert) if on_nozzle and firing else None,
            since_ms=min(began_ms, now_ms),
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
        read_by: ReadBy,
    ) -> Notice:
        """The notice about a group of alerts; it names the most urgent ones, `most` of them (None: all).

        Times are those of the clinic's clocks; where it is about none, or about several, those of the reader's zone.
        """
        strings, person = strings_of(read_by.language), read_by.person
        if person is not None:
            firing, resolved = ([self.veil.alert(person, one) for one in alerts] for alerts in (firing, resolved))
        told = sorted(firing, key=self._urgency)[:most]
        over = sorted(resolved, key=self._urgency)[: None if most is None else most - len(told)]
        clinics = {alert.clinic_id for alert in (*firing, *resolved)}
        only = next(iter(clinics)) if len(clinics) == 1 else ""
        clinic = self.registry.clinic(only) if only else None
        return Notice(
            reason=reason,
            group_key=group_key,
            firing=tuple(self.item(alert, now_ms, strings, firing=True) for alert in told),
            resolved=tuple(self.item(alert, now_ms, strings, firing=False) for alert in over),
            left_out=len(firing) + len(resolved) - len(told) - len(over),
            parts=self._needs(firing, strings.message.parts),
            link=link(self.public_url, clinic.clinic_id if clinic else None, _only(firing)),
            timezone=clinic.timezone if clinic else read_by.zone,
            language=strings.language,
            made_ms=now_ms,
        )

    def _urgency(self, alert: Alert) -> tuple[int, bool, float, int, int]:
        """Severity, then what can't wait, what is worn out first, what has been so the longest."""
        ahead = self.outlook(alert) if alert.rule == "nozzle_due" else None
        days = ahead.remaining_days.p50 if ahead is not None and ahead.remaining_days is not None else 0.0
        since_ms = alert.firing_since_ms or alert.pending_since_ms
        return -SEVERITIES.index(alert.severity), alert.rule in PATIENT, days, since_ms, alert.alert_id

    def chase(
        self, step: ChaseStep, group_key: str, orders: Sequence[WorkOrder], now_ms: int, read_by: ReadBy
    ) -> Notice:
        """The notice about overdue claims at one clinic; it names those that were claimed first."""
        strings, person = strings_of(read_by.language), read_by.person
        if person is not None:
            orders = [self.veil.order(person, order) for order in orders]
        named = sorted(orders, key=lambda order: (order.claimed_ms or 0, order.order_id))
        clinic = self.registry.clinic(named[0].clinic_id)
        only = f"{self.public_url}{ORDERS_PATH}/{named[0].order_id}"
        return Notice(
            reason=step,
            group_key=group_key,
            orders=tuple(self._order_item(order, strings) for order in named[:MOST_LINES]),
            left_out=max(0, len(named) - MOST_LINES),
            link=only if len(named) == 1 else link(self.public_url, clinic.clinic_id),
            timezone=clinic.timezone,
            language=strings.language,
            made_ms=now_ms,
        )

    def _order_item(self, order: WorkOrder, strings: Strings) -> OrderItem:
        words = strings.message.parts
        return OrderItem(
            order_id=order.order_id,
            kind=order.kind,
            subject=order.subject,
            severity=order.severity,
            summary=order.summary if strings is ENGLISH else order_text(order, strings),
            place=self._place(order.clinic_id, order.device_id),
            part=self._model(order.subject, words) if order.kind == "nozzle" else self._battery(order, words),
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

    def _summary(self, alert: Alert, strings: Strings) -> str:
        """What is the matter; of a recall with its reason."""
        nozzle = self.fleet.nozzle(alert.subject) if alert.rule == "nozzle_recalled" else None
        note = self.registry.lot(nozzle.lot).recall_note if nozzle is not None and nozzle.lot else ""
        # English is what the store keeps.
        said = alert.summary if strings is ENGLISH else alert_text(alert, strings)
        return f"{said} ({note})" if note else said

    def _part(self, alert: Alert, words: PartWords) -> str:
        """What to bring for it."""
        if alert.rule not in ORDERS_BY_RULE and alert.rule != "nozzle_wear_abnormal":
            return ""
        if ORDERS_BY_RULE.get(alert.rule) == "battery":
            return self._battery_of(alert.device_id, words)
        nozzle = self.fleet.nozzle(alert.subject)
        lot = nozzle.lot if nozzle is not None and alert.rule == "nozzle_recalled" else None
        part = self._model(alert.subject, words)
        return words.other_lot.format(part=part, lot=lot) if lot else part

    def _needs(self, firing: Sequence[Alert], words: PartWords) -> tuple[Need, ...]:
        """What is to be replaced, each thing once however many alerts it has."""
        replaced = {(ORDERS_BY_RULE[alert.rule], alert.subject) for alert in firing if alert.rule in ORDERS_BY_RULE}
        counts = Counter(
            self._model(subject, words) if kind == "nozzle" else self._battery_of(subject, words)
            for kind, subject in replaced
        )
        return tuple(Need(part=part, number=counts[part]) for part in sorted(counts) if part)

    def _model(self, serial: str, words: PartWords) -> str:
        nozzle = self.fleet.nozzle(serial)
        return "" if nozzle is None else nozzle.model or words.unknown_nozzle

    def _battery(self, order: WorkOrder, words: PartWords) -> str:
        return self._battery_of(order.device_id, words) if order.kind == "battery" else ""

    def _battery_of(self, device_id: str | None, words: PartWords) -> str:
        device = self.fleet.device(device_id) if device_id else None
        known = device is not None and device.model
        return words.battery_for.format(model=known) if known else words.battery

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
