"""Chasing: which claims that no evidence has confirmed are told to whom now. Pure.

Whoever claimed an order is reminded when the claim is overdue, and some days later it is escalated, once each. What is
due waits for the clinic's hours and for the receiver to be awake; what is confirmed meanwhile is chased no more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from gateway.config_work import WorkConfig
from gateway.hours import next_time_of_day
from gateway.notify.receivers import Receiver
from gateway.notify.routing import Routing, at_least
from gateway.store.chase_base import Chase, ChaseStep
from gateway.work.due import DAY_MS
from gateway.work.orders import is_overdue
from schemas.access import Viewer
from schemas.work import WorkOrder

Key = tuple[int, int, ChaseStep, str]
"""(order, when it was claimed, step, receiver)"""


class Telling(NamedTuple):
    """One message: these orders of one clinic, to this receiver."""

    receiver: Receiver
    step: ChaseStep
    clinic_id: str
    orders: tuple[WorkOrder, ...]


@dataclass(frozen=True, slots=True)
class Chasing:
    """What decides who is chased."""

    settings: WorkConfig
    routing: Routing
    sees: Callable[[Viewer, WorkOrder], bool]
    told: dict[Key, int]
    """Who was told what already, and when."""
    now_ms: int

    def due(self, orders: Iterable[WorkOrder]) -> tuple[Telling, ...]:
        """What is to be told now, in order of receiver."""
        found: dict[tuple[str, ChaseStep, str], Telling] = {}
        for order in orders:
            for step, since_ms, receivers in self._steps(order):
                for receiver in receivers:
                    if self._waits(receiver, order, step, since_ms):
                        continue
                    key = (receiver.name, step, order.clinic_id)
                    before = found.get(key)
                    gathered = (*(before.orders if before else ()), order)
                    found[key] = Telling(receiver, step, order.clinic_id, gathered)
        return tuple(found[key] for key in sorted(found))

    def _steps(self, order: WorkOrder) -> Iterable[tuple[ChaseStep, int, Sequence[Receiver]]]:
        """The steps whose time has come, since when, and whom they are for."""
        if not is_overdue(order, self.settings.claim_overdue_days * DAY_MS, self.now_ms):
            return
        overdue_ms = (order.claimed_ms or 0) + self.settings.claim_overdue_days * DAY_MS
        claimants = self._claimants(order)
        yield "reminder", overdue_ms, claimants
        told = [at_ms for receiver in claimants if (at_ms := self._told_ms(order, "reminder", receiver)) is not None]
        if not self.settings.claim_escalate_days or (claimants and not told):
            return
        since_ms = min(told, default=overdue_ms) + self.settings.claim_escalate_days * DAY_MS
        if since_ms <= self.now_ms:
            yield "escalation", since_ms, self._managers(order)

    def _claimants(self, order: WorkOrder) -> list[Receiver]:
        names = self.routing.directory.of_person(order.claimed_by or "")
        return [receiver for receiver in self._known(names) if receiver.person is None or self._may(receiver, order)]

    def _managers(self, order: WorkOrder) -> list[Receiver]:
        names = [
            *self.settings.claim_escalate_receivers,
            *self.routing.directory.of_role(self.settings.claim_escalate_role),
        ]
        return [
            receiver
            for receiver in self._known(names)
            if self._may(receiver, order) and at_least(order.severity, receiver.min_severity)
        ]

    def _known(self, names: Iterable[str]) -> list[Receiver]:
        found = (self.routing.directory.get(name) for name in dict.fromkeys(names))
        return [receiver for receiver in found if receiver is not None and receiver.channel != "alertmanager"]

    def _may(self, receiver: Receiver, order: WorkOrder) -> bool:
        return receiver.person is None or self.sees(receiver.person, order)

    def _told_ms(self, order: WorkOrder, step: ChaseStep, receiver: Receiver) -> int | None:
        return self.told.get((order.order_id, order.claimed_ms or 0, step, receiver.name))

    def _waits(self, receiver: Receiver, order: WorkOrder, step: ChaseStep, since_ms: int) -> bool:
        if self._told_ms(order, step, receiver) is not None:
            return True
        if receiver.digest_at is not None and receiver.can_wait:
            since_ms = next_time_of_day(receiver.digest_at, receiver.zone, since_ms)
        allowed_ms = max(since_ms, self.routing.waking_ms(receiver, order.clinic_id, self.now_ms))
        return allowed_ms > self.now_ms


GROUP: Final = "claims"


def group_key(clinic_id: str) -> str:
    """The group of a clinic's overdue claims, apart from that of its alerts: no clinic's id has a colon."""
    return f"{GROUP}:{clinic_id}"


def key_of(chase: Chase) -> Key:
    """What makes a chase the same."""
    return chase.order_id, chase.claimed_ms, chase.step, chase.receiver
