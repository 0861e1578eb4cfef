"""The fleet, for whoever answers for it: what needs action today, then power, wear and use."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.grafana import theme
from dashboards.grafana.panels import CLINIC_LINKS, Column, Series, lines, number, ranking, rows
from dashboards.grafana.variables import Panel, Section, board, clinics

_IN: Final = '{clinic=~"$clinic"}'
_WEAR: Final = f"device_nozzle:silverpoint_nozzle_wear_ratio:last{_IN}"
_MEDIAN_LEFT: Final = 'silverpoint_nozzle_remaining_sessions{clinic=~"$clinic", quantile="0.5"}'


def fleet_board() -> Dashboard:
    """The board `silverpoint-fleet`."""
    return board(
        "silverpoint-fleet",
        "Silverpoint / Fleet",
        about="What needs action today, and how the fleet is powered, worn and used.",
        variables=[clinics()],
        since="now-7d",
        sections=[
            Section("Today", [*_figures(), _worst()]),
            Section("Wear", [_bands(), _left()]),
            Section("Use and power", [_sessions(), _online(), _clinics(), _alerts()]),
        ],
    )


def _figures() -> list[Panel]:
    return [
        number(
            "Worn out",
            f"count({_WEAR} >= 1) or vector(0)",
            about="Nozzles at or past their wear limit: replace them before the next session.",
            limits=theme.NONE_OR_NOW,
        ),
        number(
            "Due",
            f"count({_WEAR} >= 0.85 < 1) or vector(0)",
            about="Nozzles past 85 % of their wear limit: have the next one ready.",
            limits=theme.NONE_IS_FINE,
        ),
        number(
            "Firing alerts",
            'sum(silverpoint_alerts{state="firing"}) or vector(0)',
            about="Alerts of the gateway that ask for somebody to act, in the whole fleet.",
            limits=theme.NONE_IS_FINE,
            links=[("Open the alerts in Silverpoint", "${silverpoint}/alerts")],
        ),
        number(
            "Online",
            f"sum(silverpoint_device_online{_IN}) / count(silverpoint_device_online{_IN})",
            about="The part of the devices that is online. In the evening it falls as clinics close.",
            unit=theme.RATIO,
            decimals=0,
        ),
        number(
            "On mains",
            f"avg(silverpoint_device_on_mains{_IN})",
            about="The part of the devices online that runs on mains; the others run on battery.",
            unit=theme.RATIO,
            decimals=0,
        ),
        number(
            "Sessions in 24 h",
            f"sum(increase(silverpoint_device_sessions_total{_IN}[1d]))",
            about="Treatment sessions of the last 24 hours.",
            decimals=0,
        ),
    ]


def _worst() -> Panel:
    return rows(
        "Replace first",
        Column("Wear", f"topk(25, {_WEAR} >= 0.85)", theme.RATIO, theme.WEAR),
        Column(
            "Sessions left",
            f"{_MEDIAN_LEFT} and on (clinic, device, nozzle) ({_WEAR} >= 0.85)",
            limits=theme.SESSIONS_LEFT,
        ),
        about="The most worn nozzles; also of devices that are silent now, as they were last seen.",
        none="No nozzle is due",
        labels=("clinic", "nozzle", "device"),
        sort="Wear",
    )


def _bands() -> Panel:
    return lines(
        "Nozzles by wear",
        Series(f"count({_WEAR} >= 1) or vector(0)", "worn out"),
        Series(f"count({_WEAR} >= 0.85 < 1) or vector(0)", "due"),
        Series(f"count({_WEAR} >= 0.5 < 0.85) or vector(0)", "past half"),
        Series(f"count({_WEAR} < 0.5) or vector(0)", "first half"),
        about="How many nozzles stand in which part of their life. A growing band of worn ones means too few swaps.",
        stacked=True,
    )


def _left() -> Panel:
    return lines(
        "Nozzles that run out",
        Series(f"sum({_MEDIAN_LEFT} < bool 10)", "within 10 sessions"),
        Series(f"sum({_MEDIAN_LEFT} < bool 25)", "within 25 sessions"),
        Series(f"sum({_MEDIAN_LEFT} < bool 50)", "within 50 sessions"),
        about="By the median forecast. What lies here is the order for the weeks to come.",
    )


def _sessions() -> Panel:
    return lines(
        "Sessions in 24 h, by clinic",
        Series(f"clinic:silverpoint_device_sessions:increase1d{_IN}", "{{clinic}}"),
        about="Sessions of the 24 hours before each point.",
        stacked=True,
    )


def _online() -> Panel:
    return lines(
        "Devices online, by clinic",
        Series(f"clinic:silverpoint_devices_online:sum{_IN}", "{{clinic}}"),
        about="A clinic that falls to nothing in the middle of its day has lost its power or its network.",
        stacked=True,
    )


def _clinics() -> Panel:
    return rows(
        "Clinics",
        Column("Devices", f"clinic:silverpoint_devices:count{_IN}"),
        Column("Online", f"clinic:silverpoint_devices_online:sum{_IN}"),
        Column("Nozzles due", f"clinic:silverpoint_nozzles_due:count{_IN}", limits=theme.NONE_IS_FINE),
        Column("Highest wear", f"clinic:silverpoint_nozzle_wear_ratio:max{_IN}", theme.RATIO, theme.WEAR),
        Column("Last seen", f"clinic:silverpoint_last_seen_timestamp_seconds:max{_IN} * 1000", theme.AGO),
        about="One line for each clinic; a click leads to its board.",
        none="No device has been seen yet",
        labels=("clinic",),
        sort="Nozzles due",
        links=CLINIC_LINKS,
        span=16,
    )


def _alerts() -> Panel:
    return ranking(
        "Firing alerts, by rule",
        Series('sum by (rule) (silverpoint_alerts{state="firing"})', "{{rule}}"),
        about="What the gateway's own rules find now, in the whole fleet.",
        limits=theme.NONE_IS_FINE,
        none="Nothing fires",
        span=8,
    )
