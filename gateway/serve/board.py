"""The alert board: open alerts as they stand, and what people do to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gateway.store.base import AlertStore
from gateway.store.service_rows import AuditRow
from gateway.store.silence_base import SilenceStore
from schemas.alert import Alert, Silence


class AlertBoard(Protocol):
    """What the reader, the metrics and the acts need of the alert engine."""

    def firing(self) -> Sequence[Alert]: ...

    def pending(self) -> Sequence[Alert]: ...

    async def acknowledge(self, alert_id: int, by: str, at_ms: int, audit: AuditRow) -> Alert | None:
        """Notes that a person has seen the alert. None where there is no such alert."""
        ...

    def muted(self, alert: Alert) -> Silence | None:
        """Why nothing is sent about the alert now; None where it is."""
        ...

    def stale(self, alert: Alert) -> bool:
        """Whether the alert rests on the word of a device that is silent now."""
        ...

    async def add_silence(self, silence: Silence, audit: AuditRow) -> Silence: ...

    async def end_silence(self, silence_id: int, by: str, at_ms: int, audit: AuditRow) -> Silence | None: ...


class _Store(AlertStore, SilenceStore, Protocol):
    """What the board of a command works on."""


class StoredAlerts:
    """The board of a command that works on the store itself: no engine keeps alerts in memory."""

    def __init__(self, store: _Store) -> None:
        self._store = store

    def firing(self) -> Sequence[Alert]:
        return ()

    def pending(self) -> Sequence[Alert]:
        return ()

    async def acknowledge(self, alert_id: int, by: str, at_ms: int, audit: AuditRow) -> Alert | None:
        return await self._store.acknowledge(alert_id, by, at_ms, audit)

    def muted(self, alert: Alert) -> Silence | None:
        return None

    def stale(self, alert: Alert) -> bool:
        return False

    async def add_silence(self, silence: Silence, audit: AuditRow) -> Silence:
        return await self._store.add_silence(silence, audit)

    async def end_silence(self, silence_id: int, by: str, at_ms: int, audit: AuditRow) -> Silence | None:
        return await self._store.end_silence(silence_id, by, at_ms, audit)
