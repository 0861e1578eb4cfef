"""The store of chased claims: who was told that a claim is overdue. Each method owns its transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol, TypeAlias

from gateway.store.notify_rows import NewMessage

ChaseStep: TypeAlias = Literal["reminder", "escalation"]


class Chase(NamedTuple):
    """A receiver was told, or is about to be, that an order's claim of `claimed_ms` is overdue."""

    order_id: int
    claimed_ms: int
    step: ChaseStep
    receiver: str
    at_ms: int
    """On the gateway's clock."""


class ChaseStore(Protocol):
    """Chases are written with the messages that they stand for."""

    async def chases(self) -> tuple[Chase, ...]:
        """Of the orders that are claimed."""
        ...

    async def apply_chase(self, message: NewMessage, chases: Sequence[Chase], note: str, now_ms: int) -> None:
        """Writes the message into the outbox, its chases, and a note into the history of each order, or nothing.

        Raises ConflictError where an order is not claimed so any more, or somebody else has chased it meanwhile.
        """
        ...
