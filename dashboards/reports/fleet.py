"""The fleet's and the clinic's report: from facts to a page of it. Pure."""

from __future__ import annotations

from dashboards.reports.judged_section import alert_section, forecast_section
from dashboards.reports.page import Key, ReportPage
from dashboards.reports.replaced_section import cost_section, replaced_section
from dashboards.reports.telling import change_text, money_text, period_text, wait_text
from dashboards.reports.use_section import use_section
from dashboards.reports.wear_section import wear_section
from dashboards.web.format import count_text, local_time_text, percent_text, zone_of
from dashboards.web.strings import Strings
from schemas.report import FleetFacts


def fleet_report(facts: FleetFacts, strings: Strings) -> ReportPage:
    """The page."""
    words, numbers, head = strings.report, strings.numbers, facts.head
    kind = words.kind_fleet if head.clinic is None else words.kind_clinic
    title = words.all_clinics if head.clinic is None else head.clinic
    period = period_text(head.period, strings)
    made = words.made.format(when=local_time_text(head.made_ms, zone_of(head.period.zone), numbers))
    return ReportPage(
        language=strings.language,
        kind=kind,
        title=title,
        period=period,
        made=f"{made}; {words.period_zone.format(zone=head.period.zone)}",
        about=words.about.format(
            clinics=words.clinics.of(head.clinics).format(n=count_text(head.clinics, numbers)),
            devices=words.devices.of(head.devices).format(n=count_text(head.devices, numbers)),
        ),
        summary=tuple(_summary(facts, strings)),
        keys=tuple(_keys(facts, strings)),
        sections=(
            use_section(facts, strings),
            wear_section(facts, strings),
            replaced_section(facts, strings),
            cost_section(facts, strings),
            forecast_section(facts, strings),
            alert_section(facts, strings),
        ),
        foot=words.foot.format(kind=kind, title=title, period=period),
        page_of=words.page_of,
    )


def _summary(facts: FleetFacts, strings: Strings) -> list[str]:
    words, numbers, use, wear = strings.report, strings.numbers, facts.use, facts.wear
    sessions, usual = count_text(use.sessions, numbers), use.usual
    told = [
        words.sum_use.format(sessions=sessions)
        if usual is None
        else words.sum_use_usual.format(sessions=sessions, change=change_text(use.sessions, usual, words, numbers))
    ]
    rows = facts.replacements.rows
    if rows:
        late = sum(1 for row in rows if row.moment == "late")
        told.append(
            words.sum_replaced.of(len(rows)).format(n=count_text(len(rows), numbers), late=count_text(late, numbers))
        )
    due = dict(wear.due_within).get(30, 0)
    if due:
        told.append(words.sum_due.of(due).format(n=count_text(due, numbers), now=count_text(wear.worn_out, numbers)))
    else:
        told.append(words.sum_due_none)
    return told


def _keys(facts: FleetFacts, strings: Strings) -> list[Key]:
    words, numbers, use, wear = strings.report, strings.numbers, facts.use, facts.wear
    rows, alerts, checked = facts.replacements.rows, facts.alerts, facts.forecasts
    late = sum(1 for row in rows if row.moment == "late")
    within = dict(wear.due_within)
    priced = [row.price for row in rows if row.price is not None]
    usual = use.usual
    return [
        Key(
            words.key_sessions,
            count_text(use.sessions, numbers),
            words.key_sessions_alone
            if usual is None
            else words.key_sessions_usual.format(n=count_text(round(usual), numbers)),
        ),
        Key(
            words.key_replaced,
            count_text(len(rows), numbers),
            words.key_replaced_late.format(n=count_text(late, numbers)),
            "worn" if late else "plain",
        ),
        Key(
            words.key_due,
            count_text(within.get(30, 0), numbers),
            words.key_due_note.format(n=count_text(within.get(7, 0), numbers)),
            "due" if within.get(7) else "plain",
        ),
        Key(
            words.key_cost,
            money_text(sum(priced), numbers) if len(priced) == len(rows) or priced else words.not_known,
            words.key_cost_note,
        ),
        Key(
            words.key_alerts,
            count_text(alerts.fired, numbers),
            words.key_alerts_note.format(n=wait_text(alerts.acknowledge_ms, words, numbers))
            if alerts.acknowledged
            else words.key_alerts_nobody,
        ),
        Key(
            words.key_forecasts,
            words.none if checked.inside is None else percent_text(checked.inside, numbers),
            words.key_forecasts_none if checked.inside is None else words.key_forecasts_note,
        ),
    ]
