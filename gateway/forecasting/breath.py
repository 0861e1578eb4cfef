"""Rests for a thread that works in Python beside a loop that must stay free.

A thread that never lets the interpreter go is made to every 5 ms, and the loop then waits that long at each of its
turns. One that rests for a moment every millisecond or two lets the loop go first.
"""

from __future__ import annotations

import time
from typing import Final

_WORK_S: Final = 0.0015
_REST_S: Final = 0.0002


class Breath:
    """Called often, rests now and then. For one thread."""

    def __init__(self) -> None:
        self._since_s = time.perf_counter()

    def __call__(self) -> None:
        if time.perf_counter() - self._since_s >= _WORK_S:
            time.sleep(_REST_S)
            self._since_s = time.perf_counter()
