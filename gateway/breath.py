"""Breath: pauses in long work on the event loop, so that those who wait for it go first."""

from __future__ import annotations

import asyncio
import time
from typing import Final

_SLICE_S: Final = 0.002
_LONGEST_S: Final = 0.5


class Breath:
    """Taken between two pieces of work; costs nothing until a slice of time is used up.

    A commit takes a dozen turns of the loop, and `sleep(0)` would put a piece of work before each of them. Resting for
    `rest_ratio` times as long as was worked leaves the loop to others for that share of the time.
    """

    def __init__(self, rest_ratio: float = 1.0) -> None:
        self._rest_ratio = rest_ratio
        self._since_s = time.perf_counter()

    async def take(self) -> None:
        """Rests if it is time to."""
        worked_s = time.perf_counter() - self._since_s
        if worked_s >= _SLICE_S:
            await asyncio.sleep(min(worked_s * self._rest_ratio, _LONGEST_S))
            self._since_s = time.perf_counter()
