"""What a store must do for lives: which firmware was when, and what vendors were told of each quarter, once for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from gateway.store.told_base import ToldDocument


class FirmwareSince(NamedTuple):
    """From when on, by the receipt of the status, a device had a firmware."""

    since_ms: int
    firmware: str


class LivesStore(Protocol):
    """What lives need, and answers about them as they were told."""

    async def firmware_history(self) -> Mapping[str, Sequence[FirmwareSince]]:
        """Of each device the firmwares that it told, oldest first."""
        ...

    async def told_lives(self, quarter: str) -> ToldDocument | None:
        """What vendors were told of a quarter; None where nobody has asked."""
        ...

    async def tell_lives(self, quarter: str, told: ToldDocument) -> None:
        """Keeps it, unless something is kept already."""
        ...
