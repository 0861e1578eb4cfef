"""The index: every device's facts, found and sorted without going through the fleet for what did not change.

An order that is asked for is kept as a sorted list and changed in place; one that nobody has asked for in a while is
let go.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from typing import Final, NamedTuple, TypeAlias

from dashboards.web.pages.asked import DUE_DAYS, FILTERS, PAGE_ROWS, Column, Filter, TableAsked, Way
from dashboards.web.pages.facts import TEXT_COLUMNS, Facts, SortKey, needles_of, passes

_ORDERS_KEPT: Final = 4
_Entry: TypeAlias = tuple[SortKey, str, str]


class Found(NamedTuple):
    """One page of what was asked."""

    ids: tuple[str, ...]
    matched: int
    total: int
    page: int
    """The one that is shown: the last, where a later one was asked for."""
    pages: int


class _Order:
    """All devices by one column; those that it says nothing about come last, whichever way."""

    def __init__(self, column: Column, way: Way) -> None:
        self._column = column
        self._sign = -1 if way == "desc" and column not in TEXT_COLUMNS else 1
        self._turned = way == "desc" and column in TEXT_COLUMNS
        self._known: list[_Entry] = []
        self._blank: list[_Entry] = []

    def fill(self, facts: Mapping[str, Facts]) -> None:
        for each in facts.values():
            entries, entry = self._place(each)
            entries.append(entry)
        self._known.sort()
        self._blank.sort()

    def put(self, before: Facts | None, after: Facts | None) -> None:
        """A device's facts were `before` and are `after`."""
        old, new = before and self._place(before), after and self._place(after)
        if old == new and old is not None and new is not None and old[0] is new[0]:
            return
        if old is not None:
            entries, entry = old
            del entries[bisect_left(entries, entry)]
        if new is not None:
            insort(*new)

    def ids(self) -> Iterator[str]:
        known = reversed(self._known) if self._turned else iter(self._known)
        return (entry[2] for entry in chain(known, self._blank))

    def _place(self, facts: Facts) -> tuple[list[_Entry], _Entry]:
        key = facts.keys[self._column]
        if key is None:
            return self._blank, (0.0, facts.tie, facts.id)
        return self._known, (key if isinstance(key, str) else self._sign * key, facts.tie, facts.id)


class FleetIndex:
    """The facts of every device in sight."""

    def __init__(self) -> None:
        self._facts: dict[str, Facts] = {}
        self._orders: dict[tuple[Column, Way], _Order] = {}
        self._passing: Counter[Filter] = Counter()
        self._due: Counter[int] = Counter()

    def __len__(self) -> int:
        return len(self._facts)

    def put(self, facts: Facts) -> None:
        """Takes a device's facts as they are now."""
        before = self._facts.get(facts.id)
        if before == facts:
            return
        self._facts[facts.id] = facts
        self._moved(before, facts)

    def drop(self, device_id: str) -> None:
        """Forgets a device."""
        before = self._facts.pop(device_id, None)
        if before is not None:
            self._moved(before, None)

    def find(self, asked: TableAsked, today: int) -> Found:
        """The page that is asked for; `today` as an ordinal."""
        order = self._order(asked.column, asked.way)
        if not asked.narrowed:
            page, pages = _page_of(asked.page, len(self._facts))
            first = islice(order.ids(), (page - 1) * PAGE_ROWS, page * PAGE_ROWS)
            return Found(tuple(first), len(self._facts), len(self._facts), page, pages)
        facts, matching = self._facts, list(order.ids())
        for needle in needles_of(asked.search):
            matching = [device_id for device_id in matching if needle in facts[device_id].haystack]
        if asked.show:
            matching = [device_id for device_id in matching if passes(facts[device_id], asked.show, today)]
        page, pages = _page_of(asked.page, len(matching))
        shown = matching[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]
        return Found(tuple(shown), len(matching), len(self._facts), page, pages)

    def counts(self, today: int) -> dict[Filter, int]:
        """How many devices each filter lets through, by itself."""
        due = {name: self._due_within(today + within) for name, within in DUE_DAYS.items()}
        return {name: due.get(name, self._passing[name]) for name in FILTERS}

    def _due_within(self, last_day: int) -> int:
        return self._passing["now"] + sum(number for day, number in self._due.items() if day <= last_day)

    def _order(self, column: Column, way: Way) -> _Order:
        key = (column, way)
        order = self._orders.pop(key, None)
        if order is None:
            order = _Order(column, way)
            order.fill(self._facts)
        self._orders[key] = order
        while len(self._orders) > _ORDERS_KEPT:
            del self._orders[next(iter(self._orders))]
        return order

    def _moved(self, before: Facts | None, after: Facts | None) -> None:
        for order in self._orders.values():
            order.put(before, after)
        for facts, by in ((before, -1), (after, 1)):
            if facts is None:
                continue
            for name in facts.passes:
                self._passing[name] += by
            if facts.due_day is not None and "now" not in facts.passes:
                self._due[facts.due_day] += by
                if not self._due[facts.due_day]:
                    del self._due[facts.due_day]


def _page_of(page: int, rows: int) -> tuple[int, int]:
    pages = max(1, -(-rows // PAGE_ROWS))
    return min(page, pages), pages
