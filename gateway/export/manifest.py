"""The manifest: what was asked, and every finished file. By it a killed export goes on where it was."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal, NamedTuple, TypeAlias

from pydantic import TypeAdapter, ValidationError

from gateway.errors import ConflictError, SilverpointError
from gateway.export.files import PART, write_whole

FILE_NAME: Final = "manifest.json"
Format: TypeAlias = Literal["parquet", "csv"]


class FileEntry(NamedTuple):
    """A finished file; `path` from the export's folder."""

    table: str
    path: str
    rows: int
    size_bytes: int


@dataclass(frozen=True)
class Manifest:
    """`asked`: the times as they were written; since <= t < until what they meant when the export began."""

    format: Format
    role: str | None
    asked: tuple[str | None, str | None]
    since_ms: int
    until_ms: int
    files: tuple[FileEntry, ...] = ()
    done: tuple[str, ...] = ()
    """Parts that are written, also those that came to no file."""
    complete: bool = False
    version: int = 1


_READ: Final = TypeAdapter(Manifest)


def read_manifest(folder: Path) -> Manifest | None:
    """The export that is in the folder; None where there is none. Raises SilverpointError where it can't be read."""
    path = folder / FILE_NAME
    try:
        return _READ.validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise SilverpointError(f"{path} can't be read as the list of an export: give another folder") from error


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Puts it in its place, durably."""
    document = {**asdict(manifest), "files": [entry._asdict() for entry in manifest.files]}
    write_whole(folder / FILE_NAME, json.dumps(document, indent=1) + "\n")


def begun(folder: Path, new: Manifest) -> Manifest:
    """The manifest to go on with: that of the same export where it was cut off, otherwise `new`.

    Raises ConflictError where the folder holds anything else.
    """
    there = read_manifest(folder)
    if there is None:
        if any(entry.suffix != PART for entry in folder.iterdir()):
            raise ConflictError(f"{folder} is not empty: give a new folder")
        return new
    if there.complete:
        raise ConflictError(f"{folder} has a complete export already: give a new folder")
    if (there.format, there.role, there.asked) != (new.format, new.role, new.asked):
        raise ConflictError(
            f"{folder} has a part of another export (--format {there.format}): ask for the same, or give a new folder"
        )
    for part in folder.rglob(f"*{PART}"):
        part.unlink()
    return there
