"""The follower: brings the kept wear of every nozzle up to what is committed, a slice at a time.

The bins and filters of some nozzles, and the mark, are one transaction, so a kill anywhere resumes exactly; what a
slice makes depends on the sums alone, so the order of deliveries does not matter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, TypeAlias

from gateway.breath import Breath
from gateway.forecasting.filtering import first_state, is_late, next_state, state_from_all
from gateway.forecasting.fit import ModelFit
from gateway.store.forecast_base import ForecastStore
from gateway.store.forecast_rows import NozzleBins, WearBacklog, WearState, WearUpdate, in_parts

FitOf: TypeAlias = Callable[[str], ModelFit | None]
"""From a serial to the fit of its nozzle's model."""

_ROWS: Final = 100_000
_REMADE: Final = 8
_AT_ONCE: Final = 50
"""Nozzles written in one transaction: commits wait for it."""
_REST_RATIO: Final = 3.0
"""How long to rest for each of them, in a busy gateway."""
_REFITTED: Final = 100
"""Nozzles whose filters are made again, and written, at once."""


class Step(NamedTuple):
    """What one slice did."""

    touched: frozenset[str]
    readings: int
    more: bool


class WearFollower:
    """The only writer of wear bins and states; holds every nozzle's state in memory."""

    def __init__(self, store: ForecastStore, fit_of: FitOf, *, rows: int = _ROWS, remade: int = _REMADE) -> None:
        self._store = store
        self._fit_of = fit_of
        self._rows = rows
        self._remade = remade
        self._states: dict[str, WearState] = {}

    async def restore(self) -> None:
        """Takes over what the store holds. Comes before anything else."""
        self._states = {state.serial: state for state in await self._store.wear_states()}

    def state(self, serial: str) -> WearState | None:
        """None for a nozzle whose coating was never measured."""
        return self._states.get(serial)

    def serials(self) -> tuple[str, ...]:
        """Every nozzle that has a state."""
        return tuple(self._states)

    async def step(self, *, at_ease: bool = False) -> Step:
        """Takes one slice of what is committed; `at_ease` rests in between, so that commits go on.

        Raises StoreUnavailableError: what is not in yet is in the next slice.
        """
        backlog = await self._store.wear_backlog(most_rows=self._rows, most_remade=self._remade)
        if backlog.mark == backlog.seen and not backlog.remade and not backlog.missed:
            return Step(frozenset(), 0, more=False)
        breath = Breath(_REST_RATIO)
        for part in in_parts(backlog, _AT_ONCE if at_ease else len(backlog.added) or 1):
            states = await self._after(part)
            await self._store.apply_wear(WearUpdate(part, tuple(states)))
            for bins in part.remade:
                self._states.pop(bins.serial, None)
            self._states.update((state.serial, state) for state in states)
            if at_ease:
                await breath.take()
        touched = frozenset(bins.serial for bins in (*backlog.added, *backlog.remade))
        return Step(touched, sum(part.readings for bins in backlog.added for part in bins.bins), backlog.more)

    def is_outdated(self, serial: str) -> bool:
        """Whether another fit than its model's has made the nozzle's filter."""
        state, fit = self._states.get(serial), self._fit_of(serial)
        return state is not None and state.fit_no != (fit.fit_no if fit is not None else 0)

    async def refilter(self, serials: Sequence[str]) -> None:
        """Makes the filters of these nozzles again, by the fits as they are now."""
        for first in range(0, len(serials), _REFITTED):
            kept = await self._store.wear_bins(serials[first : first + _REFITTED])
            breath = Breath()
            states = []
            for bins in kept:
                states.append(first_state(bins, self._fit_of(bins.serial)))
                await breath.take()
            await self._store.save_wear_states(states)
            self._states.update((state.serial, state) for state in states)

    async def _after(self, backlog: WearBacklog) -> list[WearState]:
        states = [first_state(bins, self._fit_of(bins.serial)) for bins in backlog.remade if bins.bins]
        late: list[NozzleBins] = []
        breath = Breath()
        for added in backlog.added:
            await breath.take()
            fit, state = self._fit_of(added.serial), self._states.get(added.serial)
            if state is None:
                states.append(state_from_all(None, added, fit))
            elif is_late(state, added, fit):
                late.append(added)
            else:
                states.append(next_state(state, added, fit))
        kept = (
            {bins.serial: bins for bins in await self._store.wear_bins([bins.serial for bins in late])} if late else {}
        )
        for bins in late:
            await breath.take()
            states.append(state_from_all(kept.get(bins.serial), bins, self._fit_of(bins.serial)))
        return states
