"""Time is given, never taken: whatever needs the time of day or a duration gets a Clock."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """The two times a process needs: of day, and elapsed."""

    def now_ms(self) -> int:
        """Milliseconds since the Unix epoch, UTC; may step."""
        ...

    def monotonic_ms(self) -> int:
        """Milliseconds that only grow; for durations and holds."""
        ...


class SystemClock:
    """The machine's clocks."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000


class ManualClock:
    """A clock that stands still until told; for tests and replays."""

    def __init__(self, now_ms: int) -> None:
        self._now_ms = now_ms
        self._monotonic_ms = 0

    def now_ms(self) -> int:
        return self._now_ms

    def monotonic_ms(self) -> int:
        return self._monotonic_ms

    def advance(self, by_ms: int) -> None:
        """Lets time pass on both clocks."""
        self._now_ms += by_ms
        self._monotonic_ms += by_ms

    def step(self, to_ms: int) -> None:
        """Sets the time of day alone, as NTP or a person does."""
        self._now_ms = to_ms
