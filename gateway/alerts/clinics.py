"""Clinics: which devices each has now, and what those that stand on mains said of their power last."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.alerts.wide_conditions import FEWEST_DEVICES, PowerState
from gateway.store.rows import DeviceState, SamplePoint
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
        in_use = lifecycle in IN_USE
        if self._clinic_of.get(state.device_id) != (state.clinic_id if in_use else None):
            self.enter(state, lifecycle)
        latest = state.latest
        if in_use and latest is not None:
            self._note_power(
                state, state.clinic_id, latest.sample.power_source, min(latest.event_ms, latest.received_ms)
            )

    def enter(self, state: DeviceState, lifecycle: DeviceLifecycle) -> None:
        """Takes where the device is now, but not what it said."""
        clinic_id = state.clinic_id if lifecycle in IN_USE else None
        before = self._clinic_of.get(state.device_id)
        if before == clinic_id:
            return
        if before is not None:
            self._leave(state.device_id, before)
        if clinic_id is not None:
            self._clinic_of[state.device_id] = clinic_id
            self._powers.setdefault(clinic_id, {})[state.device_id] = None

    def note_power(self, state: DeviceState, point: SamplePoint) -> None:
        """Takes what the device said of its power then; of one that is not in use, or does not stand, nothing."""
        clinic_id = self._clinic_of.get(state.device_id)
        if clinic_id is not None:
            self._note_power(state, clinic_id, point.power_source, min(point.ts_ms, point.received_ms))

    def _note_power(self, state: DeviceState, clinic_id: str, power_source: str, at_ms: int) -> None:
        device_id, powers = state.device_id, self._powers[clinic_id]
        power = powers[device_id]
        was_dark = power is not None and power.on_battery
        if not self.stands(state, power_source):
            is_dark, powers[device_id] = False, None
        else:
            is_dark = power_source == "battery"
            if power is None:
                powers[device_id] = PowerState(is_dark, at_ms)
            else:
                power.on_battery, power.at_ms = is_dark, at_ms
        if is_dark != was_dark:
            self._dark[clinic_id] = self._dark.get(clinic_id, 0) + (1 if is_dark else -1)

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

    def _leave(self, device_id: str, clinic_id: str) -> None:
        del self._clinic_of[device_id]
        was = self._powers[clinic_id].pop(device_id)
        if was is not None and was.on_battery:
            self._dark[clinic_id] -= 1
        if not self._powers[clinic_id]:
            del self._powers[clinic_id]
            self._dark.pop(clinic_id, None)
