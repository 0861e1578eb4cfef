"""What every collector gives the pipeline, and what it tells of its connection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from schemas.delivery import Delivery


class Collector(Protocol):
    """A source of deliveries that are given up only when they were acknowledged."""

    async def take(self, max_messages: int, max_age_ms: int) -> Sequence[Delivery]:
        """The next batch, in order of receipt: waits for a first delivery, then returns when `max_messages` are
        there or the first is `max_age_ms` old. Empty once the source has ended or was told to stop, and nothing
        is left that was read."""
        ...

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Gives up the source's copies: in order, each on the connection it came on, at most once. Called only
        after commit. Deliveries of a connection that is gone are dropped: the source sends them again."""
        ...

    def stop_reading(self) -> None:
        """No further delivery is read; `take` hands out what was read, then answers empty."""
        ...


class ConnectionListener(Protocol):
    """Told what happens to a collector's connection; each call is one internal event."""

    def broker_connected(self, url: str, session_present: bool) -> None: ...
    def broker_disconnected(self, url: str, why: str, retry_in_ms: int) -> None: ...
    def broker_session_lost(self, url: str) -> None:
        """The broker had forgotten our session although we had one there: messages may be missing."""
        ...

    def broker_taken_over(self, url: str) -> None:
        """Another client took our client id over: we stop instead of fighting."""
        ...
