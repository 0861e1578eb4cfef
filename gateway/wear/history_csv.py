"""Wear histories from CSV: columns unit, usage, wear, and lot where there is one; any order of columns and rows."""

from __future__ import annotations

import csv
import io
import math
from collections import defaultdict
from collections.abc import Iterator
from typing import Final, NamedTuple

from gateway.errors import InvalidInputError
from gateway.wear.history import Unit, unit

_NEEDED: Final = ("unit", "usage", "wear")
_READ: Final = (*_NEEDED, "lot")
_MOST_MISTAKES: Final = 50


class _Row(NamedTuple):
    unit: str
    usage: float
    wear: float
    lot: str | None


def read_history(text: str, source: str) -> list[Unit]:
    """The units of a CSV text, in the order in which they first come.

    `source` names the text in messages. Raises InvalidInputError with every mistake and its line.
    """
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")), skipinitialspace=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        missing = [name for name in _NEEDED if name not in header]
        wrong = [f"no column {name}{_hint(header)}" for name in missing]
        wrong += [f"column {name} is there twice" for name in _READ if header.count(name) > 1]
        if wrong:
            raise InvalidInputError([f"{source}: line 1: {mistake}" for mistake in wrong])
        rows, mistakes = _rows(((reader.line_num, cells) for cells in reader), header, source)
    except csv.Error as error:
        raise InvalidInputError([f"{source}: line {reader.line_num}: {error}"]) from error
    mistakes += _lot_mistakes(rows, source)
    if not rows and not mistakes:
        mistakes = [f"{source}: no readings"]
    if mistakes:
        more = len(mistakes) - _MOST_MISTAKES
        raise InvalidInputError(
            mistakes[:_MOST_MISTAKES] + ([f"{source}: and {more} more mistakes"] if more > 0 else [])
        )
    return _units(rows)


def _hint(header: list[str]) -> str:
    """What may be wrong with a header that is one single column."""
    if len(header) == 1 and any(mark in header[0] for mark in ";\t|"):
        return "; write commas between the columns"
    return ""


def _rows(lines: Iterator[tuple[int, list[str]]], header: list[str], source: str) -> tuple[list[_Row], list[str]]:
    rows: list[_Row] = []
    mistakes: list[str] = []
    for line, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        where = f"{source}: line {line}"
        if len(cells) != len(header):
            mistakes.append(f"{where}: {len(cells)} fields, the header has {len(header)}")
            continue
        given = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
        found = [
            f"{where}: {name}: no number (found {given[name]!r})"
            for name in ("usage", "wear")
            if _number(given[name]) is None
        ]
        if not given["unit"]:
            found.insert(0, f"{where}: unit: empty")
        mistakes += found
        usage, wear = _number(given["usage"]), _number(given["wear"])
        if not found and usage is not None and wear is not None:
            rows.append(_Row(given["unit"], usage, wear, given.get("lot") or None))
    return rows, mistakes


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in text else None


def _lot_mistakes(rows: list[_Row], source: str) -> list[str]:
    lots: dict[str, set[str | None]] = defaultdict(set)
    for row in rows:
        lots[row.unit].add(row.lot)
    return [
        f"{source}: unit {name} is in several lots: {', '.join(sorted(str(lot) for lot in found))}"
        for name, found in lots.items()
        if len(found) > 1
    ]


def _units(rows: list[_Row]) -> list[Unit]:
    readings: dict[str, list[_Row]] = defaultdict(list)
    for row in rows:
        readings[row.unit].append(row)
    return [
        unit(name, (row.usage for row in own), (row.wear for row in own), own[0].lot) for name, own in readings.items()
    ]
