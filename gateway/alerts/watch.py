"""What the gateway knows of itself, as the alert rules ask for it."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class DiskSpace(NamedTuple):
    """The disk that holds the store."""

    free_bytes: int
    total_bytes: int


class GatewayWatch(Protocol):
    """Whether the gateway can hear its devices, and has room for what they say."""

    def broker_connected(self) -> bool: ...

    def caught_up(self) -> bool:
        """Whether nothing is known to wait at the broker."""
        ...

    async def disk(self) -> DiskSpace | None:
        """None where it can't be told."""
        ...
