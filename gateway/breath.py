"""Breath: pauses in long work on the event loop, so that those who wait for it go first."""

from __future__ import annotations

import asyncio
import time
from contextvars import ContextVar
from typing import Final

_SLICE_S: Final = 0.002
_LONGEST_S: Final = 0.5

_rested_at_s: Final[ContextVar[float]] = ContextVar("rested_at_s", default=0.0)
"""When this task last rested, in the time of its thread: for work that lies within other work and breathes itself."""


class Breath:
    """Taken between two pieces of work; costs nothing until a slice of time is used up.

    A commit takes a dozen turns of the loop, and `sleep(0)` would put a piece of work before each of them. Resting for
    `rest_ratio` times as long as was worked leaves the loop to others for that share of the time. Work is what the
    thread of the loop did: while it waited for the store, the loop was everybody's.
    """

    def __init__(self, rest_ratio: float = 1.0) -> None:
        self._rest_ratio = rest_ratio
        self._looked_s = time.perf_counter()
        self._began_s = time.thread_time()

    async def take(self) -> None:
        """Rests if it is time to."""
        if time.perf_counter() - self._looked_s < _SLICE_S:
            return  # to look at this clock costs a tenth of what it costs to look at the thread's
        worked_s = time.thread_time() - max(self._began_s, _rested_at_s.get())
        if worked_s >= _SLICE_S:
            await asyncio.sleep(min(worked_s * self._rest_ratio, _LONGEST_S))
            self._began_s = time.thread_time()
            _rested_at_s.set(self._began_s)
        self._looked_s = time.perf_counter()
