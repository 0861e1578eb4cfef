"""The intake: what acts need of the pipeline, to take in what did not come from the broker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gateway.store.rows import LedgerRow, QuarantineEntry


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of recorded deliveries."""

    deliveries: int
    stored: int
    duplicates: int
    rejected: int
    mistakes: tuple[str, ...]
    """Lines that are no deliveries and were passed over."""


class Intake(Protocol):
    """Carried out over the pipeline: everything goes the way of every other delivery."""

    async def release(self, entries: Sequence[QuarantineEntry]) -> Sequence[int]:
        """Takes the complete known parts of these entries in and marks them; gives the ids of those it took."""
        ...

    async def add_ledger_rows(self, rows: Sequence[LedgerRow]) -> None:
        """Takes what people say of swaps; returns when the ledger shows it."""
        ...

    async def replay(self, path: Path) -> Replayed:
        """Ingests a recording of deliveries."""
        ...
