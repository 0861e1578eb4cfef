"""Numbers in addresses: whatever somebody writes there, nothing is reckoned with more digits than were meant. Pure."""

from __future__ import annotations

from typing import Final

ID_DIGITS: Final = 15
"""More than any row of the store has, and fewer than SQLite takes."""


def whole_number(text: str | None, digits: int = ID_DIGITS) -> int | None:
    """The number of at most so many digits that the text is; None for anything else."""
    if not text or not text.isascii() or not text.isdigit() or len(text) > digits:
        return None
    return int(text)
