"""What the collector tells of its connection: an internal event each, and who else must know."""

from __future__ import annotations

from collections.abc import Callable

from gateway.events import Events


class SessionListener:
    """A `ConnectionListener` for the app."""

    def __init__(self, events: Events) -> None:
        self._events = events
        self._on_lost: list[Callable[[], None]] = []

    def on_session_lost(self, act: Callable[[], None]) -> None:
        """Has `act` called whenever the broker has forgotten our session, and perhaps its retained messages."""
        self._on_lost.append(act)

    def broker_connected(self, url: str, session_present: bool) -> None:
        self._events.broker_connected(url, session_present)

    def broker_disconnected(self, url: str, why: str, retry_in_ms: int) -> None:
        self._events.broker_disconnected(url, why, retry_in_ms)

    def broker_session_lost(self, url: str) -> None:
        self._events.broker_session_lost(url)
        for act in self._on_lost:
            act()

    def broker_taken_over(self, url: str) -> None:
        self._events.broker_taken_over(url)
