"""Breath: pauses in long work on the event loop, so that those who wait for it go first."""

from __future__ import annotations

import asyncio
import time
from contextvars import ContextVar
from typing import Final, NamedTuple

_SLICE_S: Final = 0.002
_LONGEST_S: Final = 0.5
_IDLE_RATIO: Final = 0.1
"""A rest of which others used less than this was for nobody."""
_PROBE_EVERY: Final = 8
"""Where rests are for nobody, every so many slices there is one nevertheless: who waits for a disk shows only then."""


class _Moment(NamedTuple):
    """What two clocks show; the later of two moments is the greater."""

    wall_s: float
    cpu_s: float


_RESTED: Final[ContextVar[_Moment | None]] = ContextVar("rested", default=None)
"""When this task last rested, in whichever breath: work that lies within other work may breathe by itself."""


class Breath:
    """Taken between two pieces of work; costs nothing until a slice of time is used up.

    A commit takes a dozen turns of the loop, and `sleep(0)` would put a piece of work before each of them. Resting for
    `rest_ratio` times as long as was worked leaves the loop to others for that share of the time. To wait, as for a
    disk, is not to work: then the loop is everybody's. Where nobody used a rest, one turn of the loop is enough, until
    somebody uses that.
    """

    def __init__(self, rest_ratio: float = 1.0) -> None:
        self._rest_ratio = rest_ratio
        self._since = _now()
        self._looked_s = self._since.wall_s
        self._slices_alone = 0
        """How many slices in a row nobody else has used what they were left."""

    async def take(self) -> None:
        """Rests if it is time to."""
        if time.perf_counter() - self._looked_s < _SLICE_S:
            return  # this clock costs a tenth of the processor's
        now, since = _now(), max(self._since, _RESTED.get() or self._since)
        worked_s = min(now.wall_s - since.wall_s, now.cpu_s - since.cpu_s)
        if worked_s >= _SLICE_S:
            now = await self._rest(now, worked_s)
        self._looked_s = now.wall_s

    async def _rest(self, begun: _Moment, worked_s: float) -> _Moment:
        alone = self._slices_alone % _PROBE_EVERY != 0
        await asyncio.sleep(0 if alone else min(worked_s * self._rest_ratio, _LONGEST_S))
        now = self._since = _now()
        _RESTED.set(now)
        was_used = now.cpu_s - begun.cpu_s >= _IDLE_RATIO * (_SLICE_S if alone else now.wall_s - begun.wall_s)
        self._slices_alone = 0 if was_used else self._slices_alone + 1
        return now


def _now() -> _Moment:
    return _Moment(time.perf_counter(), time.process_time())
