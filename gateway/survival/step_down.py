"""Which groups stand out from the others, with the chance of any false word held. Pure.

First the test over all groups: does any differ? Only then each group is held against the rest, and the one that
stands out most is named where not even the most extreme of so many alike groups would stand out so far by chance. It
is taken out, and the rest is looked at again, from the first question on (a step-down of the greatest statistic, after
Westfall and Young 1993). So a bad group neither hides another one nor makes good ones look odd, and the chance that
any group is named wrongly stays at `alpha`, whether or not there are bad ones. Each against the rest without this care
named a good group in 14 % of simulated fleets.

Groups that stand out to the good side are taken out as well: left in, they would make the ordinary ones look bad.
"""

from __future__ import annotations

from typing import Final, NamedTuple, Protocol

import numpy as np
from scipy.special import log_ndtr

from gateway.survival.lifetimes import Floats

DRAWS: Final = 2_000
"""Fleets of alike groups that are drawn for each step."""


class Spread(NamedTuple):
    """How the remaining groups differ: each one's distance from the rest in standard deviations, above 0 on the bad
    side (NaN where nothing can be said), the chance of such differences in all, and the same distances in drawn fleets
    of alike groups, (draws, groups)."""

    z: Floats
    p_value: float
    drawn: Floats


class Evidence(Protocol):
    """What the procedure asks of a kind of evidence."""

    groups: int

    def test(self, remaining: tuple[int, ...]) -> float:
        """p value of "all of these are alike"."""
        ...

    def spread(self, remaining: tuple[int, ...]) -> Spread:
        """How these differ from each other."""
        ...


class Standout(NamedTuple):
    """A group that stands out; `z` above 0: to the bad side. `p_value` is adjusted for all groups that it might have
    been."""

    group: int
    z: float
    p_value: float


class StepDown(NamedTuple):
    """What the procedure found: in the order in which the groups were taken out."""

    p_value: float
    """Of the first test: that all groups are alike."""
    standouts: tuple[Standout, ...]


def step_down(evidence: Evidence, alpha: float) -> StepDown:
    """The groups that stand out, either way; the chance that any of them does not is at most `alpha`."""
    remaining = tuple(range(evidence.groups))
    first: float | None = None
    found: list[Standout] = []
    while len(remaining) > 1:
        p_value = evidence.test(remaining)
        first = p_value if first is None else first
        if p_value > alpha:
            break
        worst = most_extreme(evidence.spread(remaining))
        if worst is None or worst.p_value > alpha:
            break
        found.append(worst._replace(group=remaining[worst.group]))
        remaining = tuple(group for group in remaining if group != found[-1].group)
    return StepDown(1.0 if first is None else first, tuple(found))


def most_extreme(spread: Spread) -> Standout | None:
    """The group farthest from the others; its p value counts how often any of the drawn groups is as far, to either
    side."""
    size = np.abs(np.nan_to_num(spread.z))
    group = int(np.argmax(size))
    if size[group] <= 0.0:
        return None
    # Two groups are as far from each other: the one on the bad side is named.
    twins = np.flatnonzero(np.isclose(size, size[group], rtol=1e-9))
    group = int(twins[np.argmax(spread.z[twins])])
    far = np.max(np.abs(np.nan_to_num(spread.drawn)), axis=1) >= size[group] - 1e-12
    drawn = (1.0 + float(far.sum())) / (1.0 + far.size)
    # So far out that no drawn fleet comes near: what a normal tail would say, as long as that is less.
    tail = float(np.exp(np.log(2.0 * size.size) + log_ndtr(-size[group])))
    return Standout(group, float(spread.z[group]), min(drawn, tail) if not far.any() else drawn)
