"""What the API answers about spares and swaps, and takes about all work; orders and visits: `schemas/work_views.py`."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from gateway.serve.action_shapes import TimeMs
from gateway.work.planner import SpareLine
from schemas.registry import Identifier
from schemas.work import PlaceKind, ReplaceReason, SubjectKind

PERSON_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._@+:-]{0,79}$"

Text = Annotated[str, Field(min_length=1, max_length=1_000, pattern=r"\S")]


OptionalText = Annotated[str, Field(max_length=1_000)]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class _Body(BaseModel):
    """`at_ms`: when it was done; absent: now."""

    model_config = ConfigDict(extra="forbid", strict=True)

    at_ms: TimeMs | None = None


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
    note: OptionalText = ""
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

    reason: OptionalText = ""


class SwapBody(_Body):
    """A swap that the device did not report. `reason`: why; one of the reasons of a claim claims the order, too."""

    serial: Identifier
    lot: Identifier | None = None
    reason: Annotated[str, Field(max_length=200)] | None = None


class SpareBody(_Body):
    on_hand: int = Field(ge=0, le=100_000)
