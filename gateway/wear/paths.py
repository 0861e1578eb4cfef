"""A unit's wear as a path that never falls: what noisy readings say of when a level was reached."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Path(NamedTuple):
    """Corners of a piecewise linear path: use and wear, both increasing."""

    usage: Floats
    wear: Floats


def monotone_path(usage: Floats, wear: Floats) -> Path:
    """The non-decreasing path closest to the readings (least squares), drawn through the middles of its steps.

    Pool adjacent violators: Ayer, Brunk, Ewing, Reid, Silverman (1955). The first noisy crossing of a level comes
    early, the last one late; neighbouring readings that fall are one step at their means instead, which errs to neither
    side. `usage` is sorted.
    """
    tops: list[tuple[float, float, int]] = []
    for x, w in zip(usage.tolist(), wear.tolist(), strict=True):
        sum_x, sum_w, count = x, w, 1
        while tops and tops[-1][1] * count >= sum_w * tops[-1][2]:
            before = tops.pop()
            sum_x, sum_w, count = sum_x + before[0], sum_w + before[1], count + before[2]
        tops.append((sum_x, sum_w, count))
    counts = np.array([top[2] for top in tops], dtype=float)
    return Path(np.array([top[0] for top in tops]) / counts, np.array([top[1] for top in tops]) / counts)


def first_reach(path: Path, level: float) -> float | None:
    """The use at which the path first reaches a level, straight between its corners; None where it doesn't."""
    if not path.wear.size or path.wear[-1] < level:
        return None
    at = int(np.searchsorted(path.wear, level, side="left"))
    if at == 0:
        return float(path.usage[0])
    share = (level - path.wear[at - 1]) / (path.wear[at] - path.wear[at - 1])
    return float(path.usage[at - 1] + share * (path.usage[at] - path.usage[at - 1]))
