"""The next jobs: which nozzles, batteries and silent devices, where, and how many parts to bring."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.grafana import theme
from dashboards.grafana.panels import Column, Series, number, ranking, rows
from dashboards.grafana.variables import Panel, Section, board, clinics

_IN: Final = '{clinic=~"$clinic"}'
_WEAR: Final = f"device_nozzle:silverpoint_nozzle_wear_ratio:last{_IN}"
_OFF_MAINS: Final = f"on (clinic, device) silverpoint_device_on_mains{_IN} == 0"
_LOW: Final = f"silverpoint_battery_charge_ratio{_IN} < 0.2 and {_OFF_MAINS}"


def technician_board() -> Dashboard:
    """The board `silverpoint-technician`."""
    return board(
        "silverpoint-technician",
        "Silverpoint / Technician",
        about="The next jobs in the chosen clinics. Claims and swaps are made in Silverpoint, where a click leads.",
        variables=[clinics()],
        since="now-24h",
        sections=[
            Section("Nozzles", [*_figures(), _nozzles(), _parts(), _soon()]),
            Section("Batteries and silent devices", [_batteries(), _degraded(), _silent()]),
        ],
    )


def _figures() -> list[Panel]:
    return [
        number(
            "Replace now",
            f"count({_WEAR} >= 1) or vector(0)",
            about="Nozzles at or past their limit.",
            limits=theme.NONE_OR_NOW,
            span=6,
        ),
        number(
            "Replace on the next visit",
            f"count({_WEAR} >= 0.85 < 1) or vector(0)",
            about="Nozzles past 85 % of their limit.",
            limits=theme.NONE_IS_FINE,
            span=6,
        ),
        number(
            "Batteries to charge",
            f"count({_LOW}) or vector(0)",
            about="Devices on battery with less than a fifth of charge.",
            limits=theme.NONE_IS_FINE,
            span=6,
        ),
        number(
            "Silent devices",
            f"count(silverpoint_device_online{_IN} == 0) or vector(0)",
            about="Devices that are off or can't be heard; at night that is most of them.",
            span=6,
        ),
    ]


def _nozzles() -> Panel:
    return rows(
        "Nozzles to replace",
        Column("Wear", f"{_WEAR} >= 0.85", theme.RATIO, theme.WEAR),
        about="By wear; a click on the device leads to its page, where the swap is claimed.",
        none="No nozzle is due",
        labels=("clinic", "nozzle", "device"),
        sort="Wear",
        span=16,
    )


def _parts() -> Panel:
    return ranking(
        "Nozzles to bring, by clinic",
        Series(f"clinic:silverpoint_nozzles_due:count{_IN} > 0", "{{clinic}}"),
        about="How many nozzles are due or worn out in each clinic.",
        limits=theme.NONE_IS_FINE,
        none="No nozzle is due",
        span=8,
    )


def _soon() -> Panel:
    left = "silverpoint_nozzle_remaining_sessions"
    return rows(
        "Next to come",
        Column(
            "Sessions left, cautiously",
            f'bottomk(25, {left}{{clinic=~"$clinic", quantile="0.1"}})',
            limits=theme.SESSIONS_LEFT,
        ),
        Column(
            "Sessions left, median",
            f'{left}{{clinic=~"$clinic", quantile="0.5"}}',
            limits=theme.SESSIONS_LEFT,
        ),
        about="The nozzles that the forecast sees at their limit first: with a chance of 10 % within the first figure.",
        none="There are no forecasts yet",
        labels=("clinic", "nozzle", "device"),
        sort="Sessions left, cautiously",
    )


def _batteries() -> Panel:
    return rows(
        "Batteries to charge",
        Column("Charge", _LOW, theme.RATIO, theme.CHARGE),
        about="On battery, with less than a fifth of charge.",
        none="Every battery has charge",
        span=8,
    )


def _degraded() -> Panel:
    return rows(
        "Batteries to replace",
        Column(
            "Health",
            f"silverpoint_battery_health_ratio{_IN} < 0.6",
            theme.RATIO,
            theme.HEALTH,
        ),
        about="A full charge holds less than 60 % of what the battery was made for.",
        none="Every battery is in health",
        span=8,
    )


def _silent() -> Panel:
    return rows(
        "Silent devices",
        Column(
            "Last seen",
            f"silverpoint_device_last_seen_timestamp_seconds{_IN} * 1000"
            f" and on (clinic, device) silverpoint_device_online{_IN} == 0",
            theme.AGO,
        ),
        about="Devices that are off or can't be heard, the longest last.",
        none="Every device is online",
        span=8,
    )
