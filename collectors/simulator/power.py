"""What a device runs on: mains where it stands or is docked, else a battery that drains, charges and ages."""

from __future__ import annotations

from random import Random

from collectors.simulator.settings import HOUR_MS
from schemas.records import PowerSource

EMPTY_CHARGE = 0.05
_IDLE_PER_MS = 0.018 / HOUR_MS
_SESSION_PER_MS = 0.26 / HOUR_MS
_CHARGING_PER_MS = 0.34 / HOUR_MS
_FADE_PER_CYCLE = 0.0005


class Battery:
    """State of charge and of health. The lower the health, the sooner the charge is gone."""

    __slots__ = ("charge_ratio", "health_ratio")

    def __init__(self, charge_ratio: float, health_ratio: float) -> None:
        self.charge_ratio = charge_ratio
        self.health_ratio = health_ratio

    def charge(self, for_ms: int) -> None:
        self.charge_ratio = min(1.0, self.charge_ratio + for_ms * _CHARGING_PER_MS)

    def drain(self, for_ms: int, in_session: bool) -> None:
        """Takes what the device needs; every drained charge ages the battery a little."""
        drained = for_ms * (_SESSION_PER_MS if in_session else _IDLE_PER_MS) / self.health_ratio
        self.charge_ratio = max(0.0, self.charge_ratio - drained)
        self.health_ratio = max(0.3, self.health_ratio - drained * _FADE_PER_CYCLE)


class PowerSupply:
    """The power of one device. `plugged`: it stands on its socket or is docked; `outage`: the socket is dead."""

    __slots__ = ("_at_ms", "_mains_v", "_rng", "battery", "outage", "plugged")

    def __init__(self, rng: Random, mains_v: float, battery: Battery | None, at_ms: int) -> None:
        self._rng = rng
        self._mains_v = mains_v
        self._at_ms = at_ms
        self.battery = battery
        self.plugged = True
        self.outage = False

    @property
    def on_mains(self) -> bool:
        return self.plugged and not self.outage

    @property
    def available(self) -> bool:
        """Whether the device can run at all."""
        return self.on_mains or (self.battery is not None and self.battery.charge_ratio > EMPTY_CHARGE)

    @property
    def source(self) -> PowerSource:
        return "mains" if self.on_mains else "battery"

    def pass_time(self, to_ms: int, *, running: bool, in_session: bool) -> None:
        """Charges or drains up to `to_ms`. Call it before anything about the power changes."""
        for_ms, self._at_ms = to_ms - self._at_ms, to_ms
        if self.battery is None:
            return
        if self.on_mains:
            self.battery.charge(for_ms)
        elif running:
            self.battery.drain(for_ms, in_session)

    def to_json(self, in_session: bool) -> str:
        """The `power` object of a sample."""
        noise = self._rng.gauss(0.0, 1.0)
        battery = self.battery
        if battery is None:
            return f'{{"source":"mains","charge":null,"voltage_v":{self._mains_v * (1 + 0.008 * noise):.1f}}}'
        if self.on_mains:
            source, voltage_v = "mains", self._mains_v * (1 + 0.008 * noise)
        else:
            sag_v = 0.5 if in_session else 0.0
            source, voltage_v = "battery", 22.8 + 5.8 * battery.charge_ratio - sag_v + 0.08 * noise
        return (
            f'{{"source":"{source}","charge":{battery.charge_ratio:.3f},"voltage_v":{voltage_v:.1f},'
            f'"health":{battery.health_ratio:.3f}}}'
        )
