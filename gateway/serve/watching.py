"""A watch: the fleet as one sight has it, kept up to date by what changed, shared by all who see the same.

Fifty open pages cost one look at each changed device, not fifty. What changes by time alone, a device that falls
silent, waits in a heap of deadlines: nobody goes through the fleet for it.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple, Protocol

from gateway.breath import Breath
from gateway.ingest.feed import CommitFeed
from gateway.serve.running_tally import RunningTally
from gateway.serve.summary import Tally
from schemas.access import Viewer
from schemas.views import AlertView, DeviceView

_SLICE: Final = 100
"""So many devices are drawn at a time, then others have their turn: about 3 ms."""


class Seen(NamedTuple):
    """A device as the viewer may see it, and until when it counts as online without another word; None: it does
    not."""

    view: DeviceView
    online_until_ms: int | None


class WatchSource(Protocol):
    """What a watch looks at; carried out by `gateway.serve.reader.Reader`."""

    def seen(self, viewer: Viewer, device_id: str) -> Seen | None:
        """None where the device is not there, or out of sight."""
        ...

    def device_ids(self) -> Sequence[str]:
        """Of the whole fleet."""
        ...

    def firing_alerts(self, viewer: Viewer) -> Sequence[AlertView]: ...

    def now_ms(self) -> int: ...


class SightWatch:
    """What one sight sees. `fill` it once before anything else."""

    def __init__(self, source: WatchSource, viewer: Viewer, feeds: Sequence[CommitFeed]) -> None:
        self._source = source
        self._viewer = viewer
        self._follower = feeds[0].follow(*feeds[1:])
        self._views: dict[str, DeviceView] = {}
        self._tally = RunningTally()
        self._deadlines: list[tuple[int, str]] = []
        self._deadline_of: dict[str, int] = {}
        self._changed: set[str] = set()
        self._to_look_at: set[str] = set()
        self._commits = False
        self.alerts: tuple[AlertView, ...] = ()

    async def fill(self) -> None:
        """Looks at the whole fleet, and lets others have their turn between."""
        ids = self._source.device_ids()
        for start in range(0, len(ids), _SLICE):
            for device_id in ids[start : start + _SLICE]:
                self._look(device_id)
            await asyncio.sleep(0)
        self.alerts = tuple(self._source.firing_alerts(self._viewer))
        self._changed.clear()
        self.catch_up()

    def catch_up(self) -> None:
        """Looks again at what has changed since the last look."""
        self._gather()
        while self._to_look_at:
            self._look(self._to_look_at.pop())

    async def catch_up_gently(self) -> None:
        """The same in small pieces, with rests between, for whoever can wait."""
        self._gather()
        breath = Breath()
        while self._to_look_at:
            self._look(self._to_look_at.pop())
            await breath.take()

    def _gather(self) -> None:
        gathered = self._follower.gathered()
        self._commits = self._commits or bool(gathered)
        # What was told is drawn again even where the view is the same: its clinic's name may have changed.
        self._changed |= gathered
        self._to_look_at |= gathered
        self._to_look_at |= self._fallen_silent()

    def look_at_alerts(self) -> bool:
        """Whether any firing alert has changed since this was asked last."""
        alerts = tuple(self._source.firing_alerts(self._viewer))
        changed = len(alerts) != len(self.alerts) or any(
            one is not other and one != other for one, other in zip(alerts, self.alerts, strict=True)
        )
        self.alerts = alerts
        return changed

    async def wait(self) -> None:
        """Returns at the next change of a device."""
        await self._follower.wait()

    def take_changed(self) -> tuple[DeviceView, ...]:
        """The devices that changed since this was asked last, as they stand."""
        views = tuple(self._views[device_id] for device_id in sorted(self._changed) if device_id in self._views)
        self._changed.clear()
        return views

    def take_commits(self) -> bool:
        """Whether anything was told since this was asked last."""
        commits, self._commits = self._commits, False
        return commits

    def views(self) -> Iterable[DeviceView]:
        """Every device in sight, in no order."""
        return self._views.values()

    def __len__(self) -> int:
        return len(self._views)

    def tally(self) -> Tally:
        return self._tally.counts()

    @property
    def clinics(self) -> int:
        """How many clinics have a device in sight."""
        return self._tally.clinics

    def of_clinic(self, clinic_id: str) -> tuple[int, int]:
        """(devices, of these online) of a clinic, by its id as this sight has it."""
        return self._tally.of_clinic(clinic_id)

    def close(self) -> None:
        self._follower.close()

    def _look(self, device_id: str) -> None:
        seen = self._source.seen(self._viewer, device_id)
        if seen is None:
            if self._views.pop(device_id, None) is not None:
                self._tally.drop(device_id)
            return
        self._await_silence(device_id, seen.online_until_ms)
        if self._views.get(device_id) is seen.view:
            return
        self._views[device_id] = seen.view
        self._tally.put(seen.view)
        self._changed.add(device_id)

    def _await_silence(self, device_id: str, online_until_ms: int | None) -> None:
        """One entry waits for each device; one that comes too early is put off when its time has come."""
        if online_until_ms is None:
            return
        waits = self._deadline_of.get(device_id)
        if waits is None or online_until_ms < waits:
            self._deadline_of[device_id] = online_until_ms
            heapq.heappush(self._deadlines, (online_until_ms, device_id))

    def _fallen_silent(self) -> set[str]:
        now_ms = self._source.now_ms()
        due: set[str] = set()
        while self._deadlines and self._deadlines[0][0] < now_ms:
            deadline_ms, device_id = heapq.heappop(self._deadlines)
            if self._deadline_of.get(device_id) == deadline_ms:
                del self._deadline_of[device_id]
            due.add(device_id)
        return due
