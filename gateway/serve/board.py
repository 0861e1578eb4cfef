"""The alert board: open alerts as they stand, and the one thing that a person does to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gateway.store.base import AlertStore
from gateway.store.service_rows import AuditRow
from schemas.alert import Alert


class AlertBoard(Protocol):
    """What the reader, the metrics and the acts need of the alert engine."""

    def firing(self) -> Sequence[Alert]: ...

    def pending(self) -> Sequence[Alert]: ...

    async def acknowledge(self, alert_id: int, by: str, at_ms: int, audit: AuditRow) -> Alert | None:
        """Notes that a person has seen the alert. None where there is no such alert."""
        ...


class StoredAlerts:
    """The board of a command that works on the store itself: no engine keeps alerts in memory."""

    def __init__(self, store: AlertStore) -> None:
        self._store = store

    def firing(self) -> Sequence[Alert]:
        return ()

    def pending(self) -> Sequence[Alert]:
        return ()

    async def acknowledge(self, alert_id: int, by: str, at_ms: int, audit: AuditRow) -> Alert | None:
        return await self._store.acknowledge(alert_id, by, at_ms, audit)
