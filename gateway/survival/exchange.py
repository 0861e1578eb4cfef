"""Values exchanged among their places at random, some draws at a time. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from gateway.survival.lifetimes import Floats

_AT_ONCE: Final = 60_000
"""Values: the interpreter is held for some milliseconds while they are shuffled."""


def exchanges(values: Floats, draws: int, seed: int) -> Iterator[Floats]:
    """So many exchanges of the values, in pieces of (draws, values)."""
    rng = np.random.default_rng(seed)
    at_once = max(_AT_ONCE // max(values.size, 1), 1)
    for first in range(0, draws, at_once):
        size = min(at_once, draws - first)
        yield rng.permuted(np.broadcast_to(values, (size, values.size)), axis=1)
