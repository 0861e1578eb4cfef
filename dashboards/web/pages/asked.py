"""What an address asks of the table of devices: search, filters, order, page. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args
from urllib.parse import urlencode

from dashboards.web.pages.numbers import whole_number

Column: TypeAlias = Literal["clinic", "device", "seen", "power", "sessions", "nozzle", "wear", "due", "alerts"]
Filter: TypeAlias = Literal["action", "battery", "session", "offline", "now", "due7", "due14", "due30"]
Way: TypeAlias = Literal["asc", "desc"]

COLUMNS: Final[tuple[Column, ...]] = get_args(Column)
FILTERS: Final[tuple[Filter, ...]] = get_args(Filter)
CHIPS: Final[tuple[Filter, ...]] = ("action", "battery", "session", "offline", "due14")
"""Filters with a button of their own; the others are reached from the figures that count them, and then have one."""
DUE_DAYS: Final[Mapping[Filter, int]] = {"due7": 7, "due14": 14, "due30": 30}
PAGE_ROWS: Final = 100
_LONGEST_SEARCH: Final = 100
_MOST_DIGITS: Final = 6


@dataclass(frozen=True, slots=True)
class TableAsked:
    """What is asked; the same for the page, its stream and its links."""

    search: str = ""
    show: tuple[Filter, ...] = ()
    column: Column = "clinic"
    way: Way = "asc"
    page: int = 1

    @property
    def sort(self) -> str:
        """Column and way as an address has them."""
        return f"{self.column}.{self.way}"

    @property
    def narrowed(self) -> bool:
        """Whether not every device is asked for."""
        return bool(self.search or self.show)


def read_table_address(query: Mapping[str, str]) -> TableAsked:
    """What is not known is as if it were not there."""
    chosen = query.get("show", "").split(",")
    column, _, way = query.get("sort", "").partition(".")
    known = column in COLUMNS and way in get_args(Way)
    return TableAsked(
        search=" ".join(query.get("q", "").split())[:_LONGEST_SEARCH],
        show=tuple(name for name in FILTERS if name in chosen),
        column=_known(column, COLUMNS) if known else "clinic",
        way="desc" if known and way == "desc" else "asc",
        page=whole_number(query.get("page"), _MOST_DIGITS) or 1,
    )


def table_address(asked: TableAsked) -> str:
    """The query that asks for this, empty or with its question mark."""
    query: dict[str, str | int] = {}
    if asked.search:
        query["q"] = asked.search
    if asked.show:
        query["show"] = ",".join(asked.show)
    if asked.sort != TableAsked().sort:
        query["sort"] = asked.sort
    if asked.page > 1:
        query["page"] = asked.page
    return f"?{urlencode(query, safe=',')}" if query else ""


def _known(column: str, columns: Iterable[Column]) -> Column:
    return next(known for known in columns if known == column)
