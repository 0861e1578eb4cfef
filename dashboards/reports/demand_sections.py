"""What will be needed: the fan by week, stock advice, and how past forecasts did, for pages and reports. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Final

from dashboards.charts.product import ProductWords, WeekNeed, needs_spec
from dashboards.charts.theme import Palette
from dashboards.reports.page import Block, Cell, Column, Figure, Section, Table, Text
from dashboards.reports.product_telling import group_text
from dashboards.reports.telling import axis_days, day_text
from dashboards.web.format import count_text, decimal_text, percent_text
from dashboards.web.strings import Strings
from schemas.demand_views import DemandLineView, DemandScoreView, DemandView

_MOST_FANS: Final = 6
_MOST_ROWS: Final = 200


def demand_sections(
    view: DemandView, palette: Palette, strings: Strings, name_of: Callable[[str], str] = str
) -> tuple[Section, ...]:
    """By one kind of place; `name_of` gives a clinic's name by its id."""
    words = strings.product
    title = words.of.format(what=words.demand, by=words.demand_by[view.by])
    withheld = (Text(words.demand_told, "muted"),) if view.withheld else ()
    if not view.items:
        return (Section(title, words.demand_none, withheld),)
    most = sorted(view.items, key=_first_nozzles)[:_MOST_FANS]
    figures = [_figure(line, f"need-{place}", palette, strings, name_of) for place, line in enumerate(most)]
    blocks: list[Block] = [*figures, _lines(view, strings, name_of), *withheld]
    sections = [Section(title, words.demand_lead, tuple(blocks))]
    if view.scores:
        sections.append(Section(words.scores, "", (_scores(view.scores, strings),)))
    return tuple(sections)


def _first_nozzles(line: DemandLineView) -> tuple[bool, float]:
    return (line.item != "nozzle", -line.total.p50)


def _place(line: DemandLineView, strings: Strings, name_of: Callable[[str], str]) -> str:
    if line.clinic_id is not None:
        return name_of(line.clinic_id)
    return strings.product.whole_fleet if line.region is None else group_text(line.region, strings)


def _item(item: DemandLineView | DemandScoreView, strings: Strings) -> str:
    name = strings.product.items[item.item]
    return name if item.model is None else f"{name} {item.model}"


def _figure(
    line: DemandLineView, name: str, palette: Palette, strings: Strings, name_of: Callable[[str], str]
) -> Figure:
    words = strings.product
    weeks = [WeekNeed(date.fromisoformat(week.since), week.p10, week.p50, week.p90) for week in line.weeks]
    told = ProductWords("", words.by, words.week, words.p10, words.p50, words.p90, words.fan_describes)
    whole = line.clinic_id is None and line.region is None
    item = _item(line, strings)
    return Figure(
        words.fan.format(item=item) if whole else words.fan_of.format(item=item, place=_place(line, strings, name_of)),
        needs_spec(weeks, palette, told, axis_days(strings)),
        words.fan_describes,
        name,
        (words.week, words.p10, words.p50, words.p90),
        tuple((week.since.isoformat(), week.p10, week.p50, week.p90) for week in weeks),
    )


def _lines(view: DemandView, strings: Strings, name_of: Callable[[str], str]) -> Table:
    words, numbers = strings.product, strings.numbers
    columns = tuple(
        Column(title, "left" if place in (0, 1) else "right") for place, title in enumerate(words.lines_columns)
    )
    rows = tuple(_line(line, strings, name_of) for line in sorted(view.items, key=_by_place)[:_MOST_ROWS])
    first = 1 if view.by == "fleet" else 0
    advised = any(line.stock is not None for line in view.items)
    return Table(
        words.lines if advised else words.lines_told,
        columns[first:],
        tuple(row[first:] for row in rows),
        note=words.lines_note.format(service=percent_text(view.service_level, numbers)) if advised else "",
    ).without(words.none)


def _by_place(line: DemandLineView) -> tuple[str, bool, float]:
    return (line.clinic_id or line.region or "", *_first_nozzles(line))


def _line(line: DemandLineView, strings: Strings, name_of: Callable[[str], str]) -> tuple[Cell, ...]:
    words, numbers, stock = strings.product, strings.numbers, line.stock
    spread = f"{count_text(line.total.p10, numbers)}–{count_text(line.total.p90, numbers)}"
    start = (
        Cell(_place(line, strings, name_of)),
        Cell(_item(line, strings)),
        Cell(count_text(line.total.p50, numbers)),
        Cell(spread),
    )
    if stock is None:
        return (*start, *(Cell(words.none, "muted") for _ in range(4)))
    return (
        *start,
        Cell(words.unknown if stock.on_hand is None else count_text(stock.on_hand, numbers)),
        Cell(count_text(stock.order_now, numbers), "due" if stock.order_now else "plain"),
        Cell(words.none if stock.order_by is None else day_text(date.fromisoformat(stock.order_by), strings)),
        Cell(count_text(stock.reorder_point, numbers)),
    )


def _scores(scores: Sequence[DemandScoreView], strings: Strings) -> Table:
    words, numbers = strings.product, strings.numbers
    columns = (Column(words.scores_columns[0]), *(Column(title, "right") for title in words.scores_columns[1:]))

    def loss(value: float | None) -> str:
        return words.none if value is None else decimal_text(value, 2, numbers)

    rows = tuple(
        (
            Cell(_item(score, strings)),
            Cell(count_text(score.weeks, numbers)),
            Cell(count_text(score.scored, numbers)),
            Cell(percent_text(score.inside_80, numbers)),
            Cell(loss(score.loss)),
            Cell(loss(score.naive_loss)),
        )
        for score in scores
    )
    return Table("", columns, rows, note=words.scores_note)
