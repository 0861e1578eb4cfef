"""One device: what it says now, and its nozzle, battery and use over time."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.grafana import theme
from dashboards.grafana.panels import Series, lines, number, states
from dashboards.grafana.variables import Panel, Section, board, clinics, devices, nozzles

_ONE: Final = '{clinic=~"$clinic", device=~"$device"}'
_NOZZLES: Final = '{clinic=~"$clinic", device=~"$device", nozzle=~"$nozzle"}'
_LINK: Final = ("Open the device in Silverpoint", "${silverpoint}/devices/${device}")


def device_board() -> Dashboard:
    """The board `silverpoint-device`."""
    return board(
        "silverpoint-device",
        "Silverpoint / Device",
        about="One device: what it says now, and its nozzle, battery and use over time.",
        variables=[clinics(several=False), devices(several=False), nozzles()],
        since="now-7d",
        sections=[
            Section("Now", _figures()),
            Section("Nozzle", [_wear(), _left(), _coating(), _strikes()]),
            Section("Power and use", [_charge(), _health(), _sessions(), _presence()]),
        ],
    )


def _figures() -> list[Panel]:
    return [
        number(
            "State",
            f"max(silverpoint_device_online{_ONE})",
            about="Whether it is online. A device that is silent keeps only this and when it was last seen.",
            unit=theme.WORD,
            limits=theme.ONE_IS_FINE,
            words=theme.ONLINE_WORDS,
            span=3,
            links=[_LINK],
        ),
        number(
            "Last seen",
            f"max(silverpoint_device_last_seen_timestamp_seconds{_ONE}) * 1000",
            about="When the gateway last received something of it.",
            unit=theme.AGO,
            span=4,
        ),
        number(
            "Power",
            f"max(silverpoint_device_on_mains{_ONE})",
            about="What it runs on.",
            unit=theme.WORD,
            words=theme.POWER_WORDS,
            span=3,
        ),
        number(
            "Charge",
            f"max(silverpoint_battery_charge_ratio{_ONE})",
            about="State of charge; nothing where there is no battery.",
            unit=theme.RATIO,
            decimals=0,
            limits=theme.CHARGE,
            span=3,
        ),
        number(
            "Battery health",
            f"max(silverpoint_battery_health_ratio{_ONE})",
            about="What a full charge holds, as a part of what the battery was made for.",
            unit=theme.RATIO,
            decimals=0,
            limits=theme.HEALTH,
            span=3,
        ),
        number(
            "Wear",
            f"max(device_nozzle:silverpoint_nozzle_wear_ratio:last{_NOZZLES})",
            about="Of the nozzle that is on it, or was when it was last heard; at 100 % it must be replaced.",
            unit=theme.RATIO,
            decimals=0,
            limits=theme.WEAR,
            span=4,
        ),
        number(
            "Sessions in 24 h",
            f"sum(increase(silverpoint_device_sessions_total{_ONE}[1d]))",
            about="Treatment sessions of the last 24 hours.",
            decimals=0,
            span=4,
        ),
    ]


def _wear() -> Panel:
    return lines(
        "Wear",
        Series(f"max by (nozzle) (silverpoint_nozzle_wear_ratio{_NOZZLES})", "{{nozzle}}"),
        about="The dashed lines: where a nozzle is due, and where it must be replaced. In gaps the device was silent.",
        unit=theme.RATIO,
        limits=theme.WEAR,
    )


def _left() -> Panel:
    left = 'silverpoint_nozzle_remaining_sessions{clinic=~"$clinic", device=~"$device", nozzle=~"$nozzle"}'
    return lines(
        "Sessions left",
        Series(f"max by (nozzle, quantile) ({left})", "{{nozzle}} at {{quantile}}"),
        about="The forecast: with a chance of 10, 50 and 90 % the limit comes within so many sessions.",
    )


def _coating() -> Panel:
    return lines(
        "Coating left, as measured",
        Series(f"max by (nozzle) (silverpoint_nozzle_coating_ratio{_NOZZLES})", "{{nozzle}}"),
        about="The device's own reading of the silver coating. It is noisy: judge by the wear.",
        unit=theme.RATIO,
        ceiling=1,
    )


def _strikes() -> Panel:
    return lines(
        "Strikes a second",
        Series(f"sum by (nozzle) (rate(silverpoint_nozzle_strikes_total{_NOZZLES}[$__rate_interval]))", "{{nozzle}}"),
        about="50 to 150 in a session, averaged over the time between points.",
        unit=theme.PER_SECOND,
    )


def _charge() -> Panel:
    return lines(
        "Charge",
        Series(f"max by (device) (silverpoint_battery_charge_ratio{_ONE})", "charge"),
        about="How the battery is used and charged.",
        unit=theme.RATIO,
        limits=theme.CHARGE,
        ceiling=1,
    )


def _health() -> Panel:
    return lines(
        "Battery health",
        Series(f"max by (device) (silverpoint_battery_health_ratio{_ONE})", "health"),
        about="Look at months: below 60 % the battery is due for replacement.",
        unit=theme.RATIO,
        limits=theme.HEALTH,
        ceiling=1,
    )


def _sessions() -> Panel:
    return lines(
        "Sessions an hour",
        Series(f"sum by (device) (increase(silverpoint_device_sessions_total{_ONE}[1h]))", "sessions"),
        about="When the device is used.",
        bars=True,
        bucket="1h",
    )


def _presence() -> Panel:
    return states(
        "Online",
        Series(f"max by (device) (silverpoint_device_online{_ONE})", "{{device}}"),
        about="When the device was online.",
        words=theme.ONLINE_WORDS,
    )
