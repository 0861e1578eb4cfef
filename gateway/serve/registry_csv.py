"""The registry as one CSV file: a `kind` column and the fields of schemas/registry.py. Pure.

A column that the file has says what shall be, an empty cell the default; a column that it lacks leaves what is.
Text that a spreadsheet would run as a formula is written with an apostrophe before it, which reading takes off.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from gateway.errors import InvalidInputError
from gateway.serve.registry_rules import checked_entry
from schemas.mistakes import Mistake, on_line
from schemas.registry import Clinic, DeviceEntry, Lot, NozzleModel, RegistryEntry

EntryType: TypeAlias = type[Clinic] | type[DeviceEntry] | type[NozzleModel] | type[Lot]
Current: TypeAlias = Callable[[EntryType, str], RegistryEntry | None]
"""The entry of a kind and an id as it stands, if there is one."""

KINDS: Final[Mapping[str, EntryType]] = {
    "clinic": Clinic,
    "device": DeviceEntry,
    "nozzle_model": NozzleModel,
    "lot": Lot,
}
_NAME_OF: Final = {entry_type: kind for kind, entry_type in KINDS.items()}
_ID_FIELD: Final[Mapping[EntryType, str]] = {
    Clinic: "clinic_id",
    DeviceEntry: "device_id",
    NozzleModel: "model",
    Lot: "lot",
}
_FIELDS: Final = tuple(dict.fromkeys(field for entry_type in KINDS.values() for field in entry_type.model_fields))
COLUMNS: Final = ("kind", *_FIELDS)

_LIST_SEPARATOR: Final = ";"
_runs_as_formula = re.compile(r"'*[=+\-@\t\r]")
_escaped = re.compile(r"'('*[=+\-@\t\r])")
_TRUTHS: Final = {"true": True, "false": False}


def entry_id(entry: RegistryEntry) -> str:
    """What an entry is known by, within its kind."""
    return str(getattr(entry, _ID_FIELD[type(entry)]))


def write_registry(entries: Iterable[RegistryEntry]) -> str:
    """The file of these entries, in order of kind and id."""
    order = list(KINDS.values())
    rows = sorted(entries, key=lambda entry: (order.index(type(entry)), entry_id(entry)))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for entry in rows:
        fields = entry.model_dump()
        cells = [_cell(fields.get(field)) for field in _FIELDS]
        writer.writerow([_NAME_OF[type(entry)], *cells])
    return text.getvalue()


def read_registry(text: str, current: Current) -> tuple[RegistryEntry, ...]:
    """The entries that a file makes. Raises InvalidInputError with every mistake in it, each with its line."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    lines = _lines(reader)
    if not lines:
        first = ",".join(COLUMNS)
        text = f"the file is empty: begin with the line {first}"
        raise InvalidInputError([Mistake(text, "file_empty", limit=first)])
    header = [name.strip() for name in lines[0][1]]
    _check_header(header)
    mistakes: list[str] = []
    entries: dict[tuple[str, str], RegistryEntry] = {}
    first_line: dict[tuple[str, str], int] = {}
    for number, cells in lines[1:]:
        try:
            entry = _entry(header, cells, current)
        except InvalidInputError as error:
            mistakes += [on_line(mistake, number) for mistake in error.mistakes]
            continue
        key = (_NAME_OF[type(entry)], entry_id(entry))
        if key in entries:
            text = f"{key[0]} {key[1]} is on line {first_line[key]} already"
            mistakes.append(Mistake(text, "twice", name=f"{key[0]} {key[1]}").on_line(number))
        entries[key] = entry
        first_line.setdefault(key, number)
    if mistakes:
        raise InvalidInputError(mistakes)
    return tuple(entries.values())


def _lines(reader: Any) -> list[tuple[int, list[str]]]:
    """Rows that are not blank, each with the number of its last line."""
    try:
        return [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        unread = Mistake(f"this is no CSV: {error}", "file_unreadable")
        raise InvalidInputError([unread.on_line(reader.line_num)]) from None


def _check_header(header: Sequence[str]) -> None:
    mistakes = [
        Mistake(f"unknown column {name!r}", "column_unknown", name).on_line(1) for name in header if name not in COLUMNS
    ]
    mistakes += [
        Mistake(f"column {name!r} is there twice", "column_twice", name=name).on_line(1)
        for name in sorted(set(header))
        if header.count(name) > 1
    ]
    if "kind" not in header:
        text = "the column 'kind' is missing (columns are parted by commas)"
        mistakes.append(Mistake(text, "column_missing", name="kind").on_line(1))
    if mistakes:
        raise InvalidInputError(list(mistakes))


def _entry(header: Sequence[str], cells: Sequence[str], current: Current) -> RegistryEntry:
    if len(cells) > len(header):
        text = f"{len(cells)} cells, but the first line has {len(header)}"
        raise InvalidInputError([Mistake(text, "cells_too_many")])
    row = {name: cell.strip() for name, cell in zip(header, cells, strict=False)}
    entry_type = KINDS.get(row.pop("kind", ""))
    if entry_type is None:
        kinds = ", ".join(KINDS)
        raise InvalidInputError([Mistake(f"kind: write one of {kinds}", "choose_one", "kind", limit=kinds)])
    strange = [name for name, cell in row.items() if cell and name not in entry_type.model_fields]
    if strange:
        kind = _NAME_OF[entry_type]
        raise InvalidInputError(
            [Mistake(f"{name}: a {kind} has no such field", "field_of_other_kind", name, kind=kind) for name in strange]
        )
    ours = {name: cell for name, cell in row.items() if name in entry_type.model_fields}
    known = current(entry_type, ours.get(_ID_FIELD[entry_type], ""))
    fields = known.model_dump(exclude=set(ours)) if known else {}
    given = {name: _value(entry_type, name, cell) for name, cell in ours.items() if cell}
    if entry_type is Clinic:
        # Whoever writes a clinic down knows it, unless the file says otherwise.
        fields["discovered"] = False
    return checked_entry(entry_type, {**fields, **given})


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case tuple():
            return _LIST_SEPARATOR.join(value)
        case str():
            return f"'{value}" if _runs_as_formula.match(value) else value
        case _:
            return repr(value)


def _value(entry_type: EntryType, name: str, cell: str) -> object:
    if name == "fits":
        return tuple(part.strip() for part in cell.split(_LIST_SEPARATOR) if part.strip())
    if name == "discovered":
        return _TRUTHS.get(cell.lower(), cell)
    if entry_type.model_fields[name].annotation is str:
        return _escaped.sub(r"\1", cell, count=1) if _escaped.match(cell) else cell
    return cell
