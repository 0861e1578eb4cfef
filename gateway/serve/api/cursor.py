"""Cursors: where the next page begins, opaque to whoever carries it back."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from typing import Annotated, Final, TypeAlias, TypeVar

from pydantic import Field, TypeAdapter

from gateway.errors import InvalidInputError
from gateway.serve.answers import Items

R = TypeVar("R")
P = TypeVar("P", bound=tuple[str | int, ...])

Number: TypeAlias = Annotated[int, Field(gt=-(2**63), lt=2**63)]
"""A number that the store can compare with."""

_BY_NUMBER: Final = TypeAdapter(tuple[Number])
_BY_TEXT: Final = TypeAdapter(tuple[str])


def write_cursor(place: Sequence[str | int] | None) -> str | None:
    """The cursor of this place in the list; None where there is no next page."""
    if place is None:
        return None
    text = json.dumps(list(place), separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(cursor: str | None, place: TypeAdapter[P]) -> P | None:
    """The place again. Raises InvalidInputError where this is no cursor of such a list."""
    if cursor is None:
        return None
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return place.validate_json(text, strict=True)
    except ValueError:
        raise InvalidInputError(["cursor: give back next_cursor of the page before, as it is"]) from None


def write_number(number: int | None) -> str | None:
    """The cursor of a list that is in order of one number."""
    return write_cursor(None if number is None else (number,))


def read_number(cursor: str | None) -> int | None:
    """That number again. Raises InvalidInputError."""
    place = read_cursor(cursor, _BY_NUMBER)
    return None if place is None else place[0]


def read_text(cursor: str | None) -> str | None:
    """The place in a list that is in order of one text. Raises InvalidInputError."""
    place = read_cursor(cursor, _BY_TEXT)
    return None if place is None else place[0]


def first_items(found: Sequence[R], limit: int, place_of: Callable[[R], Sequence[str | int]]) -> Items[R]:
    """The first `limit` of what was found; where more was found, with the cursor of the last of them."""
    page = tuple(found[:limit])
    return Items(items=page, next_cursor=write_cursor(place_of(page[-1])) if len(found) > limit else None)
