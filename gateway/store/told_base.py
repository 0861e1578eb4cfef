"""What a store must do so that vendors are told the same of a window for ever."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class ToldPart(NamedTuple):
    """The rows of one table for one window, as a JSON list."""

    name: str
    span: str
    document: str


class ToldStore(Protocol):
    """Files for vendors as they were told."""

    async def keep_told(self, parts: Sequence[ToldPart]) -> tuple[ToldPart, ...]:
        """Keeps each part, unless its window was told already; gives what was told, in the same order."""
        ...
