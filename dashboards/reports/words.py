"""The words of reports: one part of the catalogue, in `dashboards.web.strings`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dashboards.web.plural import Plural
from schemas.report import Moment
from schemas.work import ReplaceReason


@dataclass(frozen=True, slots=True)
class ReportWords:
    """The fleet's and the clinic's report, and the page from which they are downloaded."""

    page_title: str
    page_lead: str
    whole_fleet: str
    choose: str
    show: str
    of_month: str
    download: str
    takes: str
    to_reports: str
    so_far: str
    month: str
    month_names: tuple[str, ...]
    none_to_make: str

    kind_fleet: str
    kind_clinic: str
    all_clinics: str
    day: str
    axis_day: str
    period: str
    period_zone: str
    made: str
    about: str
    clinics: Plural
    devices: Plural
    foot: str
    page_of: str
    not_known: str
    none: str

    sum_use: str
    sum_use_usual: str
    sum_replaced: Plural
    sum_due: Plural
    sum_due_none: str
    more: str
    less: str
    same: str

    key_sessions: str
    key_sessions_usual: str
    key_sessions_alone: str
    key_replaced: str
    key_replaced_late: str
    key_due: str
    key_due_note: str
    key_cost: str
    key_cost_note: str
    key_alerts: str
    key_alerts_note: str
    key_alerts_nobody: str
    key_forecasts: str
    key_forecasts_note: str
    key_forecasts_none: str

    use_title: str
    use_lead: str
    use_lead_usual: str
    use_none: str
    use_days: str
    use_describes: str
    use_usual: str
    use_sessions: str
    use_clinics: str
    use_columns: tuple[str, ...]
    use_total: str
    use_note: str
    use_note_new: str
    use_known_from: str
    hours: str

    wear_title: str
    wear_lead: str
    wear_none: str
    wear_chart: str
    wear_describes: str
    wear_nozzles: str
    wear_unknown: str
    due_title: str
    due_columns: tuple[str, ...]
    due_none: str
    due_more: Plural
    due_now: str
    due_range: str
    wait_title: str
    wait_columns: tuple[str, ...]
    wait_days: str
    wait_note: str
    wait_unpriced: str

    replaced_title: str
    replaced_lead: str
    replaced_none: str
    replaced_weeks: str
    replaced_describes: str
    replaced_by_clinic: str
    replaced_columns: tuple[str, ...]
    moments: Mapping[Moment, str]
    replaced_unknown: str
    reasons: Mapping[ReplaceReason, str]
    replaced_reasons: str
    replaced_note: str

    forecast_title: str
    forecast_none: str
    forecast_lead: str
    forecast_right: str
    forecast_narrow: str
    forecast_wide: str
    forecast_few: str
    forecast_censored: str
    forecast_chart: str
    forecast_describes: str
    forecast_said: str
    forecast_inside: str
    forecast_outside: str
    forecast_axis: str
    forecast_more: str

    alerts_title: str
    alerts_lead: str
    alerts_lead_nobody: str
    alerts_none: str
    alerts_weeks: str
    alerts_describes: str
    alerts_columns: tuple[str, ...]
    alerts_note: str
    after_minutes: str
    after_hours: str
    after_days: str

    cost_title: str
    cost_lead: str
    cost_none: str
    cost_chart: str
    cost_describes: str
    cost_columns: tuple[str, ...]
    cost_quarter: str
    cost_so_far: str
    cost_total: str
    cost_cell: str
    cost_unpriced: str
    cost_note: str


ENGLISH_REPORT: Final = ReportWords(
    page_title="Reports",
    page_lead="What happened in a month, what is due and what it costs: to read, to print and to forward.",
    whole_fleet="Whole fleet",
    choose="Report on",
    show="Show",
    of_month="Month",
    download="Download",
    takes="A report is made when it is asked for: that takes some seconds.",
    to_reports="Monthly reports",
    so_far="{month} so far",
    month="{month} {year}",
    month_names=(
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
    none_to_make="There is nothing to report yet: no device of yours has sent a session.",
    kind_fleet="Fleet report",
    kind_clinic="Clinic report",
    all_clinics="All clinics",
    day="{day} {month} {year}",
    axis_day="{day} {month}",
    period="{since} to {until}",
    period_zone="days in the time zone {zone}",
    made="Made {when}",
    about="{clinics}, {devices}",
    clinics=Plural("{n} clinic", "{n} clinics"),
    devices=Plural("{n} device", "{n} devices"),
    foot="{kind}: {title}, {period}",
    page_of="{page} of {pages}",
    not_known="not known",
    none="–",
    sum_use="{sessions} sessions.",
    sum_use_usual="{sessions} sessions, {change} usual.",
    sum_replaced=Plural(
        "{n} nozzle replaced; past the limit: {late}.", "{n} nozzles replaced; past their limit: {late}."
    ),
    sum_due=Plural(
        "{n} nozzle to be replaced within 30 days; now: {now}.",
        "{n} nozzles to be replaced within 30 days; now: {now}.",
    ),
    sum_due_none="No nozzle is due within 30 days.",
    more="{n} % more than",
    less="{n} % fewer than",
    same="as many as",
    key_sessions="Sessions",
    key_sessions_usual="usual: {n}",
    key_sessions_alone="too little before it to compare",
    key_replaced="Nozzles replaced",
    key_replaced_late="{n} past their limit",
    key_due="Replace within 30 days",
    key_due_note="{n} within 7 days",
    key_cost="Spent on nozzles",
    key_cost_note="in the period",
    key_alerts="Alerts",
    key_alerts_note="half acknowledged within {n}",
    key_alerts_nobody="none acknowledged",
    key_forecasts="Forecasts that held",
    key_forecasts_note="80 % should",
    key_forecasts_none="none could be checked yet",
    use_title="Use",
    use_lead="{sessions} sessions and {strikes}, on {used} of {devices} devices.",
    use_lead_usual="{sessions} sessions and {strikes}, on {used} of {devices} devices. "
    "The same weekdays of the {weeks} weeks before would have brought {usual}.",
    use_none="No session ended in this period.",
    use_days="Sessions a day",
    use_describes="Bars: sessions of each day. Line: what that weekday brought on average before the period.",
    use_usual="usual",
    use_sessions="sessions",
    use_clinics="By clinic",
    use_columns=("Clinic", "Devices used", "Sessions", "Against usual", "Strikes", "In session", "On mains"),
    use_total="Together",
    use_note="Usual: the mean of each weekday over the {weeks} weeks before the period.",
    use_note_new="What is usual can be told after two weeks of use before the period.",
    use_known_from="Nothing is known from before {day}.",
    hours="{n} h",
    wear_title="Wear, and what is due",
    wear_lead="{fitted} nozzles are fitted. {due7} should be replaced within 7 days, {due14} within 14, "
    "{due30} within 30; past their limit now: {worn}.",
    wear_none="No nozzle is fitted.",
    wear_chart="Fitted nozzles by wear",
    wear_describes="How many fitted nozzles have worn how far; at 100 % a nozzle must be replaced.",
    wear_nozzles="nozzles",
    wear_unknown="The wear of {n} is not known.",
    due_title="To be replaced",
    due_columns=("Clinic", "Device", "Nozzle", "Model", "Wear", "Replace by", "Worn out in"),
    due_none="Nothing is due within 30 days.",
    due_more=Plural("One more is due within 30 days.", "{n} more are due within 30 days."),
    due_now="now",
    due_range="{low} to {high} days",
    wait_title="The cost of waiting",
    wait_columns=("If nothing is replaced for", "Nozzles that wear out in use", "Extra cost"),
    wait_days="{n} days",
    wait_note="An expectation, from the forecasts. A nozzle that wears out in use counts {ratio} times a planned "
    "replacement (forecast.cost_ratio); the extra cost is what it costs beyond that one.",
    wait_unpriced="About {n} of the nozzles are of models without a price in the registry and not in the cost.",
    replaced_title="Replacements",
    replaced_lead="{n} nozzles were replaced: {early} early, {in_time} near their limit, {late} past it{unknown}.",
    replaced_none="No nozzle was replaced in this period.",
    replaced_weeks="Replacements a week",
    replaced_describes="Replaced nozzles of each week, from Monday, by how worn they were.",
    replaced_by_clinic="By clinic",
    replaced_columns=("Clinic", "Replaced", "Early", "Near the limit", "Past it", "Mean wear"),
    moments={"early": "Early", "in_time": "Near the limit", "late": "Past the limit", "unknown": "Not known"},
    replaced_unknown=", and of {n} the wear is not known",
    reasons={
        "worn": "worn",
        "damaged": "damaged",
        "expired": "expired",
        "recalled": "recalled",
        "preventive": "preventive",
        "mistake": "by mistake",
    },
    replaced_reasons="Reasons that people gave: {reasons}.",
    replaced_note="Early: at less than 80 % of the wear that a nozzle may have. A nozzle that was put back or moved to "
    "another device is not counted.",
    forecast_title="Forecasts against what came",
    forecast_none="No forecast could be held against what came in this period: "
    "that takes nozzles whose life has ended since.",
    forecast_lead="Each forecast names a range that shall hold what comes in 8 of 10 cases. Of {scored} forecasts for "
    "{nozzles} nozzles, {share} held.",
    forecast_right="That is as it should be.",
    forecast_narrow="That is too few: the ranges are too narrow; plan with more reserve than they say.",
    forecast_wide="That is more than said: the ranges are wider than they need to be.",
    forecast_few="That is too few nozzles to judge by.",
    forecast_censored="{n} forecasts can't be judged: their nozzles were taken off too early to tell.",
    forecast_chart="Use that was left, as forecast and as it came",
    forecast_describes="For each nozzle one forecast from the middle of its life: the range that was said to hold it "
    "with 80 %, the median, and what came.",
    forecast_said="forecast, 80 % range and median",
    forecast_inside="came, within the range",
    forecast_outside="came, outside of it",
    forecast_axis="million strikes",
    forecast_more="The chart shows {shown} of {n} nozzles.",
    alerts_title="Alerts, and how fast they were acted on",
    alerts_lead="{fired} alerts. {acknowledged} were acknowledged, half of them within {wait}.",
    alerts_lead_nobody="{fired} alerts. Nobody acknowledged any.",
    alerts_none="No alert began in this period.",
    alerts_weeks="Alerts a week",
    alerts_describes="Alerts that began in each week, from Monday, by severity.",
    alerts_columns=("Alert", "Severity", "Began", "Acknowledged", "after", "Over", "after"),
    alerts_note="Times are medians. An alert is over when the device's own data say so.",
    after_minutes="{n} min",
    after_hours="{n} h",
    after_days="{n} d",
    cost_title="Cost",
    cost_lead="Nozzles used up since the quarter began: {n}, for {cost}.",
    cost_none="No nozzle was used up in this quarter.",
    cost_chart="Spent on nozzles in {quarter}, by clinic",
    cost_describes="What the nozzles used up in the quarter cost at each clinic.",
    cost_columns=("Clinic",),
    cost_quarter="{quarter}",
    cost_so_far="{quarter} so far",
    cost_total="Together",
    cost_cell="{cost} ({n})",
    cost_unpriced="Not in these sums: {n} nozzles of models without a price in the registry ({models}).",
    cost_note="In brackets the number of nozzles. At today's prices of the registry's nozzle models, in their "
    "currency; work and travel are not in it.",
)
