"""Visits: what is due at a clinic, put into trips so that trips and worth thrown away cost least together. Pure.

Work that is done on one trip is done when its earliest part is due; whatever is due later is done too early then, and
throws away the rest of a nozzle's life. So a trip takes along what costs less to do early than another trip costs:
of all ways to cut the due dates into trips, the one with the least sum is taken, of equals the one with fewer trips.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import NamedTuple

from gateway.work.due import DAY_MS, DueItem


class Part(NamedTuple):
    """So many of a nozzle model to bring along."""

    model: str
    number: int


class Visit(NamedTuple):
    """One trip to one clinic. `due_ms` is the day on which it is needed at the latest; it may be past."""

    clinic_id: str
    due_ms: int
    items: tuple[DueItem, ...]
    parts: tuple[Part, ...]
    unknown_parts: int
    """Nozzles of which nobody knows the model."""


def plan_visits(items: Iterable[DueItem], trip_cost: float, now_ms: int) -> tuple[Visit, ...]:
    """The trips to each clinic, in order of (due, clinic). What is overdue is due now."""
    by_clinic: dict[str, list[DueItem]] = {}
    for item in items:
        by_clinic.setdefault(item.clinic_id, []).append(item)
    visits = [
        _visit(trip)
        for found in by_clinic.values()
        for trip in _trips(sorted(found, key=lambda item: (item.due_ms, item.subject)), trip_cost, now_ms)
    ]
    return tuple(sorted(visits, key=lambda visit: (visit.due_ms, visit.clinic_id)))


def trips_cost(trips: Iterable[Sequence[DueItem]], trip_cost: float, now_ms: int) -> float:
    """What these trips cost: each trip, and each day of a part's life that is thrown away."""
    return sum(trip_cost + _Waste(trip, now_ms).of(0, len(trip)) for trip in trips)


def _trips(items: Sequence[DueItem], trip_cost: float, now_ms: int) -> list[Sequence[DueItem]]:
    """The cheapest cut of items in order of due date. `best[n]` is (cost, trips, start of the last one) of the first
    n items."""
    waste = _Waste(items, now_ms)
    best: list[tuple[float, int, int]] = [(0.0, 0, 0)]
    for end in range(1, len(items) + 1):
        best.append(
            min((best[start][0] + trip_cost + waste.of(start, end), best[start][1] + 1, start) for start in range(end))
        )
    trips: list[Sequence[DueItem]] = []
    end = len(items)
    while end:
        start = best[end][2]
        trips.append(items[start:end])
        end = start
    return trips[::-1]


class _Waste:
    """What a trip that takes items[start:end] along throws away; in sums, so that each answer is two differences."""

    def __init__(self, items: Sequence[DueItem], now_ms: int) -> None:
        self._days = [max(0, item.due_ms - now_ms) / DAY_MS for item in items]
        self._a_day = [0.0, *accumulate(item.waste_per_day for item in items)]
        self._in_all = [
            0.0, *accumulate(item.waste_per_day * day for item, day in zip(items, self._days, strict=True))
        ]  # fmt: skip

    def of(self, start: int, end: int) -> float:
        a_day = self._a_day[end] - self._a_day[start]
        return max(0.0, self._in_all[end] - self._in_all[start] - a_day * self._days[start])


def _visit(items: Sequence[DueItem]) -> Visit:
    nozzles = [item for item in items if item.kind == "nozzle"]
    counts = Counter(item.part for item in nozzles if item.part is not None)
    parts = tuple(Part(model, number) for model, number in sorted(counts.items()))
    return Visit(
        clinic_id=items[0].clinic_id,
        due_ms=items[0].due_ms,
        items=tuple(items),
        parts=parts,
        unknown_parts=sum(item.part is None for item in nozzles),
    )
