"""One clinic: its devices, their power, nozzles and use."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.grafana import theme
from dashboards.grafana.panels import Column, Series, lines, number, rows, states
from dashboards.grafana.variables import Panel, Section, board, clinics

_IN: Final = '{clinic=~"$clinic"}'
_WEAR: Final = f"device_nozzle:silverpoint_nozzle_wear_ratio:last{_IN}"


def clinic_board() -> Dashboard:
    """The board `silverpoint-clinic`."""
    return board(
        "silverpoint-clinic",
        "Silverpoint / Clinic",
        about="One clinic: its devices, their power, nozzles and use.",
        variables=[clinics(several=False)],
        since="now-2d",
        sections=[
            Section("Now", [*_figures(), _devices()]),
            Section("Over time", [_power(), _presence(), _wear(), _sessions(), _charge(), _strikes()]),
        ],
    )


def _figures() -> list[Panel]:
    return [
        number(
            "Devices", f"count(silverpoint_device_online{_IN})", about="Devices that the gateway knows here.", span=3
        ),
        number(
            "Online",
            f"sum(silverpoint_device_online{_IN})",
            about="Devices that are online. None, while the clinic is open: ask whether it has power and network.",
            limits=theme.ONE_IS_FINE,
            span=3,
        ),
        number(
            "On mains",
            f"sum(silverpoint_device_on_mains{_IN})",
            about="Devices online that run on mains. None of several: the clinic may have lost its power.",
            span=3,
        ),
        number(
            "Lowest charge",
            f"min(silverpoint_battery_charge_ratio{_IN})",
            about="The emptiest battery among the devices online.",
            unit=theme.RATIO,
            decimals=0,
            limits=theme.CHARGE,
            span=3,
        ),
        number(
            "Highest wear",
            f"max({_WEAR})",
            about="The most worn nozzle; at 100 % it must be replaced.",
            unit=theme.RATIO,
            decimals=0,
            limits=theme.WEAR,
            span=4,
        ),
        number(
            "Nozzles due",
            f"count({_WEAR} >= 0.85) or vector(0)",
            about="Nozzles past 85 % of their wear limit: parts for the next visit.",
            limits=theme.NONE_IS_FINE,
            span=4,
        ),
        number(
            "Sessions in 24 h",
            f"sum(increase(silverpoint_device_sessions_total{_IN}[1d]))",
            about="Treatment sessions of the last 24 hours.",
            decimals=0,
            span=4,
        ),
    ]


def _devices() -> Panel:
    return rows(
        "Devices",
        Column("State", f"silverpoint_device_online{_IN}", words=theme.ONLINE_WORDS),
        Column(
            "Last seen",
            f"silverpoint_device_last_seen_timestamp_seconds{_IN} * 1000",
            theme.AGO,
        ),
        Column("Power", f"silverpoint_device_on_mains{_IN}", words=theme.POWER_WORDS),
        Column("Charge", f"silverpoint_battery_charge_ratio{_IN}", theme.RATIO, theme.CHARGE),
        Column(
            "Battery health",
            f"silverpoint_battery_health_ratio{_IN}",
            theme.RATIO,
            theme.HEALTH,
        ),
        Column("Wear", _WEAR, theme.RATIO, theme.WEAR),
        Column("Sessions in 7 d", f"increase(silverpoint_device_sessions_total{_IN}[7d])"),
        about="One line for each device; a click leads to its page and board. Of silent ones only the wear is kept.",
        none="No device of this clinic has been seen yet",
        sort="Wear",
        height=10,
    )


def _power() -> Panel:
    return states(
        "Power",
        Series(f"max by (device) (silverpoint_device_on_mains{_IN})", "{{device}}"),
        about="Mains or battery; gaps are times in which the device was silent.",
        words=theme.POWER_WORDS,
    )


def _presence() -> Panel:
    return states(
        "Online",
        Series(f"max by (device) (silverpoint_device_online{_IN})", "{{device}}"),
        about="When each device was online.",
        words=theme.ONLINE_WORDS,
    )


def _wear() -> Panel:
    return lines(
        "Wear",
        Series(_WEAR, "{{device}} {{nozzle}}"),
        about="Each nozzle's wear; the dashed lines are where it is due and where it must be replaced.",
        unit=theme.RATIO,
        limits=theme.WEAR,
    )


def _sessions() -> Panel:
    return lines(
        "Sessions an hour",
        Series(f"sum by (device) (increase(silverpoint_device_sessions_total{_IN}[1h]))", "{{device}}"),
        about="When the clinic treats, and on which devices.",
        bars=True,
        bucket="1h",
        stacked=True,
    )


def _charge() -> Panel:
    return lines(
        "Charge",
        Series(f"max by (device) (silverpoint_battery_charge_ratio{_IN})", "{{device}}"),
        about="State of charge of the devices with a battery.",
        unit=theme.RATIO,
        limits=theme.CHARGE,
        ceiling=1,
    )


def _strikes() -> Panel:
    return lines(
        "Strikes a second",
        Series(f"sum by (device) (rate(silverpoint_nozzle_strikes_total{_IN}[$__rate_interval]))", "{{device}}"),
        about="How hard the nozzles work: 50 to 150 in a session, averaged over the time between points.",
        unit=theme.PER_SECOND,
    )
