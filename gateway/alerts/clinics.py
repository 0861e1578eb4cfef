"""Clinics: which devices each has now, and what those that stand on mains said of their power last."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.alerts.wide_conditions import FEWEST_DEVICES, PowerState
from gateway.store.rows import DeviceState
from schemas.registry import DeviceLifecycle

IN_USE: frozenset[DeviceLifecycle] = frozenset({"discovered", "in_service"})
"""Only these can be silent, or lose the clinic's mains."""


class Clinics:
    """Kept up to date one device at a time: a clinic is judged without looking through the fleet."""

    def __init__(self) -> None:
        self._clinic_of: dict[str, str] = {}
        self._powers: dict[str, dict[str, PowerState | None]] = {}
        self._dark: dict[str, int] = {}
        self._was_on_mains: set[str] = set()

    def stands(self, state: DeviceState, power_source: str) -> bool:
        """Whether the device stands on mains, so that it can lose it: it said so, or was on mains and did not say
        that it is mobile. `power_source` is that of its reading."""
        if state.form is not None:
            return state.form == "stationary"
        if power_source == "mains":
            self._was_on_mains.add(state.device_id)
        return state.device_id in self._was_on_mains

    def note(self, state: DeviceState, lifecycle: DeviceLifecycle) -> None:
        """Takes the device as it stands now; one that is not in use belongs to no clinic."""
        clinic_id = state.clinic_id if lifecycle in IN_USE else None
        before = self._clinic_of.get(state.device_id)
        if before is not None and before != clinic_id:
            self._leave(state.device_id, before)
        if clinic_id is None:
            return
        self._clinic_of[state.device_id] = clinic_id
        powers = self._powers.setdefault(clinic_id, {})
        power = self._power_of(state)
        was = powers.get(state.device_id)
        powers[state.device_id] = power
        change = _is_dark(power) - _is_dark(was)
        if change:
            self._dark[clinic_id] = self._dark.get(clinic_id, 0) + change

    def devices(self, clinic_id: str) -> Sequence[str]:
        """The devices in use there."""
        return tuple(self._powers.get(clinic_id, ()))

    def is_counted(self, device_id: str) -> bool:
        """Whether the device is in use in some clinic."""
        return device_id in self._clinic_of

    def may_be_dark(self, clinic_id: str) -> bool:
        """Whether enough devices run on their batteries to look closer."""
        return self._dark.get(clinic_id, 0) >= FEWEST_DEVICES

    def power(self, clinic_id: str) -> list[PowerState]:
        """What the clinic's devices that stand on mains said last."""
        return [power for power in self._powers.get(clinic_id, {}).values() if power is not None]

    def _power_of(self, state: DeviceState) -> PowerState | None:
        """The device's power, if it is one that stands on mains and has said anything."""
        if state.latest is None or not self.stands(state, state.latest.sample.power_source):
            return None
        return PowerState(state.latest.sample.power_source == "battery", state.latest.event_ms)

    def _leave(self, device_id: str, clinic_id: str) -> None:
        del self._clinic_of[device_id]
        was = self._powers[clinic_id].pop(device_id)
        if _is_dark(was):
            self._dark[clinic_id] -= 1
        if not self._powers[clinic_id]:
            del self._powers[clinic_id]
            self._dark.pop(clinic_id, None)


def _is_dark(power: PowerState | None) -> int:
    return power is not None and power.on_battery
