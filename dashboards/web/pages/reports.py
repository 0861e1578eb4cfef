"""The page that offers reports: a line for each month, for the whole fleet or for one clinic. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlencode

from dashboards.web.links import REPORTS_PATH
from dashboards.web.strings import Strings
from schemas.report_pages import ReportForm, ReportMonth
from schemas.views import ClinicView


class MonthLine(NamedTuple):
    """One month, and where its files are."""

    name: str
    html: str
    pdf: str


class ClinicChoice(NamedTuple):
    clinic_id: str
    name: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class ReportsPage:
    """`clinic` is the name of the one that is chosen, empty for the whole fleet."""

    clinic: str
    clinics: tuple[ClinicChoice, ...]
    months: tuple[MonthLine, ...]


def reports_page(
    months: Sequence[ReportMonth], clinics: Sequence[ClinicView], chosen: str, strings: Strings
) -> ReportsPage:
    """`chosen` is a clinic's id; one that is not in sight is none."""
    names = {view.id: view.name or view.id for view in clinics if view.devices}
    clinic = chosen if chosen in names else ""
    return ReportsPage(
        clinic=names.get(clinic, ""),
        clinics=tuple(ClinicChoice(clinic_id, name, clinic_id == clinic) for clinic_id, name in names.items()),
        months=tuple(
            MonthLine(_name(month, strings), report_link(month, "html", clinic), report_link(month, "pdf", clinic))
            for month in months
        ),
    )


def report_link(month: ReportMonth, form: ReportForm, clinic: str) -> str:
    """The address of one file."""
    query = f"?{urlencode({'clinic': clinic})}" if clinic else ""
    return f"{REPORTS_PATH}/{month.year}-{month.month:02d}.{form}{query}"


def _name(month: ReportMonth, strings: Strings) -> str:
    words = strings.report
    name = words.month.format(month=words.month_names[month.month - 1], year=month.year)
    return name if month.whole else words.so_far.format(month=name)
