"""The report's section on wear: how far the fitted nozzles are, which are due, what waiting costs. Pure."""

from __future__ import annotations

from typing import Final

from dashboards.charts.plain import Spec
from dashboards.charts.report import Step, histogram_spec
from dashboards.reports.page import Block, Cell, Column, Figure, Section, Table, Text
from dashboards.reports.telling import CHART_HEIGHT, PALETTE, day_text, money_text, rough_text, wear_tone
from dashboards.web.format import count_text, decimal_text, wear_text
from dashboards.web.strings import Strings
from schemas.report import DueNozzle, FleetFacts, WearFacts

_MOST_DUE: Final = 25
_LIMIT: Final = 1.0
_BIN: Final = 0.1


def wear_section(facts: FleetFacts, strings: Strings) -> Section:
    """As of the report's making."""
    words, numbers, wear = strings.report, strings.numbers, facts.wear
    if not wear.fitted:
        return Section(words.wear_title, words.wear_none, ())
    within = {days: count_text(number, numbers) for days, number in wear.due_within}
    lead = words.wear_lead.format(
        fitted=count_text(wear.fitted, numbers),
        due7=within.get(7, ""),
        due14=within.get(14, ""),
        due30=within.get(30, ""),
        worn=count_text(wear.worn_out, numbers),
    )
    blocks: list[Block] = [Figure(words.wear_chart, _chart(wear, strings), words.wear_describes)]
    if wear.unknown:
        blocks.append(Text(words.wear_unknown.format(n=count_text(wear.unknown, numbers)), "muted"))
    blocks += [_due(wear, strings, of_clinic=facts.head.clinic is not None), _waiting(wear, strings)]
    return Section(words.wear_title, lead, tuple(blocks))


def _chart(wear: WearFacts, strings: Strings) -> Spec:
    colours = {"ok": PALETTE.silver, "due": PALETTE.due, "worn_out": PALETTE.worn, "unknown": PALETTE.silver}
    return histogram_spec(
        [Step(part.low, round(part.low + _BIN, 6), part.nozzles, colours[part.band]) for part in wear.bins],
        PALETTE,
        height=CHART_HEIGHT,
        title=strings.report.wear_nozzles,
        limit=_LIMIT,
        description=strings.report.wear_describes,
    )


def _due(wear: WearFacts, strings: Strings, *, of_clinic: bool) -> Table | Text:
    words, numbers = strings.report, strings.numbers
    if not wear.due:
        return Text(words.due_none)
    more = len(wear.due) - _MOST_DUE
    aligned: tuple[Column, ...] = tuple(
        Column(title, "right" if place in (4, 6) else "left") for place, title in enumerate(words.due_columns)
    )
    first = 1 if of_clinic else 0
    return Table(
        words.due_title,
        aligned[first:],
        tuple(_due_row(nozzle, strings)[first:] for nozzle in wear.due[:_MOST_DUE]),
        note=words.due_more.of(more).format(n=count_text(more, numbers)) if more > 0 else "",
    )


def _due_row(nozzle: DueNozzle, strings: Strings) -> tuple[Cell, ...]:
    words, numbers = strings.report, strings.numbers
    tone = wear_tone(nozzle.wear, nozzle.worn_out)
    by = words.due_now if nozzle.worn_out else day_text(nozzle.replace_by, strings) if nozzle.replace_by else words.none
    ahead = words.none
    if not nozzle.worn_out and nozzle.days_low is not None and nozzle.days_high is not None:
        ahead = words.due_range.format(
            low=decimal_text(nozzle.days_low, 0, numbers), high=decimal_text(nozzle.days_high, 0, numbers)
        )
    return (
        Cell(nozzle.clinic),
        Cell(nozzle.device_id if not nozzle.label else f"{nozzle.device_id} ({nozzle.label})"),
        Cell(nozzle.serial),
        Cell(nozzle.model or words.none),
        Cell(words.not_known if nozzle.wear is None else wear_text(nozzle.wear, numbers), tone, _bar(nozzle.wear)),
        Cell(by, "worn" if nozzle.worn_out else "plain"),
        Cell(ahead),
    )


def _bar(wear: float | None) -> float | None:
    return None if wear is None else min(1.0, wear)


def _waiting(wear: WearFacts, strings: Strings) -> Table:
    words, numbers = strings.report, strings.numbers
    note = words.wait_note.format(ratio=f"{wear.cost_ratio:g}".replace(".", numbers.decimal_mark))
    unpriced = max((wait.unpriced for wait in wear.waiting), default=0.0)
    if unpriced > 0:
        note = f"{note} {words.wait_unpriced.format(n=rough_text(unpriced, numbers))}"
    return Table(
        words.wait_title,
        (Column(words.wait_columns[0]), *(Column(title, "right") for title in words.wait_columns[1:])),
        tuple(
            (
                Cell(words.wait_days.format(n=wait.days)),
                Cell(rough_text(wait.worn_out, numbers)),
                Cell(money_text(wait.cost, numbers) if wait.worn_out > wait.unpriced else words.not_known),
            )
            for wait in wear.waiting
        ),
        note=note,
    )
