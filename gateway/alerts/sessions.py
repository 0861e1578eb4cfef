"""Sessions as the readings show them: since when one has been running on each device. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from gateway.alerts.walking import BEFORE_MS


@dataclass(slots=True)
class _Running:
    """Since when a session has been seen running, and when it was last. Changed in place: every reading of it does."""

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
        lasts_ms = self.lasts_ms(device_id, at_ms, active=active)
        return at_ms - lasts_ms if active else None

    def lasts_ms(self, device_id: str, at_ms: int, *, active: bool) -> int:
        """How long the session of a reading has been running; 0 where none is. After a start the readings before it
        are gone through once more: they may tell of an earlier beginning."""
        if not active:
            self._running.pop(device_id, None)
            return 0
        running = self._running.get(device_id)
        if running is None or at_ms - running.last_ms > BEFORE_MS:
            self._running[device_id] = _Running(at_ms, at_ms)
            return 0
        if at_ms > running.last_ms:
            running.last_ms = at_ms
        elif at_ms < running.since_ms:
            running.since_ms = at_ms
        return at_ms - running.since_ms
