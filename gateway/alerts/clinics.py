"""Clinics: which devices each has now, and what those that stand on mains said of their power last."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from gateway.alerts.wide_conditions import FEWEST_DEVICES, PowerState
from gateway.store.rows import DeviceState, SamplePoint


@dataclass(slots=True)
class _Place:
    """Where a device is in use, and what it said of its power last; None where it does not stand on mains."""

    clinic_id: str
    power: PowerState | None = None


class Clinics:
    """Kept up to date one device at a time: a clinic is judged without looking through the fleet.

    `out_of_use` are the devices that belong to no clinic now: they can't be silent, or lose the clinic's mains.
    """

    def __init__(self, out_of_use: Collection[str]) -> None:
        self._out_of_use = out_of_use
        self._places: dict[str, _Place] = {}
        self._places_in: dict[str, dict[str, _Place]] = {}
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

    def on_battery(self, states: Iterable[DeviceState]) -> Iterator[DeviceState]:
        """The devices that stand on mains and, by their latest reading, run on their batteries."""
        for state in states:
            latest = state.latest
            if latest is not None and latest.sample.power_source == "battery" and self.stands(state, "battery"):
                yield state

    def note(self, states: Iterable[DeviceState]) -> None:
        """Takes the devices as they stand now."""
        place_of, out_of_use = self._places.get, self._out_of_use
        for state in states:
            place, latest = place_of(state.device_id), state.latest
            if place is None or place.clinic_id != state.clinic_id or state.device_id in out_of_use:
                place = self.enter(state)
            if place is None or latest is None:
                continue
            event_ms, received_ms, _, sample = latest
            at_ms = min(received_ms, event_ms)
            power, power_source = place.power, sample.power_source
            if power is None or power.on_battery or power_source != "mains" or state.form == "mobile":
                self._note_power(state, place, power_source, at_ms)
            else:
                power.at_ms = at_ms

    def enter(self, state: DeviceState) -> _Place | None:
        """Takes where the device is now, but not what it said."""
        device_id, clinic_id = state.device_id, state.clinic_id
        place = self._places.get(device_id)
        in_use = device_id not in self._out_of_use
        if place is not None and in_use and place.clinic_id == clinic_id:
            return place
        if place is not None:
            self._leave(device_id, place)
        if not in_use:
            return None
        place = self._places[device_id] = _Place(clinic_id)
        self._places_in.setdefault(clinic_id, {})[device_id] = place
        return place

    def note_power(self, state: DeviceState, point: SamplePoint) -> None:
        """Takes what the device said of its power then; of one that is not in use, or does not stand, nothing."""
        place = self._places.get(state.device_id)
        if place is not None:
            self._note_power(state, place, point.power_source, min(point.ts_ms, point.received_ms))

    def _note_power(self, state: DeviceState, place: _Place, power_source: str, at_ms: int) -> None:
        power = place.power
        was_dark = power is not None and power.on_battery
        if not self.stands(state, power_source):
            is_dark, place.power = False, None
        else:
            is_dark = power_source == "battery"
            if power is None:
                place.power = PowerState(is_dark, at_ms)
            else:
                power.on_battery, power.at_ms = is_dark, at_ms
        if is_dark != was_dark:
            self._dark[place.clinic_id] = self._dark.get(place.clinic_id, 0) + (1 if is_dark else -1)

    def devices(self, clinic_id: str) -> Sequence[str]:
        """The devices in use there."""
        return tuple(self._places_in.get(clinic_id, ()))

    def is_counted(self, device_id: str) -> bool:
        """Whether the device is in use in some clinic."""
        return device_id in self._places

    def may_be_dark(self, clinic_id: str) -> bool:
        """Whether enough devices run on their batteries to look closer."""
        return self._dark.get(clinic_id, 0) >= FEWEST_DEVICES

    def power(self, clinic_id: str) -> list[PowerState]:
        """What the clinic's devices that stand on mains said last."""
        return [place.power for place in self._places_in.get(clinic_id, {}).values() if place.power is not None]

    def _leave(self, device_id: str, place: _Place) -> None:
        del self._places[device_id]
        del self._places_in[place.clinic_id][device_id]
        if place.power is not None and place.power.on_battery:
            self._dark[place.clinic_id] -= 1
        if not self._places_in[place.clinic_id]:
            del self._places_in[place.clinic_id]
            self._dark.pop(place.clinic_id, None)
