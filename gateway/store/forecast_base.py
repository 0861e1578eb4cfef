"""What a store must do for the forecasts. The follower is the only writer of bins, states and the mark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from gateway.store.forecast_rows import (
    Coverage,
    IssuedForecast,
    NozzleBins,
    StoredFit,
    UseRow,
    WearBacklog,
    WearState,
    WearUpdate,
)
from schemas.work import ReplaceReason


class ForecastStore(Protocol):
    """Wear states, fits, and forecasts with their outcomes."""

    async def wear_backlog(self, *, most_rows: int, most_remade: int) -> WearBacklog:
        """A slice of the samples that were committed past the mark, summed in bins; and, once none is left, a few of
        the nozzles to make again."""
        ...

    async def apply_wear(self, update: WearUpdate) -> None:
        """Writes bins, states and the mark in one transaction, or nothing of it.

        Raises ConflictError where the mark has moved since the backlog was read."""
        ...

    async def save_wear_states(self, states: Sequence[WearState]) -> None:
        """Replaces the filters of these nozzles, unless their bins have been widened since."""
        ...

    async def wear_states(self) -> tuple[WearState, ...]: ...

    async def wear_bins(self, serials: Sequence[str]) -> tuple[NozzleBins, ...]:
        """The kept bins; nozzles that have none are left out."""
        ...

    async def save_fit(self, fit: StoredFit) -> StoredFit:
        """Keeps a new fit beside the earlier ones; gives it with its number. Documents of old ones go."""
        ...

    async def latest_fits(self) -> tuple[StoredFit, ...]:
        """The newest fit of each model."""
        ...

    async def issue_forecasts(self, forecasts: Sequence[IssuedForecast]) -> None:
        """Keeps each that is its nozzle's first of its day and tenth of wear; what is kept is never changed."""
        ...

    async def issued_forecasts(self, serial: str) -> tuple[IssuedForecast, ...]:
        """All of one nozzle, oldest first."""
        ...

    async def past_forecasts(self, serials: Sequence[str], each: int) -> tuple[IssuedForecast, ...]:
        """At most `each` of each nozzle, evenly over its life, by fits that had seen lives end."""
        ...

    async def nozzles_to_score(self) -> tuple[str, ...]:
        """Serials that have forecasts without an outcome."""
        ...

    async def score_forecasts(self, forecasts: Sequence[IssuedForecast]) -> None:
        """Writes the outcomes of issued forecasts."""
        ...

    async def coverage(self) -> tuple[Coverage, ...]:
        """Of the forecasts that have an outcome, by group."""
        ...

    async def claim_reasons(self, serials: Sequence[str]) -> tuple[tuple[str, ReplaceReason], ...]:
        """Why people say that they replaced these nozzles, in order of serial."""
        ...

    async def device_use(self, device_ids: Sequence[str], since_ms: int) -> Mapping[str, tuple[UseRow, ...]]:
        """The sessions that ended from `since_ms` on, oldest first."""
        ...
