"""A device's own idea of the time: unset after some boots, drifting between syncs."""

from __future__ import annotations

from random import Random


class DeviceClock:
    """Tells the time of day as the device believes it, and the time since power-up."""

    __slots__ = ("_drift_ppm", "_error_ms", "_rng", "_synced_ms", "booted_ms", "is_set", "sync_works")

    def __init__(self, rng: Random, drift_ppm: float, *, sync_works: bool, at_ms: int) -> None:
        self._rng = rng
        self._drift_ppm = drift_ppm
        self._error_ms = 0.0
        self._synced_ms = at_ms
        self.booted_ms = at_ms
        self.sync_works = sync_works
        self.is_set = True

    def boot(self, at_ms: int, *, forgets: bool) -> None:
        """Starts counting anew; a clock that forgets is not set until the next sync."""
        self.booted_ms = at_ms
        if forgets and self.sync_works:
            self.is_set = False

    def sync(self, at_ms: int) -> None:
        """Takes the time from the network, if this device can."""
        if self.sync_works:
            self._error_ms = self._rng.gauss(0.0, 40.0)
            self._synced_ms = at_ms
            self.is_set = True

    def ts_ms(self, at_ms: int) -> int | None:
        """What the device believes the time to be; None while its clock is not set."""
        if not self.is_set:
            return None
        return at_ms + int(self._error_ms + (at_ms - self._synced_ms) * self._drift_ppm * 1e-6)

    def up_ms(self, at_ms: int) -> int:
        return at_ms - self.booted_ms
