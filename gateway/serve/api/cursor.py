"""Cursors: where the next page begins, opaque to whoever carries it back."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence

from gateway.errors import InvalidInputError


def write_cursor(parts: Sequence[str | int] | None) -> str | None:
    """The cursor of these parts; None where there is no next page."""
    if parts is None:
        return None
    text = json.dumps(list(parts), separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(cursor: str | None, *types: type[str] | type[int]) -> tuple[str | int, ...] | None:
    """The parts again. Raises InvalidInputError where this is no cursor of such parts."""
    if cursor is None:
        return None
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        parts = json.loads(raw)
    except (binascii.Error, ValueError, RecursionError):
        parts = None
    if not isinstance(parts, list) or [type(part) for part in parts] != list(types):
        raise InvalidInputError(["cursor: give back next_cursor of the page before, as it is"])
    if any(isinstance(part, int) and abs(part) >= 2**63 for part in parts):
        raise InvalidInputError(["cursor: give back next_cursor of the page before, as it is"])
    return tuple(parts)
