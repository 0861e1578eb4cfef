"""What a store must do for lives: keep what vendors were told of each quarter, once for all."""

from __future__ import annotations

from typing import Protocol


class LivesStore(Protocol):
    """Answers about lives as they were told."""

    async def told_lives(self, quarter: str) -> str | None:
        """What vendors were told of a quarter; None where nobody has asked."""
        ...

    async def tell_lives(self, quarter: str, document: str) -> None:
        """Keeps it, unless something is kept already."""
        ...
