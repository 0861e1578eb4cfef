"""Where the alert rules resume after a kill: the last sample that they have looked at, by its place among all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the order in which samples were committed; all before it belong to commits up to `commit_no`."""

    commit_no: int
    generation: int
    """How often the tables that take samples have turned."""
    row: int


class ResumeStore(Protocol):
    """What the rules need to go on exactly where they were."""

    async def sample_position(self) -> Position:
        """The place after the newest sample."""
        ...

    async def unlooked_since_ms(self) -> Mapping[str, int] | None:
        """The earliest event time of each device's samples past the place that was kept with the alerts; None where
        too much came since then to tell."""
        ...
