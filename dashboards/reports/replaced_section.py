"""The report's sections on replacements and on what they cost. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from statistics import fmean
from typing import Final

from dashboards.charts.report import Amount, Part, amounts_spec, weeks_spec
from dashboards.reports.page import Block, Cell, Column, Figure, Section, Table, Text
from dashboards.reports.telling import CHART_HEIGHT, PALETTE, axis_days, money_text
from dashboards.web.format import count_text, wear_text
from dashboards.web.strings import Strings
from schemas.report import CostFacts, FleetFacts, Moment, QuarterCost, Replacement, ReplacementFacts

_ORDER: Final[tuple[Moment, ...]] = ("in_time", "early", "late", "unknown")
_COLOURS: Final = (PALETTE.accent, PALETTE.steps[2], PALETTE.worn, PALETTE.silver)
_MOST_BARS: Final = 15


def replaced_section(facts: FleetFacts, strings: Strings) -> Section:
    """Of the period."""
    words, replaced = strings.report, facts.replacements
    if not replaced.rows:
        return Section(words.replaced_title, words.replaced_none, ())
    blocks: list[Block] = [Figure(words.replaced_weeks, _weeks(replaced, strings), words.replaced_describes)]
    if facts.head.clinic is None:
        blocks.append(_by_clinic(replaced.rows, strings))
    reasons = Counter(row.reason for row in replaced.rows if row.reason is not None)
    if reasons:
        told = ", ".join(f"{words.reasons[reason]} {number}" for reason, number in reasons.most_common())
        blocks.append(Text(words.replaced_reasons.format(reasons=told)))
    return Section(words.replaced_title, _lead(replaced, strings), (*blocks, Text(words.replaced_note, "muted")))


def _lead(replaced: ReplacementFacts, strings: Strings) -> str:
    words, numbers = strings.report, strings.numbers
    counts = Counter(row.moment for row in replaced.rows)
    unknown = counts["unknown"]
    return words.replaced_lead.format(
        n=count_text(len(replaced.rows), numbers),
        early=count_text(counts["early"], numbers),
        in_time=count_text(counts["in_time"], numbers),
        late=count_text(counts["late"], numbers),
        unknown=words.replaced_unknown.format(n=count_text(unknown, numbers)) if unknown else "",
    )


def _weeks(replaced: ReplacementFacts, strings: Strings) -> dict[str, object]:
    words = strings.report
    parts = [Part(row.week, words.moments[row.moment], _ORDER.index(row.moment), row.nozzles) for row in replaced.weeks]
    return weeks_spec(
        parts,
        _COLOURS,
        PALETTE,
        height=CHART_HEIGHT,
        dates=axis_days(strings),
        description=words.replaced_describes,
    )


def _by_clinic(rows: Sequence[Replacement], strings: Strings) -> Table:
    words, numbers = strings.report, strings.numbers
    grouped: defaultdict[str, list[Replacement]] = defaultdict(list)
    for row in rows:
        grouped[row.clinic].append(row)
    table = []
    for clinic, own in sorted(grouped.items(), key=lambda item: (-len(item[1]), item[0])):
        counts = Counter(row.moment for row in own)
        worn = [row.wear for row in own if row.wear is not None]
        late = counts["late"]
        table.append(
            (
                Cell(clinic),
                Cell(count_text(len(own), numbers)),
                Cell(count_text(counts["early"], numbers)),
                Cell(count_text(counts["in_time"], numbers)),
                Cell(count_text(late, numbers), "worn" if late else "plain"),
                Cell(wear_text(fmean(worn), numbers) if worn else words.not_known),
            )
        )
    columns = (Column(words.replaced_columns[0]), *(Column(title, "right") for title in words.replaced_columns[1:]))
    return Table(words.replaced_by_clinic, columns, tuple(table))


def cost_section(facts: FleetFacts, strings: Strings) -> Section:
    """By clinic and quarter."""
    words, numbers, costs = strings.report, strings.numbers, facts.costs
    last = costs.quarters[-1]
    own = [row for row in costs.rows if row.quarter == last]
    notes: list[Block] = []
    unpriced = sum(row.unpriced for row in costs.rows)
    if unpriced:
        models = ", ".join(model or words.not_known for model in costs.unpriced_models)
        notes.append(Text(words.cost_unpriced.format(n=count_text(unpriced, numbers), models=models), "due"))
    if not costs.rows:
        return Section(words.cost_title, words.cost_none, ())
    lead = words.cost_lead.format(
        n=count_text(sum(row.nozzles for row in own), numbers),
        cost=money_text(sum(row.cost for row in own), numbers),
    )
    blocks: list[Block] = []
    if facts.head.clinic is None and any(row.cost for row in own):
        title = words.cost_chart.format(quarter=last)
        blocks.append(Figure(title, _bars(own, strings), words.cost_describes))
    if not blocks or len(costs.quarters) > 1:
        blocks.append(_cost_table(costs, strings))
    blocks += [Text(words.cost_note, "muted"), *notes]
    return Section(words.cost_title, lead if own else words.cost_none, tuple(blocks))


def _bars(rows: Sequence[QuarterCost], strings: Strings) -> dict[str, object]:
    most = sorted(rows, key=lambda row: (-row.cost, row.clinic))[:_MOST_BARS]
    amounts = [Amount(row.clinic, row.cost, _cost_cell([row], strings).text) for row in most]
    return amounts_spec(amounts, PALETTE, description=strings.report.cost_describes)


def _cost_table(costs: CostFacts, strings: Strings) -> Table:
    words = strings.report
    by_place = {(row.clinic, row.quarter): row for row in costs.rows}
    clinics = sorted({row.clinic for row in costs.rows})
    heads = [
        Column(
            (words.cost_so_far if quarter == costs.quarters[-1] else words.cost_quarter).format(quarter=quarter),
            "right",
        )
        for quarter in costs.quarters
    ]
    rows = tuple(
        (Cell(clinic), *(_cost_cell([by_place.get((clinic, quarter))], strings) for quarter in costs.quarters))
        for clinic in clinics
    )
    total = (
        Cell(words.cost_total),
        *(_cost_cell([row for row in costs.rows if row.quarter == quarter], strings) for quarter in costs.quarters),
    )
    columns = (Column(words.cost_columns[0]), *heads)
    return Table("", columns, rows, total if len(clinics) > 1 else ())


def _cost_cell(rows: Sequence[QuarterCost | None], strings: Strings) -> Cell:
    words, numbers = strings.report, strings.numbers
    known = [row for row in rows if row is not None]
    if not known:
        return Cell(words.none, "muted")
    nozzles, unpriced = sum(row.nozzles for row in known), sum(row.unpriced for row in known)
    cost = words.not_known if unpriced == nozzles else money_text(sum(row.cost for row in known), numbers)
    return Cell(words.cost_cell.format(cost=cost, n=count_text(nozzles, numbers)))
