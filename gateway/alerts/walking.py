"""Walking: the readings of a device between two looks at it, so that none is passed over.

A look sees a device as it stands. Where more than one record came since the last look (a backlog, a fast replay), the
store has what was in between, and the rules go through it in order: the same history raises the same alerts, however
fast it came in and wherever the gateway was killed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

from gateway.store.rows import DeviceState, Key, SamplePoint

PAGE: Final = 5_000
WORTH_READING_MS: Final = 60_000
"""Less time than this between two looks holds nothing that a rule with a hold would tell, and the store is asked for
each device: a fleet that says much in a second would keep it busy with nothing else."""
_DAY_MS: Final = 86_400_000
_WALKS_BACK: Final = ((200, 40 * _DAY_MS), (5_000, 2 * _DAY_MS))
"""How far a start walks back, by how many devices were not looked at yet when the last run ended."""


class Readings(Protocol):
    """Where readings are kept."""

    async def samples(self, device_id: str, since_ms: int, until_ms: int, limit: int) -> tuple[SamplePoint, ...]: ...


class Walker:
    """Knows up to which record each device was looked at."""

    def __init__(self, read: Callable[[str, int, int], Awaitable[Sequence[SamplePoint]]]) -> None:
        self._read = read
        self._looked: dict[str, Key] = {}
        self._back_ms = 0

    def looked_at(self, state: DeviceState) -> None:
        """Everything of the device up to its latest sample counts as looked at."""
        if state.latest is not None:
            self._looked[state.device_id] = state.latest.key

    def start_back(self, unlooked: int) -> None:
        """So many devices are to be looked at of which it is not known how far they were."""
        self._back_ms = next((back_ms for most, back_ms in _WALKS_BACK if unlooked <= most), 0)

    async def walk(self, state: DeviceState) -> Sequence[SamplePoint]:
        """The readings since the last look but for the latest, oldest first; mostly none."""
        latest = state.latest
        if latest is None:
            return ()
        key = latest.key
        before = self._looked.get(state.device_id)
        self._looked[state.device_id] = key
        if before is None:
            # The first record of a boot has nothing before it that nobody has looked at.
            since_ms = key[0] - self._back_ms if key[2] else key[0]
        elif key <= before or (key[1] == before[1] and key[2] == before[2] + 1):
            return ()
        else:
            since_ms = before[0] + 1
            if key[0] - since_ms < WORTH_READING_MS:
                return ()
        return await self._read(state.device_id, since_ms, key[0]) if since_ms < key[0] else ()


async def read_all(store: Readings, device_id: str, since_ms: int, until_ms: int) -> list[SamplePoint]:
    """Every sample with since <= event time < until, oldest first."""
    readings: list[SamplePoint] = []
    while True:
        page = await store.samples(device_id, since_ms, until_ms, PAGE)
        readings += page
        if len(page) < PAGE:
            return readings
        since_ms = page[-1].ts_ms + 1
