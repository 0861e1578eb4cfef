"""Rows of the forecasts: readings summed in bins of use, filter states, fits, forecasts that were issued."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final, Literal, NamedTuple, TypeAlias

Outcome: TypeAlias = Literal["crossed", "worn", "censored"]
"""How a life ended: its wear was seen to cross the limit; taken off so worn that the rest is told well enough; or
taken off earlier, so that only a lower bound is known."""

MOST_BINS: Final = 256
"""Of one nozzle: beyond it the bins become twice as wide."""

UNITS_IN_ONE: Final = 1_000_000
"""Coating ratios are summed in millionths."""


class WearBin(NamedTuple):
    """All readings of a nozzle with `bin << shift` <= strikes < `(bin + 1) << shift`: integer sums, so that adding
    them is exact in any order. Only readings that measured the coating count."""

    bin: int
    readings: int
    strikes_sum: int
    coating_sum_u: int


class NozzleBins(NamedTuple):
    """Bins of one nozzle, in order, each `1 << shift` strikes wide."""

    serial: str
    shift: int
    bins: tuple[WearBin, ...]


def shift_for(last_strikes: int, shift: int = 0) -> int:
    """The least shift, at least `shift`, at which a nozzle of so many strikes has at most 256 bins."""
    while last_strikes >> shift >= MOST_BINS:
        shift += 1
    return shift


def coarser(bins: NozzleBins, shift: int) -> NozzleBins:
    """The same sums in bins of a shift that is at least theirs."""
    by = shift - bins.shift
    if not by:
        return bins
    wider = [_sum(place, tuple(group)) for place, group in groupby(bins.bins, key=lambda one: one.bin >> by)]
    return NozzleBins(bins.serial, shift, tuple(wider))


def merged(one: NozzleBins, other: NozzleBins) -> NozzleBins:
    """The sums of both, in the bins of the wider."""
    shift = max(one.shift, other.shift)
    both = sorted((*coarser(one, shift).bins, *coarser(other, shift).bins))
    summed = [_sum(place, tuple(group)) for place, group in groupby(both, key=lambda part: part.bin)]
    return NozzleBins(one.serial, shift, tuple(summed))


def _sum(place: int, parts: tuple[WearBin, ...]) -> WearBin:
    return WearBin(
        place,
        sum(part.readings for part in parts),
        sum(part.strikes_sum for part in parts),
        sum(part.coating_sum_u for part in parts),
    )


@dataclass(frozen=True, slots=True)
class WearState:
    """What is kept of one nozzle beside its bins."""

    serial: str
    shift: int
    last: WearBin
    """The bin that still grows, as the store has it."""
    fit_no: int
    """The fit that made `filter`; 0: none has."""
    filter: tuple[float, ...]
    """The filter after all bins but the last; empty where there is no fit."""


@dataclass(frozen=True, slots=True)
class WearMark:
    """Up to which row of the hot tables the readings are in the bins."""

    generation: int
    row_no: int
    slice_end: int = 0
    """The last row of a slice that is in for some nozzles and not yet for others; 0: there is none."""
    done: str = ""
    """Of that slice, the nozzles up to this serial are in."""


@dataclass(frozen=True, slots=True)
class WearBacklog:
    """Readings committed past the mark, as one snapshot has them."""

    seen: WearMark
    """The mark in the store when it was read."""
    mark: WearMark
    """The mark once this is applied."""
    slice_end: int
    """The last row that was read."""
    added: tuple[NozzleBins, ...]
    """Sums to add, in order of serial, at the shift that the store has for the nozzle or that a new one needs."""
    remade: tuple[NozzleBins, ...]
    """All sums of nozzles to make again, in place of what is kept."""
    remade_up_to: int
    missed: bool
    """Rows past the mark are gone already: every nozzle must be made again."""
    more: bool


def in_parts(backlog: WearBacklog, most: int) -> Iterator[WearBacklog]:
    """The backlog as several to be applied one after the other, each of at most so many nozzles to add to: many small
    transactions instead of one that everybody waits for."""
    seen, last = backlog.seen, max(len(backlog.added) - most, 0)
    for first in range(0, last, most):
        added = backlog.added[first : first + most]
        mark = WearMark(seen.generation, seen.row_no, backlog.slice_end, added[-1].serial)
        yield replace(backlog, seen=seen, mark=mark, added=added, remade=(), remade_up_to=0)
        seen = mark
    done = -(-last // most) * most
    yield replace(backlog, seen=seen, added=backlog.added[done:])


@dataclass(frozen=True, slots=True)
class WearUpdate:
    """What one step writes, in one transaction."""

    backlog: WearBacklog
    states: tuple[WearState, ...]
    """Of every nozzle in `added` and `remade` that still has bins; a shift larger than the kept one widens its bins."""


@dataclass(frozen=True, slots=True)
class StoredFit:
    """One fit of a nozzle model's parameters; `model` '' where the nozzle's model is unknown."""

    fit_no: int
    """0 until it is stored."""
    model: str
    made_ms: int
    units: int
    lives: int
    document: bytes


@dataclass(frozen=True, slots=True)
class IssuedForecast:
    """A forecast as it was given, one for each nozzle, UTC day and tenth of wear; and how it turned out, once that is
    known."""

    serial: str
    day: int
    """Days since the epoch, of `as_of_ms`."""
    as_of_ms: int
    group: str
    fit_no: int
    strikes: int
    wear: float
    remaining_strikes: tuple[float, ...]
    remaining_sessions: tuple[float, ...] | None
    remaining_days: tuple[float, ...] | None
    replace_by: str | None
    outcome: Outcome | None = None
    came_strikes: float | None = None
    pit: float | None = None
    inside_80: float | None = None
    scored_ms: int | None = None
    tenth: int = 0
    """Whole tenths of wear."""
    taught_shift: float = 0.0
    """What past forecasts had taught it, on the normal scale."""
    taught_spread: float = 1.0


class Coverage(NamedTuple):
    """How past forecasts of one group turned out. `inside_80` is a share of `scored`."""

    group: str
    settled: int
    """Forecasts whose nozzle's life has ended: scored or censored."""
    scored: int
    censored: int
    inside_80: float | None
    mean_pit: float | None
    nozzles: int
    """Nozzles among the scored: forecasts of one life go together."""


class UseRow(NamedTuple):
    """One session, for a device's rate of use."""

    at_ms: int
    strikes: int
