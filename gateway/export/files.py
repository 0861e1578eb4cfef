"""Files: a table's rows into a file that has its name only once it is whole and on disk."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

from gateway.errors import SilverpointError
from gateway.export.columns import Columns, as_list
from gateway.export.tables import TableShape

PART: Final = ".part"


class TableFile(Protocol):
    """A file being written. `close` makes it whole and durable; left without it, nothing of it stays."""

    rows: int

    def write(self, columns: Columns) -> None: ...
    def close(self) -> None: ...
    def discard(self) -> None: ...


class CsvFile:
    """RFC 4180 with a header; nothing between commas is null, `true` and `false`, lists with semicolons."""

    def __init__(self, path: Path, shape: TableShape) -> None:
        self.rows = 0
        self._path = path
        self._names = [field.name for field in shape.fields]
        self._file: TextIOWrapper = part_of(path).open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._writer.writerow(self._names)

    def write(self, columns: Columns) -> None:
        lists = [_told(as_list(columns[name])) for name in self._names]
        self._writer.writerows(zip(*lists, strict=True))
        self.rows += len(lists[0])

    def close(self) -> None:
        self._file.close()
        finish(self._path)

    def discard(self) -> None:
        self._file.close()
        part_of(self._path).unlink(missing_ok=True)


def _told(values: list[object]) -> list[object]:
    first = next((value for value in values if value is not None), None)
    if isinstance(first, bool):
        return [None if value is None else "true" if value else "false" for value in values]
    if isinstance(first, Sequence) and not isinstance(first, str):
        return [";".join(map(str, value)) if isinstance(value, Sequence) else None for value in values]
    return values


class Writing:
    """Writes one file in a `with` block: whole at its end, gone where something was raised."""

    def __init__(self, file: TableFile) -> None:
        self.file = file

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.file.close()
        else:
            with suppress(OSError, ValueError):
                self.file.discard()


def make_folder(path: Path) -> None:
    """Makes a folder and those above it. Raises SilverpointError that says what to do."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SilverpointError(f"can't make the folder {path}: {error.strerror}; choose another") from error


def write_whole(path: Path, text: str) -> None:
    """Puts a text in a file's place, durably."""
    part_of(path).write_text(text, encoding="utf-8")
    finish(path)


def finish(path: Path) -> None:
    """Gives a written file its name, durably."""
    _sync(part_of(path))
    part_of(path).replace(path)
    _sync(path.parent)


def part_of(path: Path) -> Path:
    """The name of a file while it is written."""
    return path.with_name(path.name + PART)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
