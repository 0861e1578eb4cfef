"""Waits between attempts: they double, with jitter, so that a fleet of clients does not come back in step."""

from __future__ import annotations

import random
from typing import Final

_MAX_DOUBLINGS: Final = 20


class Backoff:
    """The next wait of a row of attempts, between half of its ceiling and its ceiling."""

    def __init__(self, min_ms: int, max_ms: int, dice: random.Random | None = None) -> None:
        self._min_ms = min_ms
        self._max_ms = max_ms
        self._dice = dice or random.Random()
        self._attempts = 0

    def next_ms(self) -> int:
        """How long to wait before the next attempt."""
        ceiling_ms = min(self._max_ms, self._min_ms << min(self._attempts, _MAX_DOUBLINGS))
        self._attempts += 1
        return self._dice.randint((ceiling_ms + 1) // 2, ceiling_ms)

    def reset(self) -> None:
        """An attempt has held: begin with short waits again."""
        self._attempts = 0
