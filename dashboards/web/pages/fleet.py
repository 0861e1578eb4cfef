"""The fleet page: views to a page model in which every number is formatted. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from dashboards.web.format import UTC_ZONE, count_text, short_time_text
from dashboards.web.pages.actions import SHOWN_LINES, ActionLine, SeverityCount
from dashboards.web.pages.asked import CHIPS, PAGE_ROWS, Filter, TableAsked, table_address
from dashboards.web.pages.kpis import Kpis
from dashboards.web.pages.outlook import OutlookText
from dashboards.web.pages.rows import DeviceRow
from dashboards.web.strings import Strings


class Chip(NamedTuple):
    """One filter to press."""

    name: Filter
    text: str
    number: str
    pressed: bool


class Pager(NamedTuple):
    """What is shown of what was found; addresses are empty where there is no such page."""

    found: str
    range: str
    previous: str
    next: str


@dataclass(frozen=True, slots=True)
class FleetPage:
    """All that the fleet page shows, as text."""

    as_of_ms: int
    as_of_text: str
    lines: tuple[ActionLine, ...]
    all_lines: int
    severities: tuple[SeverityCount, ...]
    kpis: Kpis
    outlook: OutlookText | None
    rows: tuple[DeviceRow, ...]
    edition: int
    asked: TableAsked
    pager: Pager
    chips: tuple[Chip, ...]
    total: int
    wall: bool

    @property
    def shown_lines(self) -> tuple[ActionLine, ...]:
        return self.lines[:SHOWN_LINES]

    @property
    def folded_lines(self) -> tuple[ActionLine, ...]:
        return self.lines[SHOWN_LINES:]


def as_of(now_ms: int, strings: Strings) -> str:
    """When the page was made."""
    return short_time_text(now_ms, UTC_ZONE, strings.numbers)


def pager_of(asked: TableAsked, matched: int, total: int, page: int, pages: int, strings: Strings) -> Pager:
    """The words under the table, and the addresses beside them."""
    words, numbers = strings.fleet, strings.numbers
    n, everything = count_text(matched, numbers), count_text(total, numbers)
    count = words.table_count_filtered if asked.narrowed else words.table_count.of(total)
    first, last = (page - 1) * PAGE_ROWS + 1, min(page * PAGE_ROWS, matched)
    shown = strings.board.page_of.format(first=count_text(first, numbers), last=count_text(last, numbers), all=n)
    return Pager(
        found=count.format(n=n, all=everything),
        range=shown if pages > 1 else "",
        previous=_address(asked, page - 1) if page > 1 else "",
        next=_address(asked, page + 1) if page < pages else "",
    )


def chips_of(asked: TableAsked, counts: Mapping[Filter, int], strings: Strings) -> tuple[Chip, ...]:
    """The usual filters, and those beside them that are in force."""
    names: Sequence[Filter] = (*CHIPS, *(name for name in asked.show if name not in CHIPS))
    return tuple(
        Chip(name, strings.board.filters[name], count_text(counts[name], strings.numbers), name in asked.show)
        for name in names
    )


def _address(asked: TableAsked, page: int) -> str:
    return table_address(replace(asked, page=page)) or "?"
