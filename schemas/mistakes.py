"""Mistakes in what a person typed or a file holds: English lines that also say as data what is wrong. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias

MistakeCode: TypeAlias = Literal[
    "cells_too_many", "chat_address", "choose_one", "column_missing", "column_twice", "column_unknown",
    "ends_before_start", "field_of_other_kind", "file_empty", "file_header", "file_unreadable", "hours", "identifier",
    "last_admin", "lasts_too_long", "mail_address", "maintenance_where", "missing", "name", "name_taken",
    "nobody_left", "number", "out_of_sight", "password_length", "person_known", "person_new", "time", "time_of_day",
    "time_span", "too_large", "too_long", "too_short", "too_small", "twice", "unknown", "which_alerts",
    "whole_number", "wrong", "zone",
]  # fmt: skip
"""What can be wrong. Pages have a sentence for each."""


class Mistake(str):
    """One mistake. The line itself is for programs and commands; pages word it from the rest.

    It is a line like any other to all that pass lines on.
    """

    __slots__ = ("code", "field", "line", "values")

    code: MistakeCode
    field: str
    """What was typed wrong: a field, or a column; empty where it is about no single one."""
    line: int | None
    """Of a file."""
    values: Mapping[str, str | int]

    def __new__(
        cls, text: str, code: MistakeCode, field: str = "", line: int | None = None, **values: str | int
    ) -> Mistake:
        made = super().__new__(cls, text)
        made.code, made.field, made.line = code, field, line
        made.values = MappingProxyType(values)
        return made

    def of_person(self, name: str) -> Mistake:
        """The same, about the person of that name."""
        made = Mistake(f"{name}: {self}", self.code, name, self.line)
        made.values = self.values
        return made

    def on_line(self, number: int) -> Mistake:
        """The same, found on that line of a file."""
        made = Mistake(f"line {number}: {self}", self.code, self.field, number)
        made.values = self.values
        return made


def on_line(mistake: str, number: int) -> str:
    """A mistake found on that line of a file."""
    return mistake.on_line(number) if isinstance(mistake, Mistake) else f"line {number}: {mistake}"


def of_person(mistake: str, name: str) -> str:
    """A mistake in what is said of that person."""
    return mistake.of_person(name) if isinstance(mistake, Mistake) else f"{name}: {mistake}"


_CODES: Final[Mapping[str, MistakeCode]] = MappingProxyType(
    {
        "missing": "missing",
        "extra_forbidden": "column_unknown",
        "string_too_long": "too_long",
        "too_long": "too_long",
        "string_too_short": "too_short",
        "too_short": "too_short",
        "string_pattern_mismatch": "identifier",
        "int_parsing": "whole_number",
        "int_from_float": "whole_number",
        "int_type": "whole_number",
        "float_parsing": "number",
        "float_type": "number",
        "finite_number": "number",
        "greater_than": "too_small",
        "greater_than_equal": "too_small",
        "less_than": "too_large",
        "less_than_equal": "too_large",
        "literal_error": "choose_one",
    }
)
"""What pydantic calls it."""
_QUOTED: Final = re.compile(r"'([^']*)'")
_LIMITS: Final = ("ge", "gt", "le", "lt", "max_length", "min_length", "expected")


def mistake_of(error: Mapping[str, Any]) -> Mistake:
    """The mistake of one of a validation error's details; a check of our own may have said which it is."""
    path, field = ".".join(str(part) for part in error["loc"]), str(next(iter(error["loc"]), ""))
    code, context = _CODES.get(str(error["type"]), "wrong"), error.get("ctx", {})
    raised = context.get("error")
    if isinstance(raised, ValueError) and raised.args and isinstance(known := raised.args[0], Mistake):
        return Mistake(f"{path}: {error['msg']}", known.code, field, None, **known.values)
    limit = str(next((context[name] for name in _LIMITS if name in context), ""))
    if code == "choose_one":
        limit = ", ".join(_QUOTED.findall(limit))
    return Mistake(f"{path}: {error['msg']}", code, field, limit=limit)
