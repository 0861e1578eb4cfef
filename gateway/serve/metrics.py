"""Metrics: the process's own counters, and the fleet's gauges as text of our own.

The text of a device is kept until its view changes, and joined: setting labelled gauges for each message would cost
more than taking the message in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from prometheus_client import generate_latest

from gateway.breath import Breath
from gateway.clock import Clock
from gateway.events import Events
from gateway.forecasting.board import ForecastBook, NoForecasts
from gateway.ingest.fleet import Fleet
from gateway.serve.board import AlertBoard
from gateway.serve.reader import Reader
from gateway.store.forecast_rows import Coverage
from schemas.alert import Alert
from schemas.views import DeviceView

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class Family(NamedTuple):
    """One metric: its name, type, and what it tells."""

    name: str
    type: str
    help: str
    labels: tuple[str, ...] = ("clinic", "device")


DEVICE_FAMILIES: Final = (
    Family("silverpoint_device_online", "gauge", "1 while the device is online, 0 when it is not."),
    Family(
        "silverpoint_device_last_seen_timestamp_seconds",
        "gauge",
        "When the gateway last received something of the device.",
    ),
    Family("silverpoint_device_on_mains", "gauge", "1 on mains, 0 on battery."),
    Family("silverpoint_battery_charge_ratio", "gauge", "State of charge, 0 to 1."),
    Family(
        "silverpoint_battery_health_ratio", "gauge", "Full-charge capacity as a part of the design capacity, 0 to 1."
    ),
    Family("silverpoint_device_sessions_total", "counter", "Treatment sessions of the device; may restart at 0."),
    Family(
        "silverpoint_nozzle_strikes_total",
        "counter",
        "Needle strikes of the nozzle on the device.",
        ("clinic", "device", "nozzle"),
    ),
    Family(
        "silverpoint_nozzle_coating_ratio",
        "gauge",
        "Remaining part of the silver coating as measured, 0 to 1.",
        ("clinic", "device", "nozzle"),
    ),
    Family(
        "silverpoint_nozzle_wear_ratio",
        "gauge",
        "Wear of the nozzle; at 1 it must be replaced.",
        ("clinic", "device", "nozzle"),
    ),
)
MISSING: Final = Family("silverpoint_records_missing", "gauge", "Records missing in the devices' numbering now.", ())
ALERTS: Final = Family("silverpoint_alerts", "gauge", "Open alerts.", ("rule", "severity", "state"))
REMAINING: Final = Family(
    "silverpoint_nozzle_remaining_sessions",
    "gauge",
    "Sessions left until the nozzle's wear reaches its limit, by quantile.",
    ("clinic", "device", "nozzle", "quantile"),
)
COVERAGE: Final = Family(
    "silverpoint_forecast_coverage_ratio",
    "gauge",
    "Part of the scored forecasts whose 80 % interval held what came.",
    ("group",),
)
SCORED: Final = Family("silverpoint_forecasts_scored", "gauge", "Past forecasts that could be scored.", ("group",))
FLEET_FAMILIES: Final = (*DEVICE_FAMILIES, REMAINING, MISSING, ALERTS, COVERAGE, SCORED)

_Lines = tuple[str, ...]
"""A device's line in each of DEVICE_FAMILIES; empty where it has none."""


class Metrics:
    """Writes the whole exposition."""

    def __init__(
        self,
        *,
        fleet: Fleet,
        reader: Reader,
        board: AlertBoard,
        events: Events,
        clock: Clock,
        forecasts: ForecastBook | None = None,
    ) -> None:
        self._fleet = fleet
        self._reader = reader
        self._board = board
        self._events = events
        self._clock = clock
        self._forecasts = forecasts if forecasts is not None else NoForecasts()
        self._kept: dict[str, tuple[DeviceView, _Lines]] = {}

    async def text(self) -> bytes:
        """All metrics in Prometheus's text format. Devices that have changed are written anew, a few at a time."""
        device_text = await self._device_text()
        open_alerts = (*self._board.firing(), *self._board.pending())
        return b"".join(
            (
                generate_latest(self._events.registry),
                device_text.encode(),
                f"{_head(MISSING)}{MISSING.name} {self._fleet.missing_records()}\n".encode(),
                alert_text(open_alerts).encode(),
                coverage_text(self._forecasts.coverage()).encode(),
            )
        )

    async def _device_text(self) -> str:
        now_ms = self._clock.now_ms()
        breath = Breath()
        lines: list[_Lines] = []
        for state in tuple(self._fleet.devices()):
            lines.append(self._lines(self._reader.current(state, now_ms)))
            await breath.take()
        columns: Iterable[Sequence[str]] = zip(*lines, strict=True) if lines else [()] * (len(DEVICE_FAMILIES) + 1)
        families = zip((*DEVICE_FAMILIES, REMAINING), columns, strict=True)
        return "".join(part for family, column in families for part in (_head(family), *column))

    def _lines(self, view: DeviceView) -> _Lines:
        kept = self._kept.get(view.id)
        if kept is not None and kept[0] is view:
            return kept[1]
        lines = (*device_lines(view), remaining_lines(view))
        self._kept[view.id] = (view, lines)
        return lines


def device_lines(view: DeviceView) -> _Lines:
    """The device's lines. A silent device keeps presence and last sight; its other gauges go away."""
    device = f'{{clinic="{_escaped(view.clinic_id)}",device="{_escaped(view.id)}"'
    last_seen_s = view.last_seen_ms / 1_000 if view.last_seen_ms is not None else None
    values: tuple[float | None, ...] = (float(view.online), last_seen_s, *_state_values(view), *_nozzle_values(view))
    nozzle = f',nozzle="{_escaped(view.nozzle.serial)}"' if view.nozzle and view.nozzle.serial else ""
    return tuple(_line(family, device, nozzle, value) for family, value in zip(DEVICE_FAMILIES, values, strict=True))


def remaining_lines(view: DeviceView) -> str:
    """The sessions that the device's nozzle has left, a line for each quantile; empty for a silent device."""
    sessions = view.forecast.remaining_sessions if view.forecast else None
    if not view.online or sessions is None or view.nozzle is None or view.nozzle.serial is None:
        return ""
    labels = ",".join(
        f'{label}="{_escaped(value)}"'
        for label, value in (("clinic", view.clinic_id), ("device", view.id), ("nozzle", view.nozzle.serial))
    )
    return "".join(
        f'{REMAINING.name}{{{labels},quantile="{quantile}"}} {value!r}\n'
        for quantile, value in (("0.1", sessions.p10), ("0.5", sessions.p50), ("0.9", sessions.p90))
    )


def coverage_text(rows: Iterable[Coverage]) -> str:
    """How past forecasts turned out."""
    known = [row for row in rows if row.inside_80 is not None]
    shares = (f'{COVERAGE.name}{{group="{_escaped(row.group)}"}} {row.inside_80!r}\n' for row in known)
    counts = (f'{SCORED.name}{{group="{_escaped(row.group)}"}} {row.scored}\n' for row in known)
    return "".join((_head(COVERAGE), *shares, _head(SCORED), *counts))


def alert_text(alerts: Iterable[Alert]) -> str:
    """Open alerts, counted by rule, severity and state."""
    counts = Counter((alert.rule, alert.severity, alert.state) for alert in alerts)
    lines = (
        f'{ALERTS.name}{{rule="{rule}",severity="{severity}",state="{state}"}} {count}\n'
        for (rule, severity, state), count in sorted(counts.items())
    )
    return _head(ALERTS) + "".join(lines)


def _state_values(view: DeviceView) -> tuple[float | None, ...]:
    if not view.online or view.power is None or view.sessions is None:
        return (None, None, None, None)
    on_mains = None if view.power.source is None else float(view.power.source == "mains")
    return (on_mains, view.power.charge, view.power.health, view.sessions.total)


def _nozzle_values(view: DeviceView) -> tuple[float | None, ...]:
    nozzle = view.nozzle
    if not view.online or nozzle is None or nozzle.serial is None:
        return (None, None, None)
    return (nozzle.strikes, nozzle.coating, nozzle.wear)


def _line(family: Family, device: str, nozzle: str, value: float | None) -> str:
    if value is None:
        return ""
    number = int(value) if value == int(value) else value
    return f"{family.name}{device}{nozzle if 'nozzle' in family.labels else ''}}} {number!r}\n"


def _head(family: Family) -> str:
    return f"# HELP {family.name} {family.help}\n# TYPE {family.name} {family.type}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
