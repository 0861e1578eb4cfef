"""Silences and maintenance windows, as the rest of the gateway sees the store of them."""

from __future__ import annotations

from typing import Protocol

from gateway.store.service_rows import AuditRow
from schemas.alert import Silence


class SilenceStore(Protocol):
    """Silences are kept after they have ended: they say why nobody was told."""

    async def open_silences(self, now_ms: int) -> tuple[Silence, ...]:
        """Those that count now or later, oldest first."""
        ...

    async def silences(self, *, limit: int, before: int | None, open_at_ms: int | None = None) -> tuple[Silence, ...]:
        """Newest first; `open_at_ms`: only those that count then or later."""
        ...

    async def silence(self, silence_id: int) -> Silence | None: ...

    async def add_silence(self, silence: Silence, audit: AuditRow) -> Silence:
        """Stores a new one; gives it with its id."""
        ...

    async def end_silence(self, silence_id: int, by: str, at_ms: int, audit: AuditRow) -> Silence | None:
        """Ends one before its time; one that has ended stays as it is. None where there is none of that id."""
        ...
