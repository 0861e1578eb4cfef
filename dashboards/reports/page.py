"""A report as both HTML and PDF show it: a cover, key numbers, and sections of text, charts and tables. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, TypeAlias

from dashboards.charts.plain import Spec

Tone: TypeAlias = Literal["plain", "muted", "good", "due", "worn"]
Align: TypeAlias = Literal["left", "right"]


class Key(NamedTuple):
    """One key number."""

    label: str
    value: str
    note: str
    tone: Tone = "plain"


class Text(NamedTuple):
    """A paragraph."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart. `describes` says in words what it shows, for whoever can't see it; `name` is its own among a page's;
    `head` and `rows` are the numbers that it shows, to be taken along."""

    title: str
    spec: Spec
    describes: str
    name: str = ""
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str | float | None, ...], ...] = ()


class Column(NamedTuple):
    title: str
    align: Align = "left"


class Cell(NamedTuple):
    """`bar`, from 0 to 1, draws the value besides saying it."""

    text: str
    tone: Tone = "plain"
    bar: float | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """`total` is a last row that sums up; `note` stands below."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: tuple[Cell, ...] = ()
    note: str = ""

    def without(self, nothing: str) -> Table:
        """Without the columns of which every cell says `nothing`; the first stays, it names the rows."""
        kept = [
            place
            for place in range(len(self.columns))
            if place == 0 or any(row[place].text != nothing for row in (*self.rows, *filter(None, [self.total])))
        ]
        return replace(
            self,
            columns=tuple(self.columns[place] for place in kept),
            rows=tuple(tuple(row[place] for place in kept) for row in self.rows),
            total=tuple(self.total[place] for place in kept) if self.total else (),
        )


Block: TypeAlias = Text | Figure | Table


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    lead: str
    """What the section says, in one or two sentences."""
    blocks: tuple[Block, ...]
    new_page: bool = False


@dataclass(frozen=True, slots=True)
class ReportPage:
    """The whole report. `foot` stands at the foot of every printed page, before the page's number."""

    language: str
    kind: str
    title: str
    period: str
    made: str
    about: str
    summary: tuple[str, ...]
    keys: tuple[Key, ...]
    sections: tuple[Section, ...]
    foot: str
    page_of: str
    """`{page}` and `{pages}`."""
