"""What a store must do so that vendors are told the same of a window for ever."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class ToldDocument(NamedTuple):
    """What vendors were told of one window, with at least k clinics behind each number."""

    document: str
    k: int

    def for_k(self, k: int) -> str | None:
        """The document; None where fewer clinics stood behind it than must by now. Then nothing is told of its window
        any more: told otherwise, it could be held against what was told."""
        return self.document if self.k >= k else None


class ToldPart(NamedTuple):
    """The rows of one table for one window, as a JSON list."""

    name: str
    span: str
    document: str
    k: int


class ToldStore(Protocol):
    """Files for vendors as they were told."""

    async def keep_told(self, parts: Sequence[ToldPart]) -> tuple[ToldPart, ...]:
        """Keeps each part, unless its window was told already; gives what was told, in the same order."""
        ...
