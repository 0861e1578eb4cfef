"""What the API answers and takes about work: orders, visits, spares, swaps."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from gateway.serve.action_shapes import TimeMs
from gateway.store.work_base import OrderAct, OrderHistory
from gateway.work.due import DueItem
from gateway.work.planner import SpareLine
from schemas.alert import Severity
from schemas.registry import Identifier
from schemas.work import OrderState, PlaceKind, ReplaceReason, SubjectKind, WorkOrder

PERSON_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._@+:-]{0,79}$"

Text = Annotated[str, Field(min_length=1, max_length=1_000, pattern=r"\S")]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class _Body(BaseModel):
    """`at_ms`: when it was done; absent: now."""

    model_config = ConfigDict(extra="forbid", strict=True)

    at_ms: TimeMs | None = None


class OrderView(_Answer):
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
        )


class OrderHistoryView(_Answer):
    """One thing that happened to an order."""

    at_ms: int
    recorded_ms: int
    actor: str
    act: OrderAct
    to_state: OrderState
    note: str

    @classmethod
    def of(cls, row: OrderHistory) -> OrderHistoryView:
        return cls(
            at_ms=row.at_ms,
            recorded_ms=row.recorded_ms,
            actor=row.actor,
            act=row.act,
            to_state=row.to_state,
            note=row.note,
        )


class OrderDetail(OrderView):
    """One work order with all that happened to it."""

    history: tuple[OrderHistoryView, ...]


class VisitItem(_Answer):
    """One thing to do on a visit. `order_id` null: not ordered yet, but due by then."""

    order_id: int | None
    kind: str
    subject: str
    device_id: str
    part: str | None
    due_ms: int
    assignee: str | None
    why: str

    @classmethod
    def of(cls, item: DueItem) -> VisitItem:
        return cls(
            order_id=item.order_id,
            kind=item.kind,
            subject=item.subject,
            device_id=item.device_id,
            part=item.part,
            due_ms=item.due_ms,
            assignee=item.assignee,
            why=item.why,
        )


class PartView(_Answer):
    """So many of a nozzle model to bring. `model` null: ask the clinic which."""

    model: str | None
    count: int


class VisitView(_Answer):
    """One trip to one clinic. `visit_by` is a date in the clinic's zone, not before today."""

    clinic_id: str
    visit_by: str
    due_ms: int
    items: tuple[VisitItem, ...]
    parts: tuple[PartView, ...]


class SpareView(_Answer):
    """Spares of one model at one place. `counted_ms` null: nobody counted. `order_by` is a date, maybe past."""

    place_kind: PlaceKind
    place: str
    model: str
    on_hand: int
    counted_ms: int | None
    lead_days: int
    needed_in_lead_time: int
    runs_out_ms: int | None
    order_by: str | None
    low: bool

    @classmethod
    def of(cls, line: SpareLine, order_by: str | None) -> SpareView:
        return cls(
            place_kind=line.place_kind,
            place=line.place,
            model=line.model,
            on_hand=line.on_hand,
            counted_ms=line.counted_ms,
            lead_days=line.lead_days,
            needed_in_lead_time=line.outlook.needed,
            runs_out_ms=line.outlook.runs_out_ms,
            order_by=order_by,
            low=line.outlook.low,
        )


class SpareCounted(_Answer):
    place_kind: PlaceKind
    place: str
    model: str
    on_hand: int


class SwapRecorded(_Answer):
    """`replaced`: the nozzle that was fitted before. `order_id`: its work order, which is claimed by this."""

    device_id: str
    serial: str
    lot: str | None
    at_ms: int
    replaced: str | None
    order_id: int | None


class CalendarAddress(_Answer):
    """The address of one's own calendar: whoever knows it reads it."""

    url: str


class OpenOrderBody(_Body):
    """`subject`: the nozzle's serial, otherwise the device's id. `due_ms`: by when it shall be done."""

    kind: SubjectKind
    subject: Identifier
    note: Text
    due_ms: TimeMs | None = None
    assignee: Annotated[str, Field(pattern=PERSON_PATTERN)] | None = None


class AssignBody(_Body):
    """`assignee` null: nobody."""

    assignee: Annotated[str, Field(pattern=PERSON_PATTERN)] | None


class ClaimBody(_Body):
    """Why the part was replaced."""

    reason: ReplaceReason
    note: str = Field(default="", max_length=1_000)


class NoteBody(_Body):
    text: Text


class CloseBody(_Body):
    """`reason`: why it ends without evidence."""

    reason: Text


class SwapBody(_Body):
    """A swap that the device did not report. `reason`: why; one of the reasons of a claim claims the order, too."""

    serial: Identifier
    lot: Identifier | None = None
    reason: Annotated[str, Field(max_length=200)] | None = None


class SpareBody(_Body):
    on_hand: int = Field(ge=0, le=100_000)
