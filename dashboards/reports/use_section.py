"""The report's section on use: sessions by day and clinic, against the usual. Pure."""

from __future__ import annotations

from typing import Final

from dashboards.charts.report import DayValue, days_spec
from dashboards.reports.page import Block, Cell, Column, Figure, Section, Table, Text, Tone
from dashboards.reports.telling import CHART_HEIGHT, PALETTE, axis_days, day_text, rough_text, signed_percent
from dashboards.web.format import compact_text, count_text, percent_text, strikes_text
from dashboards.web.strings import Strings
from schemas.report import ClinicUse, FleetFacts, UseFacts

_HOUR_MS: Final = 3_600_000
_DAYS_A_WEEK: Final = 7
_FAR: Final = 0.25
"""A clinic so far below its usual stands out."""


def use_section(facts: FleetFacts, strings: Strings) -> Section:
    """Of the period."""
    words, use = strings.report, facts.use
    if not use.sessions:
        return Section(words.use_title, words.use_none, ())
    blocks: list[Block] = [
        Figure(words.use_days, _days(use, strings), words.use_describes),
        _clinics(use, strings, titled=facts.head.clinic is None),
    ]
    if use.known_from is not None:
        blocks.insert(1, Text(words.use_known_from.format(day=day_text(use.known_from, strings)), "muted"))
    if not use.usual_days:
        blocks.append(Text(words.use_note_new, "muted"))
    return Section(words.use_title, _lead(facts, strings), tuple(blocks))


def _lead(facts: FleetFacts, strings: Strings) -> str:
    words, numbers, use = strings.report, strings.numbers, facts.use
    usual = use.usual
    template = words.use_lead if usual is None else words.use_lead_usual
    return template.format(
        sessions=count_text(use.sessions, numbers),
        strikes=strikes_text(sum(clinic.strikes for clinic in use.clinics), numbers),
        used=count_text(sum(clinic.used for clinic in use.clinics), numbers),
        devices=count_text(facts.head.devices, numbers),
        weeks=use.usual_days // _DAYS_A_WEEK,
        usual=count_text(round(usual or 0), numbers),
    )


def _days(use: UseFacts, strings: Strings) -> dict[str, object]:
    words = strings.report
    return days_spec(
        [DayValue(day.day, day.sessions, day.usual) for day in use.days],
        PALETTE,
        height=CHART_HEIGHT,
        names=(words.use_sessions, words.use_usual),
        dates=axis_days(strings),
        description=words.use_describes,
    )


def _clinics(use: UseFacts, strings: Strings, *, titled: bool) -> Table:
    words = strings.report
    titles = words.use_columns
    columns = (Column(titles[0]), *(Column(title, "right") for title in titles[1:]))
    total = ClinicUse(
        words.use_total,
        sum(clinic.devices for clinic in use.clinics),
        sum(clinic.used for clinic in use.clinics),
        use.sessions,
        use.usual,
        sum(clinic.strikes for clinic in use.clinics),
        sum(clinic.busy_ms for clinic in use.clinics),
        sum(clinic.on_mains for clinic in use.clinics),
    )
    note = words.use_note.format(weeks=use.usual_days // _DAYS_A_WEEK) if use.usual_days else ""
    return Table(
        words.use_clinics if titled else "",
        columns,
        tuple(_row(clinic, strings) for clinic in use.clinics),
        _row(total, strings) if len(use.clinics) > 1 else (),
        note,
    )


def _row(clinic: ClinicUse, strings: Strings) -> tuple[Cell, ...]:
    words, numbers = strings.report, strings.numbers
    low = clinic.usual is not None and clinic.usual > 0 and clinic.sessions < clinic.usual * (1 - _FAR)
    tone: Tone = "due" if low else "plain"
    mains = percent_text(clinic.on_mains / clinic.sessions, numbers) if clinic.sessions else words.none
    return (
        Cell(clinic.clinic),
        Cell(f"{count_text(clinic.used, numbers)} / {count_text(clinic.devices, numbers)}"),
        Cell(count_text(clinic.sessions, numbers)),
        Cell(signed_percent(clinic.sessions, clinic.usual, words, numbers), tone),
        Cell(compact_text(clinic.strikes, numbers)),
        Cell(words.hours.format(n=rough_text(clinic.busy_ms / _HOUR_MS, numbers))),
        Cell(mains),
    )
