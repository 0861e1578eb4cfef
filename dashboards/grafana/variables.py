"""The choices at the top of a board, and the frame that all boards share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from grafana_foundation_sdk.builders.dashboard import (
    Dashboard,
    DashboardLink,
    DatasourceVariable,
    QueryVariable,
    Row,
    TextBoxVariable,
)
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    VariableHide,
    VariableRefresh,
    VariableSort,
)

from dashboards.grafana.panels import SOURCE

TAG: Final = "silverpoint"
DEFAULT_ADDRESS: Final = "http://127.0.0.1:8080"

Panel: TypeAlias = Builder[models.Panel]
Variable: TypeAlias = Builder[models.VariableModel]


@dataclass(frozen=True)
class Section:
    """Panels under one heading."""

    title: str
    panels: Sequence[Panel]


def clinics(*, several: bool = True) -> Variable:
    """The choice of clinics: one, or several with all of them at first."""
    return _choice("clinic", "Clinic", "label_values(silverpoint_device_online, clinic)", several=several)


def devices(*, several: bool = True) -> Variable:
    """The choice of devices in the chosen clinics."""
    query = 'label_values(silverpoint_device_online{clinic=~"$clinic"}, device)'
    return _choice("device", "Device", query, several=several)


def nozzles() -> Variable:
    """The choice of nozzles that the chosen devices have had in the time shown."""
    query = 'label_values(silverpoint_nozzle_strikes_total{clinic=~"$clinic", device=~"$device"}, nozzle)'
    return _choice("nozzle", "Nozzle", query, several=True)


def instances() -> Variable:
    """The choice of gateways."""
    return _choice("instance", "Gateway", "label_values(silverpoint_broker_connected, instance)", several=True)


def board(
    uid: str,
    title: str,
    *,
    about: str,
    variables: Sequence[Variable],
    sections: Sequence[Section],
    since: str,
    refresh: str = "1m",
) -> models.Dashboard:
    """A whole board with the shared links, in the browser's time zone."""
    made = (
        Dashboard(title)
        .uid(uid)
        .description(about)
        .tags([TAG])
        .timezone("browser")
        .time(since, "now")
        .refresh(refresh)
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .readonly()
        .variables([_source(), _address(), *variables])
        .links(_shared_links())
    )
    for section in sections:
        made = made.with_row(Row(section.title))
        for panel in section.panels:
            made = made.with_panel(panel)
    built = made.build()
    for number, panel_or_row in enumerate(built.panels or [], start=1):
        panel_or_row.id_val = number
    return built


def _choice(name: str, label: str, query: str, *, several: bool) -> Variable:
    variable = (
        QueryVariable(name)
        .label(label)
        .datasource(SOURCE)
        .query({"query": query, "refId": name})
        .definition(query)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.NATURAL_ASC)
    )
    if not several:
        return variable.multi(False).include_all(False)
    everything = models.VariableOption(selected=True, text=["All"], value=["$__all"])
    return variable.multi(True).include_all(True).all_value(".*").current(everything)


def _source() -> Variable:
    return DatasourceVariable("datasource").label("Prometheus").type("prometheus")


def _address() -> Variable:
    """Where links to Silverpoint's own pages lead; can be given in a link as `?var-silverpoint=`."""
    option = models.VariableOption(selected=True, text=DEFAULT_ADDRESS, value=DEFAULT_ADDRESS)
    return (
        TextBoxVariable("silverpoint")
        .label("Silverpoint's address")
        .default_value(DEFAULT_ADDRESS)
        .current(option)
        .hide(VariableHide.HIDE_VARIABLE)
    )


def _shared_links() -> list[Builder[models.DashboardLink]]:
    boards = DashboardLink("Boards").type(DashboardLinkType.DASHBOARDS).tags([TAG]).as_dropdown(True)
    return [
        boards.include_vars(True).keep_time(True),
        DashboardLink("Silverpoint").type(DashboardLinkType.LINK).url("${silverpoint}/").icon("external link"),
    ]
