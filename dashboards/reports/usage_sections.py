"""Use of the product in the field: rates with intervals, trends, and what is unlike the rest. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Final

from dashboards.charts.product import ProductWords, Rate, rates_spec
from dashboards.charts.report import DayWords, Part, weeks_spec
from dashboards.charts.theme import Palette
from dashboards.reports.page import Block, Cell, Column, Figure, Section, Table, Text
from dashboards.reports.product_telling import group_names, group_text, share_text
from dashboards.reports.telling import axis_days
from dashboards.web.format import count_text, decimal_text, percent_text
from dashboards.web.strings import Strings
from schemas.usage_views import TrendView, UsageAnomalyView, UsageGroupView, UsageView

_LEAST_MONTHS: Final = 2
_MONTHS_HEIGHT: Final = 220
_MOST_RATES: Final = 30
_MOST_ROWS: Final = 100
_MOST_ANOMALIES: Final = 20
_MOST_DEVICES: Final = 5


def usage_sections(
    view: UsageView,
    months: int,
    palette: Palette,
    strings: Strings,
    name_of: Callable[[str], str] = str,
    by_month: Sequence[UsageView] = (),
) -> tuple[Section, ...]:
    """By one kind of group; `name_of` gives a clinic's name by its id; `by_month` is the same for each single month,
    where use is told by whole months."""
    words = strings.product
    title = words.of.format(what=words.use, by=words.use_by[view.by])
    withheld = (Text(words.use_told, "muted"),) if view.withheld else ()
    if not view.items:
        return (Section(title, words.use_none, withheld),)

    def called(key: str | None) -> str:
        return _called(view, key, strings, name_of)

    figures = [*_figure(view, called, palette, strings), *_months(by_month, called, palette, strings)]
    blocks: list[Block] = [*figures, _table(view, called, strings), *withheld]
    lead = words.use_lead if any(group.rate is not None for group in view.items) else words.use_lead_told
    sections = [Section(title, lead.format(months=months), tuple(blocks))]
    if view.anomalies:
        sections.append(Section(words.anomalies, "", (_anomalies(view.anomalies, called, strings),)))
    return tuple(sections)


def _called(view: UsageView, key: str | None, strings: Strings, name_of: Callable[[str], str]) -> str:
    if key is not None and view.by == "clinic":
        return name_of(key)
    return group_text(group_names(view.by, strings).get(key or "", key), strings)


def _figure(view: UsageView, called: Callable[[str | None], str], palette: Palette, strings: Strings) -> list[Figure]:
    words = strings.product
    known = [(group, group.rate) for group in view.items if group.rate is not None]
    if not known or view.by == "day":
        return []
    most = sorted(known, key=lambda pair: -pair[0].sessions)[:_MOST_RATES]
    rates = [Rate(called(group.key), rate.value, rate.low, rate.high) for group, rate in most]
    rates.sort(key=lambda rate: (-rate.value, rate.name))
    told = ProductWords(
        words.rates_axis, words.by, words.week, words.low, words.rates, words.high, words.rates_describes
    )
    return [
        Figure(
            words.rates,
            rates_spec(rates, palette, told),
            words.rates_describes,
            "rates",
            (words.by, words.rates, words.low, words.high),
            tuple(tuple(rate) for rate in rates),
        )
    ]


def _months(
    by_month: Sequence[UsageView], called: Callable[[str | None], str], palette: Palette, strings: Strings
) -> list[Figure]:
    """Sessions of each whole month, a group on the other."""
    words = strings.product
    keys = sorted({group.key or "" for month in by_month for group in month.items})
    if not keys or len(by_month) < _LEAST_MONTHS:
        return []
    colours = (palette.accent, palette.silver, palette.steps[2], palette.text, palette.muted)
    parts = [
        Part(date.fromisoformat(month.since), called(group.key), keys.index(group.key or ""), group.sessions)
        for month in by_month
        for group in month.items
    ]
    spec = weeks_spec(
        parts,
        [colours[place % len(colours)] for place in range(len(keys))],
        palette,
        height=_MONTHS_HEIGHT,
        dates=DayWords("{month}", axis_days(strings).months),
        description=words.by_month_describes,
    )
    rows = tuple((part.week.isoformat(), part.name, part.n) for part in parts)
    return [Figure(words.by_month, spec, words.by_month_describes, "months", (words.month, words.by, words.n), rows)]


def _table(view: UsageView, called: Callable[[str | None], str], strings: Strings) -> Table:
    words = strings.product
    columns = (Column(words.use_columns[0]), *(Column(title, "right") for title in words.use_columns[1:]))
    rows = tuple(_row(called(group.key), group, strings) for group in view.items[:_MOST_ROWS])
    total = _row(words.total, view.total, strings) if view.total is not None and len(rows) > 1 else ()
    note = words.use_note if any(group.rate is not None for group in view.items) else ""
    return Table("", columns, rows, total, note).without(words.none)


def _row(name: str, group: UsageGroupView, strings: Strings) -> tuple[Cell, ...]:
    words, numbers = strings.product, strings.numbers
    rate = words.none
    if group.rate is not None:
        low, value, high = (decimal_text(n, 1, numbers) for n in (group.rate.low, group.rate.value, group.rate.high))
        rate = words.between.format(value=value, low=low, high=high)
    minutes, depth = group.session_minutes, group.depth_mm
    return (
        Cell(name),
        Cell(count_text(group.devices, numbers)),
        Cell(count_text(group.sessions, numbers)),
        Cell(rate),
        _trend(group.trend, strings),
        Cell(words.none if minutes is None else words.minutes.format(n=decimal_text(minutes, 0, numbers))),
        Cell(words.none if depth is None else words.millimetres.format(n=decimal_text(depth, 2, numbers))),
        Cell(share_text(group.battery_share, strings)),
        Cell(share_text(group.cut_share, strings)),
        Cell(share_text(group.utilisation, strings)),
    )


def _trend(trend: TrendView | None, strings: Strings) -> Cell:
    words = strings.product
    if trend is None:
        return Cell(words.none, "muted")
    percent = round(trend.change * 100)
    sign = "+" if percent > 0 else "−" if percent < 0 else "±"
    told = sign + percent_text(abs(percent) / 100, strings.numbers)
    return Cell(told, "due" if trend.clear else "muted")


def _anomalies(anomalies: Sequence[UsageAnomalyView], called: Callable[[str | None], str], strings: Strings) -> Table:
    words, numbers = strings.product, strings.numbers
    columns = tuple(
        Column(title, "right" if place in (3, 4) else "left") for place, title in enumerate(words.anomalies_columns)
    )

    def devices(one: UsageAnomalyView) -> str:
        if one.broad or not one.devices:
            return words.anomalies_broad
        return ", ".join(share.device_id for share in one.devices[:_MOST_DEVICES])

    rows = tuple(
        (
            Cell(words.total if one.key is None else called(one.key)),
            Cell(_day(one.since)),
            Cell(_day(one.until)),
            Cell(count_text(round(one.sessions), numbers)),
            Cell(count_text(round(one.usual), numbers)),
            Cell(devices(one)),
        )
        for one in anomalies[:_MOST_ANOMALIES]
    )
    return Table("", columns, rows)


def _day(text: str) -> str:
    return date.fromisoformat(text).isoformat()
