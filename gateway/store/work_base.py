"""The store of work orders and spares: its rows, and what every store must do. Each method owns its transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.store.service_rows import AuditRow
from schemas.alert import Alert
from schemas.order_told import OrderTold
from schemas.work import OrderAct, OrderState, PlaceKind, SubjectKind, WorkOrder


@dataclass(frozen=True, slots=True)
class OrderHistory:
    """One thing that happened to an order; `at_ms` may lie before it reached us."""

    at_ms: int
    recorded_ms: int
    actor: str
    act: OrderAct
    to_state: OrderState
    note: str
    told: OrderTold | None = None
    """What `note` says, as data; None where a person wrote it, or an older version."""


@dataclass(frozen=True, slots=True)
class OrderChange:
    """The order as it shall be, and what happened. `order_id` 0 makes a new one; otherwise the stored version must be
    `expected_version`, or nothing is written."""

    order: WorkOrder
    expected_version: int
    history: tuple[OrderHistory, ...]
    audit: AuditRow | None = None


@dataclass(frozen=True, slots=True)
class SpareRow:
    """How many nozzles of a model somebody counted at a clinic, or in the vehicle of the person named `place`."""

    place_kind: PlaceKind
    place: str
    model: str
    on_hand: int
    counted_ms: int


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was forgotten with a clinic. `names_kept`: of its devices those that were in another clinic before.
    `advice_left`: why the broker may still retain advice to them; None where it does not."""

    devices: tuple[str, ...]
    names_kept: int
    rows: int
    advice_left: str | None = None


@dataclass(frozen=True, slots=True)
class FiredAlert:
    """An alert at the moment at which it began to fire; it may be over by now. Numbered in order."""

    number: int
    alert: Alert


class WorkStore(Protocol):
    """Work orders, spares, calendars."""

    async def apply_orders(self, changes: Sequence[OrderChange], mark: int | None = None) -> tuple[WorkOrder, ...]:
        """Writes the changes with history and audit, and the mark if there is one, in one transaction; gives the
        orders as stored. A change is left out where the order changed meanwhile, or where a nozzle (or a battery's
        live order) has one already."""
        ...

    async def work_mark(self) -> int:
        """The number of the last fired alert that was made work of. A store that has none begins with the newest."""
        ...

    async def fired_alerts(self, after: int, limit: int) -> tuple[FiredAlert, ...]:
        """What began to fire after that one, in order."""
        ...

    async def live_orders(self) -> tuple[WorkOrder, ...]:
        """Every open and claimed order."""
        ...

    async def ended_subjects(self) -> tuple[tuple[SubjectKind, str], ...]:
        """The subjects of all orders that are confirmed or closed."""
        ...

    async def latest_orders(self, subjects: Sequence[tuple[SubjectKind, str]]) -> tuple[WorkOrder, ...]:
        """The newest order of each subject; subjects that never had one are left out."""
        ...

    async def work_orders(
        self,
        *,
        limit: int,
        before: int | None,
        state: OrderState | None = None,
        clinic_id: str | None = None,
        assignee: str | None = None,
    ) -> tuple[WorkOrder, ...]:
        """Newest first; `before` is the order_id of the page before's last row."""
        ...

    async def work_order(self, order_id: int) -> WorkOrder | None: ...

    async def order_history(self, order_id: int) -> tuple[OrderHistory, ...]:
        """In the order in which it was recorded."""
        ...

    async def spares(self) -> tuple[SpareRow, ...]:
        """Every count, in order of (place_kind, place, model)."""
        ...

    async def save_spare(self, row: SpareRow, audit: AuditRow) -> None:
        """Inserts or replaces; an older count than the stored one changes nothing but is audited."""
        ...

    async def calendar_turn(self, owner: str) -> int:
        """How often a person's calendar address was made new; 0: never."""
        ...

    async def renew_calendar(self, owner: str, audit: AuditRow) -> int:
        """Makes the old address invalid; gives the new turn."""
        ...
