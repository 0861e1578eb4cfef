"""The report's sections on how it went: forecasts against what came, alerts and what was done about them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Final

from dashboards.charts.report import Part, Said, said_spec, weeks_spec
from dashboards.reports.page import Block, Cell, Column, Figure, Section, Table, Text
from dashboards.reports.telling import CHART_HEIGHT, PALETTE, axis_days, wait_text
from dashboards.web.format import count_text, percent_text
from dashboards.web.strings import Strings
from schemas.alert import SEVERITIES
from schemas.report import AlertFacts, Check, FleetFacts, ForecastFacts

_SAID: Final = 0.8
_LEAST_NOZZLES: Final = 10
_MILLION: Final = 1_000_000
_MOST_CHECKS: Final = 24
_COLOURS: Final = (PALETTE.silver, PALETTE.due, PALETTE.worn)


def forecast_section(facts: FleetFacts, strings: Strings) -> Section:
    """Coverage in plain words, and a picture of it."""
    words, numbers, checked = strings.report, strings.numbers, facts.forecasts
    if checked.inside is None:
        return Section(words.forecast_title, words.forecast_none, ())
    lead = words.forecast_lead.format(
        scored=count_text(checked.scored, numbers),
        nozzles=count_text(checked.nozzles, numbers),
        share=percent_text(checked.inside, numbers),
    )
    blocks: list[Block] = [Figure(words.forecast_chart, _chart(checked, strings), words.forecast_describes)]
    if len(checked.checks) > _MOST_CHECKS:
        shown, all_of = count_text(_MOST_CHECKS, numbers), count_text(len(checked.checks), numbers)
        blocks.append(Text(words.forecast_more.format(shown=shown, n=all_of), "muted"))
    if checked.censored:
        blocks.append(Text(words.forecast_censored.format(n=count_text(checked.censored, numbers)), "muted"))
    return Section(words.forecast_title, f"{lead} {verdict(checked, strings)}", tuple(blocks))


def verdict(checked: ForecastFacts, strings: Strings) -> str:
    """What the share that held says. Forecasts of one nozzle go together, so it is the nozzles that count: the
    standard error is that of as many draws as there were nozzles."""
    words, share = strings.report, checked.inside or 0.0
    if checked.nozzles < _LEAST_NOZZLES:
        return words.forecast_few
    error = 2 * sqrt(_SAID * (1 - _SAID) / checked.nozzles)
    if share < _SAID - error:
        return words.forecast_narrow
    return words.forecast_wide if share > _SAID + error else words.forecast_right


def _chart(checked: ForecastFacts, strings: Strings) -> dict[str, object]:
    words = strings.report
    shown = sorted(_spread(checked.checks, _MOST_CHECKS), key=lambda check: (-check.said, check.serial))
    rows = [
        Said(
            check.serial,
            check.said_low / _MILLION,
            check.said / _MILLION,
            check.said_high / _MILLION,
            check.came / _MILLION,
            words.forecast_inside if check.inside else words.forecast_outside,
        )
        for check in shown
    ]
    return said_spec(
        rows,
        PALETTE,
        names=(words.forecast_said, words.forecast_inside, words.forecast_outside),
        axis=words.forecast_axis,
        description=words.forecast_describes,
    )


def _spread(checks: Sequence[Check], most: int) -> list[Check]:
    """So many of them, evenly."""
    if len(checks) <= most:
        return list(checks)
    return [checks[place * len(checks) // most] for place in range(most)]


def alert_section(facts: FleetFacts, strings: Strings) -> Section:
    """Of the period."""
    words, alerts = strings.report, facts.alerts
    if not alerts.fired:
        return Section(words.alerts_title, words.alerts_none, ())
    figure = Figure(words.alerts_weeks, _weeks(alerts, strings), words.alerts_describes)
    return Section(words.alerts_title, _lead(alerts, strings), (figure, _table(alerts, strings)))


def _lead(alerts: AlertFacts, strings: Strings) -> str:
    words, numbers = strings.report, strings.numbers
    template = words.alerts_lead if alerts.acknowledged else words.alerts_lead_nobody
    return template.format(
        fired=count_text(alerts.fired, numbers),
        acknowledged=count_text(alerts.acknowledged, numbers),
        wait=wait_text(alerts.acknowledge_ms, words, numbers),
    )


def _weeks(alerts: AlertFacts, strings: Strings) -> dict[str, object]:
    names = strings.fleet.severities
    parts = [Part(row.week, names[row.severity], SEVERITIES.index(row.severity), row.alerts) for row in alerts.weeks]
    return weeks_spec(
        parts,
        _COLOURS,
        PALETTE,
        height=CHART_HEIGHT,
        dates=axis_days(strings),
        description=strings.report.alerts_describes,
    )


def _table(alerts: AlertFacts, strings: Strings) -> Table:
    words, numbers = strings.report, strings.numbers
    columns = tuple(Column(title, "left" if place < 2 else "right") for place, title in enumerate(words.alerts_columns))
    rows = tuple(
        (
            Cell(strings.fleet.rules[rule.rule]),
            Cell(strings.fleet.severities[rule.severity], "worn" if rule.severity == "critical" else "plain"),
            Cell(count_text(rule.fired, numbers)),
            Cell(count_text(rule.acknowledged, numbers)),
            Cell(wait_text(rule.acknowledge_ms, words, numbers)),
            Cell(count_text(rule.resolved, numbers)),
            Cell(wait_text(rule.resolve_ms, words, numbers)),
        )
        for rule in alerts.rules
    )
    return Table("", columns, rows, note=words.alerts_note)
