"""Phrases that depend on a count."""

from __future__ import annotations

from typing import NamedTuple


class Plural(NamedTuple):
    """A phrase that depends on a count; `{n}` stands for the count as it is written."""

    one: str
    other: str

    def of(self, count: int) -> str:
        return self.one if count == 1 else self.other
