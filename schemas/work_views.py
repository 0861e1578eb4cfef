"""Work as it is seen: orders, visits, and the parts to bring. The shapes of the API's answers and of the pages, and the
protocol by which pages read and act.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from schemas.access import Viewer
from schemas.alert import Severity
from schemas.alert_facts import AlertFacts
from schemas.order_told import OrderTold
from schemas.views import AlertView, SilenceView
from schemas.work import OrderAct, OrderState, ReplaceReason, SubjectKind, WorkOrder

OrderFilter: TypeAlias = OrderState | Literal["live", "overdue"]
"""`live`: open and claimed. `overdue`: open past the day on which it was due, or claimed long ago and unconfirmed."""


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class OrderView(_View):
    """One work order. `confirmed`: ended by evidence, `closed`: by hand. `overdue`: claimed long ago, unconfirmed."""

    id: int
    kind: SubjectKind
    subject: str
    clinic_id: str
    device_id: str
    state: OrderState
    overdue: bool
    cause: str
    severity: Severity
    summary: str
    part: str | None
    opened_ms: int
    opened_by: str
    due_ms: int
    assignee: str | None
    claimed_by: str | None
    claim_reason: ReplaceReason | None
    claimed_ms: int | None
    ended_ms: int | None
    ended_by: str | None
    end_reason: str | None
    replaced_by: str | None
    facts: AlertFacts | None = Field(default=None, exclude=True)
    """What `summary` says, as data, where it is an alert's: pages word it in their reader's language."""

    @classmethod
    def of(cls, order: WorkOrder, *, due_ms: int, overdue: bool, part: str | None) -> OrderView:
        """`due_ms` and `overdue` as of now."""
        return cls(
            id=order.order_id,
            kind=order.kind,
            subject=order.subject,
            clinic_id=order.clinic_id,
            device_id=order.device_id,
            state=order.state,
            overdue=overdue,
            cause=order.cause,
            severity=order.severity,
            summary=order.summary,
            part=part,
            opened_ms=order.opened_ms,
            opened_by=order.opened_by,
            due_ms=due_ms,
            assignee=order.assignee,
            claimed_by=order.claimed_by,
            claim_reason=order.claim_reason,
            claimed_ms=order.claimed_ms,
            ended_ms=order.ended_ms,
            ended_by=order.ended_by,
            end_reason=order.end_reason,
            replaced_by=order.replaced_by,
            facts=order.facts,
        )


class OrderHistoryView(_View):
    """One thing that happened to an order."""

    at_ms: int
    recorded_ms: int
    actor: str
    act: OrderAct
    to_state: OrderState
    note: str
    told: OrderTold | None = Field(default=None, exclude=True)
    """What `note` says, as data, where the gateway wrote it."""


class OrderDetail(OrderView):
    """One work order with all that happened to it."""

    history: tuple[OrderHistoryView, ...]


class VisitItem(_View):
    """One thing to do on a visit. `order_id` null: not ordered yet, but due by then."""

    order_id: int | None
    kind: str
    subject: str
    device_id: str
    part: str | None
    due_ms: int
    assignee: str | None
    why: str


class PartView(_View):
    """So many of a nozzle model to bring. `model` null: ask the clinic which."""

    model: str | None
    count: int


class VisitView(_View):
    """One trip to one clinic. `visit_by` is a date in the clinic's zone, not before today."""

    clinic_id: str
    visit_by: str
    due_ms: int
    items: tuple[VisitItem, ...]
    parts: tuple[PartView, ...]


class OrdersAsked(_View):
    """Which orders are asked for; None: any."""

    state: OrderFilter | None = "live"
    clinic_id: str | None = None
    assignee: str | None = None


class OrdersFound(_View):
    """Live orders by due date, all others newest first; `next` is where the next page begins, None: there is none."""

    items: tuple[OrderView, ...]
    next: int | None


class SilencesFound(_View):
    """Newest first; `next` is where the next page begins, None: there is none."""

    items: tuple[SilenceView, ...]
    next: int | None


class Whereabouts(_View):
    """What a person calls a device, and where it stands; empty where nobody wrote it down."""

    label: str
    room: str


class WorkPages(Protocol):
    """What the pages about work read and do; carried out by gateway/serve/work_pages.py.

    Orders themselves are acted on by the API, which a phone can also ask later.
    """

    async def visits(self, viewer: Viewer, until_ms: int, clinic_id: str | None) -> Sequence[VisitView]:
        """The trips for what is due by then, in order of date."""
        ...

    async def orders(self, viewer: Viewer, asked: OrdersAsked, limit: int, after: int | None) -> OrdersFound: ...

    async def order(self, viewer: Viewer, order_id: int) -> OrderDetail | None:
        """None where there is none of that id in the viewer's scope."""
        ...

    async def alert(self, viewer: Viewer, alert_id: int) -> AlertView | None:
        """None where there is none of that id in the viewer's scope."""
        ...

    def order_for(self, viewer: Viewer, alert: AlertView) -> int | None:
        """The live order that the alert has asked for, by its number."""
        ...

    def whereabouts(self, device_id: str) -> Whereabouts: ...

    async def workers(self, viewer: Viewer, clinic_id: str) -> Sequence[str]:
        """To whom the viewer may assign work at the clinic."""
        ...

    async def silences(self, viewer: Viewer, *, open_only: bool, limit: int, before: int | None) -> SilencesFound: ...

    async def add_silence(self, viewer: Viewer, fields: Mapping[str, str]) -> Sequence[str]:
        """Makes a silence or a maintenance window of fields as they were typed; the mistakes found, none if made."""
        ...

    async def end_silence(self, viewer: Viewer, silence_id: int) -> bool:
        """False where it has ended already."""
        ...
