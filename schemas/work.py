"""Work orders as everybody sees them: what is to be replaced where, who does it, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

from schemas.alert import Severity
from schemas.alert_facts import AlertFacts

SubjectKind: TypeAlias = Literal["nozzle", "battery", "device"]
OrderState: TypeAlias = Literal["open", "claimed", "confirmed", "closed"]
ReplaceReason: TypeAlias = Literal["worn", "damaged", "expired", "recalled", "preventive", "mistake"]
OrderAct: TypeAlias = Literal["opened", "moved", "raised", "assigned", "claimed", "noted", "confirmed", "closed"]
"""What can happen to an order."""
PlaceKind: TypeAlias = Literal["clinic", "vehicle"]

ORDER_STATES: Final[tuple[OrderState, ...]] = get_args(OrderState)
REPLACE_REASONS: Final[tuple[ReplaceReason, ...]] = get_args(ReplaceReason)
LIVE_STATES: Final[frozenset[OrderState]] = frozenset({"open", "claimed"})

BY_GATEWAY: Final = "gateway"
"""Who acts in an order where no person does: no sign-in may have this name for itself in its history."""


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """One order. A nozzle has one for its whole life, which opens again; a battery one at a time.

    `subject` is the nozzle's serial, otherwise the device's id. `confirmed`: ended by evidence; `closed`: by hand.
    Times that rest on alerts or swap records are telemetry time.
    """

    order_id: int
    """0 until it is stored."""
    version: int
    """Grows with each change; a change made from an older one is refused."""
    kind: SubjectKind
    subject: str
    clinic_id: str
    device_id: str
    """Where the nozzle is, or was when it was replaced."""
    state: OrderState
    cause: str
    """The alert rule that asked for it last, or 'person'."""
    severity: Severity
    summary: str
    opened_ms: int
    """When it was opened, the last time."""
    opened_by: str
    due_ms: int | None = None
    """By when a person wants it done; None: as the evidence says."""
    alert_ms: int | None = None
    """Since when the latest alert fired that it took in."""
    health_then: float | None = None
    """The battery's health when the order was opened."""
    assignee: str | None = None
    claimed_by: str | None = None
    claim_reason: ReplaceReason | None = None
    claimed_ms: int | None = None
    ended_ms: int | None = None
    ended_by: str | None = None
    end_reason: str | None = None
    """What a person wrote when closing it by hand."""
    replaced_by: str | None = None
    """The nozzle that was fitted in this one's place."""
    facts: AlertFacts | None = None
    """What `summary` says, as data, where it is that of an alert of the rule `cause`."""

    @property
    def live(self) -> bool:
        """Whether something is still to be done or to be confirmed."""
        return self.state in LIVE_STATES
