"""The few kinds of panel that the boards use, each made one way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.builders import bargauge, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.builders.common import (
    GraphThresholdsStyleConfig,
    ReduceDataOptions,
    StackingConfig,
    TableSortByFieldState,
    VizLegendOptions,
    VizTooltipOptions,
)
from grafana_foundation_sdk.builders.dashboard import DashboardLink
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.common import (
    BarGaugeDisplayMode,
    BigValueColorMode,
    BigValueGraphMode,
    DataSourceRef,
    GraphDrawStyle,
    GraphThresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    StackingMode,
    TooltipDisplayMode,
    VisibilityMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import DashboardLink as DashboardLinkModel
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig, DynamicConfigValue, ValueMapping
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from dashboards.grafana import theme
from dashboards.grafana.theme import NO_LIMITS, Limits

SOURCE: Final = DataSourceRef(type_val="prometheus", uid="${datasource}")
WIDTH: Final = 24
_NUMBER_HEIGHT: Final = 4
_CHART_HEIGHT: Final = 8
_REFS: Final = "ABCDEFGHIJ"

Link = tuple[str, str]
"""Title and address of where a click on a value leads."""

DEVICE_LINKS: Final[tuple[Link, ...]] = (
    ("Open the device in Silverpoint", "${silverpoint}/devices/${__data.fields.Device}"),
    (
        "Board of the device",
        "/d/silverpoint-device?var-clinic=${__data.fields.Clinic}&var-device=${__data.fields.Device}",
    ),
)
CLINIC_LINKS: Final[tuple[Link, ...]] = (
    ("Open the clinic in Silverpoint", "${silverpoint}/clinics/${__data.fields.Clinic}"),
    ("Board of the clinic", "/d/silverpoint-clinic?var-clinic=${__data.fields.Clinic}"),
)


@dataclass(frozen=True)
class Series:
    """One query of a chart, and what its lines are called."""

    expr: str
    legend: str = ""


@dataclass(frozen=True)
class Column:
    """One value column of a table."""

    name: str
    expr: str
    unit: str = theme.COUNT
    limits: Limits = NO_LIMITS
    decimals: int = 0
    words: Sequence[ValueMapping] = ()

    def properties(self) -> list[DynamicConfigValue]:
        """How Grafana is to show the column."""
        properties = [
            DynamicConfigValue("unit", self.unit),
            DynamicConfigValue("thresholds", self.limits.config().build()),
        ]
        if self.unit != theme.AGO:
            properties.append(DynamicConfigValue("decimals", self.decimals))
        if self.words:
            properties.append(DynamicConfigValue("mappings", list(self.words)))
        if self.words or self.limits.steps:
            properties.append(DynamicConfigValue("custom.cellOptions", {"type": "color-text"}))
        return properties


def number(
    title: str,
    expr: str,
    *,
    about: str,
    unit: str = theme.COUNT,
    limits: Limits = NO_LIMITS,
    decimals: int | None = None,
    words: Sequence[ValueMapping] = (),
    span: int = 4,
    links: Sequence[Link] = (),
) -> stat.Panel:
    """One figure that is read from afar."""
    panel = (
        stat.Panel()
        .title(title)
        .description(about)
        .datasource(SOURCE)
        .height(_NUMBER_HEIGHT)
        .span(span)
        .unit(unit)
        .thresholds(limits.config())
        .mappings(list(words))
        .color_mode(BigValueColorMode.VALUE)
        .graph_mode(BigValueGraphMode.NONE)
        .reduce_options(ReduceDataOptions().calcs(["lastNotNull"]))
        .data_links(_links(links))
        .with_target(_query("A", Series(expr), instant=True))
    )
    return panel if decimals is None else panel.decimals(decimals)


def lines(
    title: str,
    *series: Series,
    about: str,
    unit: str = theme.COUNT,
    limits: Limits | None = None,
    ceiling: float | None = None,
    stacked: bool = False,
    bars: bool = False,
    bucket: str = "",
    span: int = 12,
) -> timeseries.Panel:
    """Values over time. `limits` are drawn as dashed lines; `bars` of one `bucket` each."""
    panel = (
        timeseries.Panel()
        .title(title)
        .description(about)
        .datasource(SOURCE)
        .height(_CHART_HEIGHT)
        .span(span)
        .unit(unit)
        .min(0)
        .targets([_query(ref, one) for ref, one in zip(_REFS, series, strict=False)])
        .draw_style(GraphDrawStyle.BARS if bars else GraphDrawStyle.LINE)
        .line_width(1 if bars else 2)
        .fill_opacity(70 if bars else 30 if stacked else 6)
        .show_points(VisibilityMode.NEVER)
        .legend(VizLegendOptions().display_mode(LegendDisplayMode.LIST).placement(LegendPlacement.BOTTOM))
        .tooltip(VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING))
    )
    if ceiling is not None:
        panel = panel.max(ceiling)
    if limits is not None:
        dashed = GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.DASHED)
        panel = panel.thresholds(limits.config()).thresholds_style(dashed)
    if stacked:
        panel = panel.stacking(StackingConfig().mode(StackingMode.NORMAL).group("A"))
    return panel.interval(bucket) if bucket else panel


def ranking(
    title: str,
    series: Series,
    *,
    about: str,
    unit: str = theme.COUNT,
    limits: Limits = NO_LIMITS,
    none: str,
    span: int = 12,
) -> bargauge.Panel:
    """Bars that are compared with each other; `none` says what it means that there are none."""
    return (
        bargauge.Panel()
        .title(title)
        .description(about)
        .datasource(SOURCE)
        .height(_CHART_HEIGHT)
        .span(span)
        .unit(unit)
        .min(0)
        .thresholds(limits.config())
        .no_value(none)
        .display_mode(BarGaugeDisplayMode.BASIC)
        .orientation(VizOrientation.HORIZONTAL)
        .reduce_options(ReduceDataOptions().calcs(["lastNotNull"]))
        .with_target(_query("A", series, instant=True))
    )


def states(
    title: str, series: Series, *, about: str, words: Sequence[ValueMapping], span: int = 12
) -> statetimeline.Panel:
    """Which of two states something was in, over time."""
    return (
        statetimeline.Panel()
        .title(title)
        .description(about)
        .datasource(SOURCE)
        .height(_CHART_HEIGHT)
        .span(span)
        .unit(theme.WORD)
        .mappings(list(words))
        .thresholds(theme.NO_LIMITS.config())
        .show_value(VisibilityMode.NEVER)
        .merge_values(True)
        .with_target(_query("A", series))
    )


def rows(
    title: str,
    *columns: Column,
    about: str,
    none: str,
    labels: Sequence[str] = ("clinic", "device"),
    sort: str = "",
    links: Sequence[Link] = DEVICE_LINKS,
    height: int = _CHART_HEIGHT,
    span: int = WIDTH,
) -> table.Panel:
    """A table: the labels, then a column for each query, which is brought down to those labels and joined by them."""
    by = f"max by ({', '.join(sorted(labels))})"
    series = [Series(f"{by} ({column.expr})") for column in columns]
    panel = (
        table.Panel()
        .title(title)
        .description(about)
        .datasource(SOURCE)
        .height(height)
        .span(span)
        .no_value(none)
        .filterable(True)
        .targets([_query(ref, one, as_table=True) for ref, one in zip(_REFS, series, strict=False)])
        .with_transformation(DataTransformerConfig(id_val="merge", options={}))
        .with_transformation(DataTransformerConfig(id_val="organize", options=_arrangement(labels, columns)))
        .override_by_name(labels[-1].capitalize(), [DynamicConfigValue("links", _built(links))])
        .sort_by([TableSortByFieldState().display_name(sort or columns[0].name).desc(True)])
    )
    for column in columns:
        panel = panel.override_by_name(column.name, column.properties())
    return panel


def _arrangement(labels: Sequence[str], columns: Sequence[Column]) -> dict[str, object]:
    renames = {label: label.capitalize() for label in labels}
    order = {label: place for place, label in enumerate(labels)}
    for place, (ref, column) in enumerate(zip(_REFS, columns, strict=False), start=len(labels)):
        # Grafana calls the value of an only query "Value", and of several "Value #A" and so on.
        fields = (f"Value #{ref}", "Value") if len(columns) == 1 else (f"Value #{ref}",)
        renames |= dict.fromkeys(fields, column.name)
        order |= dict.fromkeys(fields, place)
    return {"excludeByName": {"Time": True}, "renameByName": renames, "indexByName": order}


def _query(ref: str, series: Series, *, instant: bool = False, as_table: bool = False) -> Dataquery:
    query = Dataquery().ref_id(ref).expr(series.expr).datasource(SOURCE)
    if series.legend:
        query = query.legend_format(series.legend)
    if as_table:
        query = query.format(PromQueryFormat.TABLE)
    return query.instant() if instant or as_table else query.range()


def _links(links: Sequence[Link]) -> list[Builder[DashboardLinkModel]]:
    return [DashboardLink(title).url(address) for title, address in links]


def _built(links: Sequence[Link]) -> list[dict[str, object]]:
    return [{"title": title, "url": address, "targetBlank": False} for title, address in links]
