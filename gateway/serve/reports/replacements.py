"""Replacements: which nozzles took another's place, how worn those were, and what they cost by quarter. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from gateway.hours import zone_or_utc
from gateway.serve.reports.period import local_day, quarter_of, quarter_start, week_of
from gateway.store.rows import LedgerRow
from schemas.report import (
    CostFacts,
    Moment,
    Period,
    QuarterCost,
    Replacement,
    ReplacementFacts,
    WeekCount,
)
from schemas.work import ReplaceReason

EARLY_BELOW: Final = 0.8
"""A nozzle replaced at less wear than this had a good part of its life left."""
LATE_FROM: Final = 1.0
_QUARTERS: Final = 4


class Swap(NamedTuple):
    """A nozzle that was new to the fleet took another's place on a device."""

    at_ms: int
    clinic_id: str
    device_id: str
    old: str
    new: str


class Old(NamedTuple):
    """What is known of a nozzle that was replaced."""

    model: str | None
    wear: float | None
    reason: ReplaceReason | None


def swaps_of(ledgers: Iterable[Sequence[LedgerRow]]) -> list[Swap]:
    """Every swap for a nozzle that was on no device before, oldest first.

    A nozzle that is put back, or moved, is not used up: it is none.
    """
    kept = [sorted(ledger, key=lambda row: row.key) for ledger in ledgers]
    first: dict[str, tuple[int, str]] = {}
    for row in (row for ledger in kept for row in ledger):
        place = (row.event_ms, row.device_id)
        first[row.serial] = min(first.get(row.serial, place), place)
    swaps: list[Swap] = []
    for ledger in kept:
        last: str | None = None
        for row in ledger:
            if row.action == "removed":
                continue
            is_new = first[row.serial] == (row.event_ms, row.device_id)
            if last is not None and row.serial != last and is_new:
                swaps.append(Swap(row.event_ms, row.clinic_id, row.device_id, last, row.serial))
            last = row.serial
    return sorted(swaps)


def moment_of(wear: float | None) -> Moment:
    """How the wear at which a nozzle was replaced is called."""
    if wear is None:
        return "unknown"
    if wear >= LATE_FROM:
        return "late"
    return "early" if wear < EARLY_BELOW else "in_time"


def replacement_facts(
    swaps: Sequence[Swap],
    period: Period,
    old: Callable[[str], Old],
    model_of: Callable[[str], str | None],
    price_of: Callable[[str | None], float | None],
    name_of: Callable[[str], str],
) -> ReplacementFacts:
    """The period's."""
    zone = zone_or_utc(period.zone)
    rows: list[Replacement] = []
    for swap in swaps:
        if period.since_ms <= swap.at_ms < period.until_ms:
            was, model = old(swap.old), model_of(swap.new)
            rows.append(
                Replacement(
                    swap.at_ms,
                    name_of(swap.clinic_id),
                    swap.device_id,
                    swap.old,
                    was.model,
                    was.wear,
                    moment_of(was.wear),
                    was.reason,
                    price_of(model),
                    model,
                )
            )
    weeks = Counter((week_of(local_day(row.at_ms, zone)), row.moment) for row in rows)
    return ReplacementFacts(
        rows=tuple(rows),
        weeks=tuple(WeekCount(week, moment, number) for (week, moment), number in sorted(weeks.items())),
    )


def cost_facts(
    swaps: Sequence[Swap],
    period: Period,
    made_ms: int,
    model_of: Callable[[str], str | None],
    price_of: Callable[[str | None], float | None],
    names: Mapping[str, str],
) -> CostFacts:
    """Of the quarter in which the period ends, up to the report's making, and of three before it."""
    zone = zone_or_utc(period.zone)
    last = local_day(min(period.until_ms - 1, made_ms), zone)
    wanted = [quarter_of(quarter_start(last, back)) for back in reversed(range(_QUARTERS))]
    counted: Counter[tuple[str, str]] = Counter()
    unpriced: Counter[tuple[str, str]] = Counter()
    cost: defaultdict[tuple[str, str], float] = defaultdict(float)
    models: set[str] = set()
    for swap in swaps:
        quarter = quarter_of(local_day(swap.at_ms, zone))
        if quarter not in wanted or swap.at_ms > made_ms:
            continue
        place = (names.get(swap.clinic_id, swap.clinic_id), quarter)
        counted[place] += 1
        price = price_of(model := model_of(swap.new))
        if price is None:
            unpriced[place] += 1
            models.add(model or "")
        else:
            cost[place] += price
    known = {quarter for _, quarter in counted}
    quarters = tuple(quarter for quarter in wanted if quarter in known or quarter == wanted[-1])
    return CostFacts(
        quarters=quarters,
        rows=tuple(
            QuarterCost(name, quarter, number, cost[name, quarter], unpriced[name, quarter])
            for (name, quarter), number in sorted(counted.items())
        ),
        unpriced_models=tuple(sorted(models)),
    )
