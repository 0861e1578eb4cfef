"""Lives as survival statistics read them: seen from one age on, until they ended or were last seen. Pure.

A life that is first seen at age `entry` says nothing of younger ages (left truncation): it counts among those at risk
from there on only. A life that has not ended at `exit` is right censored there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Bools: TypeAlias = npt.NDArray[np.bool_]
Ints: TypeAlias = npt.NDArray[np.int64]


class Lifetimes(NamedTuple):
    """Lives in columns, ages in any one unit; `lifetimes` makes them."""

    entry: Floats
    exit: Floats
    ended: Bools

    @property
    def size(self) -> int:
        """How many there are."""
        return int(self.exit.size)

    def of(self, chosen: Bools | Ints) -> Lifetimes:
        """Some of them."""
        return Lifetimes(self.entry[chosen], self.exit[chosen], self.ended[chosen])

    @property
    def ends(self) -> int:
        """How many ended before our eyes."""
        return int(self.ended.sum())


def lifetimes(
    exit_age: Sequence[float] | Floats,
    ended: Sequence[bool] | Bools | None = None,
    entry_age: Sequence[float] | Floats | None = None,
) -> Lifetimes:
    """Lives from their ages; all ended and all seen from 0 on where nothing is said.

    Raises:
        ValueError: lengths differ, an age is negative or not finite, or a life was never at risk (`exit` <= `entry`).
    """
    last = np.asarray(exit_age, dtype=np.float64)
    done = np.ones(last.size, dtype=bool) if ended is None else np.asarray(ended, dtype=bool)
    first = np.zeros(last.size) if entry_age is None else np.asarray(entry_age, dtype=np.float64)
    if not last.shape == done.shape == first.shape or last.ndim != 1:
        raise ValueError("give one exit, one end and one entry for each life")
    if not (np.isfinite(last).all() and np.isfinite(first).all() and (first >= 0.0).all()):
        raise ValueError("ages must be finite and not negative")
    if not (last > first).all():
        raise ValueError("each life must be seen for longer than nothing: exit > entry")
    return Lifetimes(first, last, done)


class RiskTable(NamedTuple):
    """At each age at which a life ended: how many ended there, and how many were at risk just before."""

    ages: Floats
    ended: Floats
    at_risk: Floats


def at_risk(lives: Lifetimes, ages: Floats) -> Floats:
    """How many lives were under observation just before each age: entry < age <= exit."""
    entered = np.searchsorted(np.sort(lives.entry), ages, side="left")
    left = np.searchsorted(np.sort(lives.exit), ages, side="left")
    return np.asarray(entered - left, dtype=np.float64)


def ends_at(lives: Lifetimes, ages: Floats) -> Floats:
    """How many lives ended at each of these sorted ages."""
    ends = np.sort(lives.exit[lives.ended])
    count = np.searchsorted(ends, ages, side="right") - np.searchsorted(ends, ages, side="left")
    return np.asarray(count, dtype=np.float64)


def risk_table(lives: Lifetimes) -> RiskTable:
    """The ages at which lives ended, in rising order."""
    ages = np.unique(lives.exit[lives.ended])
    return RiskTable(ages, ends_at(lives, ages), at_risk(lives, ages))
