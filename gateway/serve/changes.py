"""Changes: the commit feed as a viewer follows it, coalesced, with what changes by time or by the alert engine."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Final, Protocol

from gateway.ingest.feed import CommitFeed, Follower
from gateway.serve.stopping import StopSignal, stopped_within, unless_stopped
from schemas.access import Viewer
from schemas.views import AlertView, DeviceView, FleetChange, FleetSummary

PACE_S: Final = 0.25
"""At most four changes a second; slower in proportion for fleets of more than a few thousand devices."""
_DEVICES_A_SECOND: Final = 10_000
_LOOK_EVERY_S: Final = 1.0
"""How soon a change of alerts shows that came without a commit."""
_PRESENCE_EVERY_LOOKS: Final = 5


class _Source(Protocol):
    def device(self, viewer: Viewer, device_id: str) -> DeviceView | None: ...
    def firing_alerts(self, viewer: Viewer) -> Sequence[AlertView]: ...
    def online_ids(self, viewer: Viewer) -> frozenset[str]: ...
    async def summary(self, viewer: Viewer) -> FleetSummary: ...


class _Watch:
    """What the viewer was told last, to find what changed since."""

    def __init__(self, source: _Source, viewer: Viewer) -> None:
        self._source = source
        self._viewer = viewer
        self._alerts = tuple(source.firing_alerts(viewer))
        self._online = source.online_ids(viewer)
        self._looks = 0

    async def beginning(self) -> FleetChange:
        return FleetChange(devices=(), summary=await self._source.summary(self._viewer), alerts=self._alerts)

    def devices_changed_by_time(self) -> frozenset[str]:
        """Devices that fell silent, or came back, looked for now and then."""
        self._looks += 1
        if self._looks % _PRESENCE_EVERY_LOOKS:
            return frozenset()
        before, self._online = self._online, self._source.online_ids(self._viewer)
        return before ^ self._online

    async def change(self, device_ids: frozenset[str]) -> FleetChange | None:
        """What to tell of these devices and of the alerts; None where there is nothing."""
        views = (self._source.device(self._viewer, device_id) for device_id in sorted(device_ids))
        devices = tuple(view for view in views if view is not None)
        alerts = tuple(self._source.firing_alerts(self._viewer))
        if not devices and alerts == self._alerts:
            return None
        self._alerts = alerts
        return FleetChange(devices=devices, summary=await self._source.summary(self._viewer), alerts=alerts)

    def pace_s(self) -> float:
        return max(PACE_S, len(self._online) / _DEVICES_A_SECOND)


async def follow_changes(
    source: _Source, viewer: Viewer, feed: CommitFeed, stop: StopSignal, *others: CommitFeed
) -> AsyncGenerator[FleetChange, None]:
    """Changes in the viewer's scope until `stop`; a slow reader gets larger ones, not more of them.

    The first comes at once and has no devices: from then on nothing is missed. `others` are feeds of what changes
    without a commit.
    """
    follower = feed.follow(*others)
    try:
        watch = _Watch(source, viewer)
        yield await watch.beginning()
        while not stop.is_set():
            change = await watch.change(await _changed(follower, stop) | watch.devices_changed_by_time())
            if change is None:
                continue
            yield change
            if await stopped_within(stop, watch.pace_s()):
                return
    finally:
        follower.close()


async def _changed(follower: Follower, stop: StopSignal) -> frozenset[str]:
    changed = await unless_stopped(stop, follower.next(), _LOOK_EVERY_S)
    return changed.device_ids if changed is not None else frozenset()
