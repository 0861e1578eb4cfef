"""Changes: the commit feed as viewers follow it, coalesced, with what changes by time or by the alert engine.

Viewers of one sight (role and scope) share one watch of the fleet; each has only a place where changes gather.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Final, NamedTuple, TypeAlias

from gateway.errors import StoreUnavailableError
from gateway.ingest.feed import CommitFeed
from gateway.serve.stopping import StopSignal, stopped_within, unless_stopped
from gateway.serve.watching import SightWatch, WatchSource
from schemas.access import Scope, Viewer
from schemas.views import AlertView, DeviceView, FleetChange, FleetSummary

PACE_S: Final = 0.25
"""At most four changes a second; slower in proportion for fleets of more than a few thousand devices."""
_DEVICES_A_SECOND: Final = 10_000
_LOOK_EVERY_S: Final = 1.0
"""How soon a change of alerts shows that came without a commit."""
_SESSIONS_EVERY_S: Final = 4.0
"""How soon a session that has ended is counted where nobody asks for the summary itself."""
_IDLE_S: Final = 600.0
"""A watch that nobody follows goes on for so long: a page that is loaded again finds it."""

Summarize: TypeAlias = Callable[[Viewer, SightWatch, int], FleetSummary]
"""The summary of a watch as it stands, with so many sessions today."""
CountSessions: TypeAlias = Callable[[Viewer], Awaitable[int]]
"""Sessions today, from the store."""


class _Sight(NamedTuple):
    """What decides what a viewer sees."""

    is_vendor: bool
    scope: Scope


class _Place:
    """Where one viewer's changes gather: a slow reader gets larger ones, not more of them."""

    def __init__(self) -> None:
        self._wake = asyncio.Event()
        self._devices: dict[str, DeviceView] = {}
        self._last: FleetChange | None = None
        self._ended = False

    @property
    def is_read(self) -> bool:
        """Whether its viewer has taken all that it was told."""
        return self._last is None

    def tell(self, change: FleetChange) -> None:
        if self._last is not None:
            self._devices.update((view.id, view) for view in self._last.devices)
        self._last = change
        self._wake.set()

    def end(self) -> None:
        self._ended = True
        self._wake.set()

    async def next(self) -> FleetChange | None:
        """What has gathered; None at the end."""
        await self._wake.wait()
        self._wake.clear()
        if self._last is None or self._ended:
            return None
        last, earlier = self._last, self._devices
        self._last, self._devices = None, {}
        if not earlier:
            return last
        earlier.update((view.id, view) for view in last.devices)
        return FleetChange(devices=tuple(earlier.values()), summary=last.summary, alerts=last.alerts)


class SharedWatch:
    """One sight's watch and whoever follows it."""

    def __init__(
        self, watch: SightWatch, viewer: Viewer, stop: StopSignal, summarize: Summarize, count_sessions: CountSessions
    ) -> None:
        self.watch = watch
        self._viewer = viewer
        self._stop = stop
        self._summarize = summarize
        self._count_sessions = count_sessions
        self._places: set[_Place] = set()
        self._sessions = 0
        self._counted_s = float("-inf")
        self._used_s = asyncio.get_running_loop().time()
        self.filled = asyncio.ensure_future(self._fill())

    @property
    def is_idle(self) -> bool:
        idle_s = asyncio.get_running_loop().time() - self._used_s
        return not self._places and idle_s > _IDLE_S

    async def summary(self) -> FleetSummary:
        """How all stands now, to the last commit."""
        await self.ready()
        self._sessions = await self._count_sessions(self._viewer)
        await self.watch.catch_up_gently()
        return self._summarize(self._viewer, self.watch, self._sessions)

    async def ready(self) -> SightWatch:
        """The watch, once it has seen the fleet."""
        self._used_s = asyncio.get_running_loop().time()
        await asyncio.shield(self.filled)
        return self.watch

    async def follow(self) -> AsyncGenerator[FleetChange, None]:
        """Changes until the gateway stops. The first comes at once and has no devices: from then on nothing is
        missed."""
        place = _Place()
        self._places.add(place)
        try:
            summary = await self.summary()
            yield FleetChange(devices=(), summary=summary, alerts=self.watch.alerts)
            while not self._stop.is_set() and (change := await place.next()) is not None:
                yield change
        finally:
            self._places.discard(place)
            self._used_s = asyncio.get_running_loop().time()

    async def run(self) -> None:
        """Tells everybody what changes, until the gateway stops or nobody has asked for a while."""
        try:
            await self.ready()
            while not self._stop.is_set() and not self.is_idle:
                await unless_stopped(self._stop, self.watch.wait(), _LOOK_EVERY_S)
                if self._stop.is_set():
                    return
                if self._is_wanted():
                    change = await self._change()
                    if change is None:
                        continue
                    for place in self._places:
                        place.tell(change)
                await stopped_within(self._stop, self._pace_s())
        finally:
            self.filled.cancel()
            self.watch.close()
            for place in self._places:
                place.end()

    async def _fill(self) -> None:
        await self.watch.fill()

    def _is_wanted(self) -> bool:
        """Not while all that was told lies unread: who rests costs nothing."""
        return not self._places or any(place.is_read for place in self._places)

    async def _change(self) -> FleetChange | None:
        await self.watch.catch_up_gently()
        alerts_changed = self.watch.look_at_alerts()
        devices = self.watch.take_changed()
        if not devices and not alerts_changed:
            return None
        if self._places:
            await self._count_now_and_then()
        summary = self._summarize(self._viewer, self.watch, self._sessions)
        alerts: tuple[AlertView, ...] = self.watch.alerts
        return FleetChange.model_construct(devices=devices, summary=summary, alerts=alerts)

    async def _count_now_and_then(self) -> None:
        now_s = asyncio.get_running_loop().time()
        if now_s - self._counted_s < _SESSIONS_EVERY_S or not self.watch.take_commits():
            return
        self._counted_s = now_s
        try:
            self._sessions = await self._count_sessions(self._viewer)
        except StoreUnavailableError:
            return  # what was counted last serves until the store can be read again

    def _pace_s(self) -> float:
        return max(PACE_S, len(self.watch) / _DEVICES_A_SECOND)


class ChangeHub:
    """All watches, one for each sight that anybody has now."""

    def __init__(
        self,
        source: WatchSource,
        feeds: tuple[CommitFeed, ...],
        stop: StopSignal,
        summarize: Summarize,
        count_sessions: CountSessions,
    ) -> None:
        self._source = source
        self._feeds = feeds
        self._stop = stop
        self._summarize = summarize
        self._count_sessions = count_sessions
        self._shared: dict[_Sight, tuple[SharedWatch, asyncio.Task[None]]] = {}

    def of(self, viewer: Viewer) -> SharedWatch:
        """The watch of this viewer's sight; call it on the event loop."""
        sight = _Sight(viewer.role == "vendor", viewer.scope)
        held = self._shared.get(sight)
        if held is not None and not held[1].done():
            return held[0]
        shared = SharedWatch(
            SightWatch(self._source, viewer, self._feeds), viewer, self._stop, self._summarize, self._count_sessions
        )
        running = asyncio.create_task(shared.run(), name="watch of a sight")
        self._shared[sight] = (shared, running)
        running.add_done_callback(lambda _: self._forget(sight, shared))
        return shared

    def standing(self, viewer: Viewer) -> SightWatch | None:
        """The watch of this viewer's sight, where there is one that has seen the fleet."""
        held = self._shared.get(_Sight(viewer.role == "vendor", viewer.scope))
        if held is None or held[1].done() or not held[0].filled.done() or held[0].filled.cancelled():
            return None
        return held[0].watch

    def _forget(self, sight: _Sight, shared: SharedWatch) -> None:
        held = self._shared.get(sight)
        if held is not None and held[0] is shared:
            del self._shared[sight]
