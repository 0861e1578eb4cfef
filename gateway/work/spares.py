"""Spares: whether what lies at a place lasts until more can come. Pure.

Each fitted nozzle needs its next one on the day it is due; after those days, and where none is known, nozzles are
needed as fast as they were replaced lately.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

from gateway.analytics.stock import StockAdvice
from gateway.work.due import DAY_MS

RATE_DAYS: Final = 90
"""The replacements of so many days say how fast nozzles are needed."""


class Demand(NamedTuple):
    """What will be needed at a place: the due dates that are known, in order, and how many a day after them."""

    due_ms: Sequence[int]
    a_day: float


class Outlook(NamedTuple):
    """How long the spares last. None: as long as anybody can see."""

    needed: int
    """Until an order placed today would arrive, with half a one rounded up."""
    runs_out_ms: int | None
    """When the first nozzle would be missing."""
    order_by_ms: int | None
    """The last day on which an order comes in time; may be past."""
    low: bool
    """An order placed today comes just in time, or too late."""


def outlook(on_hand: int, lead_days: int, demand: Demand, now_ms: int) -> Outlook:
    """How long `on_hand` nozzles last where more need `lead_days` to come."""
    until_ms = now_ms + lead_days * DAY_MS
    runs_out_ms = _nth_need(on_hand + 1, demand, now_ms)
    order_by_ms = None if runs_out_ms is None else runs_out_ms - lead_days * DAY_MS
    return Outlook(
        needed=_needed(demand, until_ms, now_ms),
        runs_out_ms=runs_out_ms,
        order_by_ms=order_by_ms,
        low=order_by_ms is not None and order_by_ms <= now_ms,
    )


class SpareNeeds(Protocol):
    """The forecast of what clinics will need."""

    async def advice(self, clinic_id: str, item: str, on_hand: int, lead_days: int) -> tuple[int, StockAdvice] | None:
        """When it was made, and what to do; None where nothing is known of the clinic's need."""
        ...


def sooner(seen: Outlook, forecast: tuple[int, StockAdvice] | None, lead_days: int, now_ms: int) -> Outlook:
    """What the due dates say, or what the forecast says at its service level, whichever runs out first."""
    if forecast is None or forecast[1].runs_out_day is None:
        return seen
    as_of_ms, advice = forecast
    runs_out_ms = max(as_of_ms + (advice.runs_out_day or 0) * DAY_MS, now_ms)
    if seen.runs_out_ms is not None and seen.runs_out_ms <= runs_out_ms:
        return seen
    order_by_ms = runs_out_ms - lead_days * DAY_MS
    needed = max(seen.needed, advice.needed_by_arrival)
    return Outlook(needed, runs_out_ms, order_by_ms, order_by_ms <= now_ms)


def _nth_need(number: int, demand: Demand, now_ms: int) -> int | None:
    """When the nozzle of this number is needed; nozzles that are due already are needed now."""
    known = len(demand.due_ms)
    if number <= known:
        return max(demand.due_ms[number - 1], now_ms)
    if demand.a_day <= 0:
        return None
    since_ms = max(now_ms, demand.due_ms[-1]) if known else now_ms
    return since_ms + round((number - known) / demand.a_day * DAY_MS)


def _needed(demand: Demand, until_ms: int, now_ms: int) -> int:
    known = sum(due_ms <= until_ms for due_ms in demand.due_ms)
    if known < len(demand.due_ms):
        return known
    since_ms = max(now_ms, demand.due_ms[-1]) if known else now_ms
    return known + int(demand.a_day * (until_ms - since_ms) / DAY_MS + 0.5)
