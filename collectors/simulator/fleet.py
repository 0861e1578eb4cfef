"""The fleet: all devices side by side, their messages in order of receipt."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heapify, heapreplace

from collectors.simulator.clinics import Window, make_clinics
from collectors.simulator.device import SimulatedDevice
from collectors.simulator.inventory import Inventory
from collectors.simulator.settings import HOUR_MS, SimulatorSettings
from collectors.simulator.traits import Traits, draw_traits
from collectors.simulator.truth import NozzleTruth
from collectors.simulator.uplink import Outgoing
from schemas.delivery import Delivery
from schemas.registry import DeviceEntry, RegistryEntry

_STRIDE_MS = 6 * HOUR_MS


class SimulatedFleet:
    """A fleet that can be advanced again and again; how that is split changes nothing of what is delivered."""

    def __init__(self, settings: SimulatorSettings) -> None:
        self._settings = settings
        self._now_ms = settings.start_ms
        self._inventory = Inventory(settings)
        self._clinics = make_clinics(settings)
        self._traits: list[Traits] = [draw_traits(settings, number) for number in range(settings.devices)]
        absences = _draw_absences(settings)
        self._devices = [
            SimulatedDevice(
                settings,
                traits,
                self._clinics[number % len(self._clinics)],
                self._inventory,
                number,
                absences.get(number),
            )
            for number, traits in enumerate(self._traits)
        ]
        self._due = [(device.next_ms(), number) for number, device in enumerate(self._devices)]
        heapify(self._due)
        self._in_transit: list[Outgoing] = []

    @property
    def size(self) -> int:
        """How many devices it has."""
        return len(self._devices)

    @property
    def now_ms(self) -> int:
        """Up to when the fleet has been advanced."""
        return self._now_ms

    @property
    def bad_lot(self) -> str:
        """The lot that wears clearly faster than it should."""
        return self._inventory.bad_lot

    def advance(self, until_ms: int) -> Iterator[Delivery]:
        """Yields what is received up to and including `until_ms`, in order of receipt. Consume it whole: the fleet
        advances as it is read, a few hours at a time."""
        while self._now_ms < until_ms:
            self._now_ms = min(self._now_ms + _STRIDE_MS, until_ms)
            yield from self._step(self._now_ms)

    def truth(self) -> list[NozzleTruth]:
        """Every nozzle of the fleet as it is now."""
        return [nozzle for device in self._devices for nozzle in device.truth()]

    def registry(self) -> list[RegistryEntry]:
        """Clinics, devices, nozzle models and lots as people would have written them down."""
        devices = [
            DeviceEntry(
                device_id=traits.device_id,
                label=f"{traits.model} no. {number // len(self._clinics) + 1}",
                asset_tag=f"A-{number + 1:05d}",
                room=f"Room {number // len(self._clinics) + 1}",
                state="in_service",
            )
            for number, traits in enumerate(self._traits)
        ]
        return [*(clinic.entry() for clinic in self._clinics), *devices, *self._inventory.registry()]

    def _step(self, until_ms: int) -> list[Delivery]:
        due = self._due
        in_transit = self._in_transit
        while due[0][0] <= until_ms:
            number = due[0][1]
            device = self._devices[number]
            device.advance(until_ms)
            in_transit += device.collect()
            heapreplace(due, (device.next_ms(), number))
        arrived = [sent for sent in in_transit if sent.received_ms <= until_ms]
        if not arrived:
            return []
        self._in_transit = [sent for sent in in_transit if sent.received_ms > until_ms]
        arrived.sort()
        return [sent.delivery for sent in arrived]


def _draw_absences(settings: SimulatorSettings) -> dict[int, Window]:
    """Devices that nobody hears of when the history goes over into live."""
    live_from_ms = settings.live_from_ms
    if live_from_ms is None:
        return {}
    rng = settings.random("absences")
    vanished = round(settings.devices * settings.oddities.vanished_share)
    return {
        number: Window(
            live_from_ms - int(rng.uniform(20, 50) * HOUR_MS), live_from_ms + int(rng.uniform(24, 60) * HOUR_MS)
        )
        for number in rng.sample(range(settings.devices), vanished)
    }
