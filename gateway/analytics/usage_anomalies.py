"""Days and weeks unlike the others, and the devices that make them so. Pure.

What is usual is the median of the other days of the same weekday, or of the other weeks; on the scale of square roots,
where counts vary alike whatever their size, its spread is told by the median deviation. Of all that is looked at
together, only what survives false-discovery control counts (Benjamini and Hochberg 1995).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from scipy.special import stdtr

from gateway.analytics.local_days import Floats

FALSE_DISCOVERY: Final = 0.05
_LEAST_USUAL: Final = 5.0
"""Sessions: about fewer, chance says anything."""
_LEAST_OTHERS: Final = 3
_LEAST_CHANGE: Final = 0.2
_MAD_TO_SD: Final = 1.4826
_HEAVY_TAIL: Final = 12.0
"""Degrees of freedom: days unlike the others are commoner than a normal distribution has it."""
_MOST_NAMED: Final = 5
_NAMED_SHARE: Final = 0.8
_BROAD_BELOW: Final = 0.5


class Odd(NamedTuple):
    """One bucket of one group that is unlike the others."""

    label: int
    place: int
    """The bucket's number in its series."""
    came: float
    usual: float
    p_value: float


class Contribution(NamedTuple):
    """A device's part in what is unlike."""

    device_id: str
    came: float
    usual: float


class Explanation(NamedTuple):
    """Which devices make it; `broad`: many do, a little each."""

    devices: tuple[Contribution, ...]
    explained: float
    """The share of the difference that the named ones make."""
    broad: bool


def odd_buckets(counts: Floats, exposures: Floats, period: int) -> list[Odd]:
    """Of counts (labels, buckets): those unlike the others `period` buckets apart (7 for days, 1 for weeks)."""
    found: list[Odd] = []
    for label in range(len(counts)):
        usual = _usual(counts[label], exposures[label], period)
        known = np.flatnonzero(~np.isnan(usual) & (np.maximum(usual, counts[label]) >= _LEAST_USUAL))
        if known.size <= _LEAST_OTHERS:
            continue
        off = 2.0 * (np.sqrt(counts[label][known]) - np.sqrt(usual[known]))
        scale = max(1.0, _MAD_TO_SD * float(np.median(np.abs(off))))
        p_values = 2.0 * stdtr(_HEAVY_TAIL, -np.abs(off) / scale)
        found += [
            Odd(label, int(place), float(counts[label, place]), float(usual[place]), float(p))
            for place, p in zip(known, p_values, strict=True)
        ]
    return [odd for odd in _surviving(found) if abs(odd.came - odd.usual) >= _LEAST_CHANGE * max(odd.usual, 1.0)]


def _usual(counts: Floats, exposures: Floats, period: int) -> Floats:
    """What each bucket would have had at the others' median rate; NaN where too few others tell."""
    rates = np.divide(counts, exposures, out=np.full(counts.size, np.nan), where=exposures > 0)
    usual = np.full(counts.size, np.nan)
    for place in np.flatnonzero(exposures > 0):
        others = rates[place % period :: period].copy()
        others[place // period] = np.nan
        told = others[~np.isnan(others)]
        if told.size >= _LEAST_OTHERS:
            usual[place] = float(np.median(told)) * exposures[place]
    return usual


def _surviving(looked_at: Sequence[Odd]) -> list[Odd]:
    ordered = sorted(looked_at, key=lambda odd: odd.p_value)
    last = 0
    for rank, odd in enumerate(ordered, 1):
        if odd.p_value <= FALSE_DISCOVERY * rank / len(ordered):
            last = rank
    return ordered[:last]


def explained(odd: Odd, came: Mapping[str, float], usual: Mapping[str, float]) -> Explanation:
    """The fewest devices that make most of the difference, and in its direction. `usual` by device is scaled to the
    group's, so that what all share is not held against each."""
    sign = 1.0 if odd.came >= odd.usual else -1.0
    total = abs(odd.came - odd.usual)
    scale = odd.usual / max(sum(usual.values()), 1e-9) if usual else 1.0
    parts = [
        Contribution(device, came.get(device, 0.0), usual.get(device, 0.0) * scale)
        for device in came.keys() | usual.keys()
    ]
    parts.sort(key=lambda part: (-sign * (part.came - part.usual), part.device_id))
    named: list[Contribution] = []
    share = 0.0
    for part in parts[:_MOST_NAMED]:
        gain = sign * (part.came - part.usual)
        if gain <= 0 or share >= _NAMED_SHARE:
            break
        named.append(part)
        share += gain / max(total, 1e-9)
    return Explanation(tuple(named), min(share, 1.0), share < _BROAD_BELOW)
