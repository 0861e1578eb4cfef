"""When work is due: by what a person asked, by the forecast, or by how fast the nozzle has worn so far. Pure."""

from __future__ import annotations

from typing import Final, NamedTuple

from schemas.work import WorkOrder

DAY_MS: Final = 86_400_000

_LEAST_WEAR: Final = 0.1
_LEAST_DAYS: Final = 5.0
"""Less of a nozzle's life tells nothing of how fast it wears."""
DEFAULT_LIFE_DAYS: Final = 90.0
"""Where nothing is known of how fast a nozzle wears."""


class DueItem(NamedTuple):
    """One thing to be done on a visit. `order` None: nobody has ordered it yet, but it will be due by then."""

    clinic_id: str
    device_id: str
    kind: str
    subject: str
    part: str | None
    """The nozzle model to bring; None where that is not known, or no nozzle."""
    due_ms: int
    waste_per_day: float
    """What each day costs by which it is done too early."""
    order: WorkOrder | None

    @property
    def order_id(self) -> int | None:
        return None if self.order is None else self.order.order_id

    @property
    def assignee(self) -> str | None:
        return None if self.order is None else self.order.assignee

    @property
    def why(self) -> str:
        """In English."""
        if self.order is not None:
            return self.order.summary
        return f"Nozzle {self.subject} on {self.device_id} will be due by then"


class Pace(NamedTuple):
    """How a nozzle wears: its expected whole life, and when it will reach its limit."""

    life_days: float
    due_ms: int | None


def pace_of(wear_ratio: float | None, first_ms: int, last_ms: int) -> Pace:
    """The pace by the nozzle's own straight line; `due_ms` None where too little of its life is known."""
    days = (last_ms - first_ms) / DAY_MS
    if wear_ratio is None or wear_ratio < _LEAST_WEAR or days < _LEAST_DAYS:
        return Pace(DEFAULT_LIFE_DAYS, None)
    life_days = days / wear_ratio
    return Pace(life_days, last_ms + round((1.0 - wear_ratio) * life_days * DAY_MS))
