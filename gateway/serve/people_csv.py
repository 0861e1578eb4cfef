"""People as one CSV file: name, role, clinics, models and, of new ones, a password. Pure.

An empty cell of clinics or models means all. Text that a spreadsheet would run as a formula is written with an
apostrophe before it, which reading takes off.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

from gateway.errors import InvalidInputError
from schemas.access import ROLES, Role, Scope
from schemas.mistakes import Mistake, on_line

COLUMNS: Final = ("name", "role", "clinics", "models")
_NEW_ONES: Final = "password"
"""A column that only new people need."""
_escaped: Final = re.compile(r"'('*[=+\-@\t\r])")


class PersonLine(NamedTuple):
    """One line of the file; `password` None: who is there keeps the one they have."""

    name: str
    role: Role
    scope: Scope
    password: str | None


def read_people(text: str, known: Collection[str]) -> tuple[PersonLine, ...]:
    """The people of a file. Raises InvalidInputError with every mistake in it, each with its line."""
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True, restkey="")
    mistakes: list[str] = []
    found: dict[str, PersonLine] = {}
    try:
        header = [name.strip() for name in reader.fieldnames or ()]
        reader.fieldnames = header
        _check_header(header)
        for cells in reader:
            try:
                line = _line({name: _text(cell) for name, cell in cells.items()}, known)
                if line.name in found:
                    raise InvalidInputError([Mistake(f"{line.name} is in the file already", "twice", name=line.name)])
                found[line.name] = line
            except InvalidInputError as error:
                mistakes += [on_line(mistake, reader.line_num) for mistake in error.mistakes]
    except csv.Error as error:
        raise InvalidInputError([Mistake(str(error), "file_unreadable").on_line(reader.line_num)]) from None
    if mistakes:
        raise InvalidInputError(mistakes)
    return tuple(found.values())


def _check_header(header: list[str]) -> None:
    missing = [name for name in COLUMNS if name not in header]
    unknown = [name for name in header if name not in (*COLUMNS, _NEW_ONES)]
    if missing or unknown:
        first = ",".join((*COLUMNS, _NEW_ONES))
        raise InvalidInputError([Mistake(f"begin with the line {first}", "file_header", limit=first)])
    twice = [name for name in (*COLUMNS, _NEW_ONES) if header.count(name) > 1]
    if twice:
        raise InvalidInputError(
            [Mistake(f"column {name!r} is there twice", "column_twice", name=name).on_line(1) for name in twice]
        )


def _line(cells: Mapping[str, str], known: Collection[str]) -> PersonLine:
    name, password = cells["name"], cells.get(_NEW_ONES) or None
    role = next((each for each in ROLES if each == cells["role"]), None)
    if role is None:
        roles = ", ".join(ROLES)
        raise InvalidInputError([Mistake(f"role: write one of {roles}", "choose_one", "role", limit=roles)])
    if "" in cells:
        raise InvalidInputError([Mistake("there are more cells than the first line names", "cells_too_many")])
    if name not in known and password is None:
        text = f"{name or 'this person'} is new: write a password"
        raise InvalidInputError([Mistake(text, "person_new", name=name)])
    if name in known and password is not None:
        text = f"{name} is there already: leave the password empty, it stays as it is"
        raise InvalidInputError([Mistake(text, "person_known", name=name)])
    return PersonLine(name, role, Scope(_scope(cells["clinics"]), _scope(cells["models"])), password)


def _text(cell: str | list[str] | None) -> str:
    """A cell as it was meant; a line that is short has None, cells too many come as a list."""
    if not isinstance(cell, str):
        return ""
    escaped = _escaped.match(cell)
    return (cell[1:] if escaped else cell).strip()


def _scope(cell: str) -> frozenset[str] | None:
    return frozenset(re.split(r"[\s,;]+", cell)) if cell else None
