"""Sessions as the readings show them: since when one has been running on each device. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from gateway.alerts.walking import BEFORE_MS


class _Running(NamedTuple):
    """Since when a session has been seen running, and when it was last."""

    since_ms: int
    last_ms: int


class RunningSessions:
    """Takes readings in the order in which they are judged."""

    def __init__(self) -> None:
        self._running: dict[str, _Running] = {}

    def restore(self, since_ms: Mapping[str, int]) -> None:
        """On these devices a session was running already when the gateway started: since then, as far as is known."""
        self._running.update({device_id: _Running(at_ms, at_ms) for device_id, at_ms in since_ms.items()})

    def running(self) -> Collection[str]:
        """The devices of which one is running, as they are now."""
        return self._running.keys()

    def since_ms(self, device_id: str, at_ms: int, *, active: bool) -> int | None:
        """Since when the session of a reading has been running; None where none is. What runs after `BEFORE_MS`
        without a word is another session."""
        before = self._running.get(device_id)
        if not active:
            if before is not None:
                del self._running[device_id]
            return None
        if before is None or at_ms - before.last_ms > BEFORE_MS:
            self._running[device_id] = _Running(at_ms, at_ms)
            return at_ms
        if at_ms > before.last_ms:
            self._running[device_id] = _Running(before.since_ms, at_ms)
        return before.since_ms

    def lasts_ms(self, device_id: str, at_ms: int, *, active: bool) -> int:
        """How long the session of a reading has been running; 0 where none is."""
        if not active:
            self._running.pop(device_id, None)
            return 0
        since_ms = self.since_ms(device_id, at_ms, active=True)
        return 0 if since_ms is None else at_ms - since_ms
