"""What is going to happen to one device, in order of time."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Final, TypeAlias

NEVER_MS: Final = 2**62

Act: TypeAlias = Callable[[int], None]
"""Told the time for which it was planned."""


class Agenda:
    """Planned acts; those planned for the same instant happen in the order of planning."""

    __slots__ = ("_acts", "_planned")

    def __init__(self) -> None:
        self._acts: list[tuple[int, int, Act]] = []
        self._planned = 0

    def next_ms(self) -> int:
        """When the next act is due; NEVER_MS if nothing is planned."""
        return self._acts[0][0] if self._acts else NEVER_MS

    def plan(self, at_ms: int, act: Act) -> None:
        self._planned += 1
        heappush(self._acts, (at_ms, self._planned, act))

    def perform_next(self) -> None:
        """Performs what is due first."""
        at_ms, _, act = heappop(self._acts)
        act(at_ms)
