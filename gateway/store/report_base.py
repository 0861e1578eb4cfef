"""What reports read of the store: sums over days, what fired, what was forecast and came. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from gateway.store.forecast_rows import IssuedForecast
from schemas.alert import Rule, Severity
from schemas.work import ReplaceReason


class Use(NamedTuple):
    """Sessions that ended in a stretch of time, at one place. `busy_ms` sums those whose length is known."""

    place: str
    """The clinic's id, or the device's."""
    start_ms: int
    sessions: int
    strikes: int
    busy_ms: int
    on_mains: int
    """Sessions fed by the mains."""


class Firing(NamedTuple):
    """One time that an alert began to fire. An alert that opened again fires again; of its acknowledgement the store
    knows the last one."""

    rule: Rule
    subject: str
    clinic_id: str
    device_id: str | None
    severity: Severity
    fired_ms: int
    resolved_ms: int | None
    acknowledged_ms: int | None


class ReportStore(Protocol):
    """Sums for reports; each is one query, none reads samples."""

    async def clinic_use(self, bounds_ms: Sequence[int], device_ids: Sequence[str] | None) -> tuple[Use, ...]:
        """By clinic, in each stretch from one bound to the next, of these devices (None: all), in order of
        (start, clinic); stretches without a session are left out."""
        ...

    async def device_use_between(self, since_ms: int, until_ms: int) -> tuple[Use, ...]:
        """By device."""
        ...

    async def first_session_ms(self) -> int | None:
        """When the first session that is kept ended; None: there is none."""
        ...

    async def firings(self, since_ms: int, until_ms: int) -> tuple[Firing, ...]:
        """Alerts that began to fire in that time, oldest first."""
        ...

    async def newest_forecasts(self, serials: Sequence[str], until_ms: int) -> tuple[IssuedForecast, ...]:
        """The last forecast of each nozzle that was made before `until_ms`; nozzles without any are left out."""
        ...

    async def settled_forecasts(self, since_ms: int, until_ms: int) -> tuple[IssuedForecast, ...]:
        """Forecasts that were held in that time against what came, in order of (serial, day)."""
        ...

    async def claim_reasons(self, serials: Sequence[str]) -> tuple[tuple[str, ReplaceReason], ...]:
        """Why people say that they replaced these nozzles, as far as they said so."""
        ...
