"""What the doctor finds."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Weight(Enum):
    """`wrong` must be changed; `note` is good to know."""

    WRONG = "wrong"
    NOTE = "note"


class Finding(NamedTuple):
    """One thing: where, what it is, and what to change."""

    weight: Weight
    area: str
    what: str
    change: str

    @property
    def line(self) -> str:
        """As it is printed."""
        return f"{self.weight.value}: {self.area}: {self.what}: {self.change}"


def wrong(area: str, what: str, change: str) -> Finding:
    return Finding(Weight.WRONG, area, what, change)


def note(area: str, what: str, change: str) -> Finding:
    return Finding(Weight.NOTE, area, what, change)
