"""Where configuration comes from: a TOML file and the environment, each value with the place it was written."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

VARIABLE_PREFIX: Final = "SILVERPOINT_"
_NESTING: Final = "__"
SECRETS: Final[tuple[tuple[str, str], ...]] = (
    ("broker", "url"),
    ("store", "url"),
    ("http", "metrics_token"),
    ("notify", "smtp_url"),
    ("notify", "heartbeat_url"),
)
"""Values that may hold a password: each may be given as a file, and none is repeated in a message."""
_NO_SECRET_BY_ITSELF: Final = frozenset({"mqtt", "mqtts", "smtp", "smtps", "sqlite"})

_header = re.compile(r"\s*\[\s*([A-Za-z0-9_-]+)\s*\]\s*(#.*)?$")
_table = re.compile(r"\s*\[\[\s*([A-Za-z0-9_-]+)\s*\.\s*([A-Za-z0-9_-]+)\s*(?:\.[^\]]*)?\]\]")
_inner = re.compile(r"\s*\[\s*([A-Za-z0-9_-]+)\s*\.\s*([A-Za-z0-9_-]+)\s*\.\s*([A-Za-z0-9_-]+)\s*\]")
_key = re.compile(r"\s*(?:([A-Za-z0-9_-]+)\s*\.\s*)?([A-Za-z0-9_-]+)\s*=")

Place: TypeAlias = tuple[str, ...]
"""(section,), (section, key), or (section, key, name or number of a table)"""


@dataclass(slots=True)
class Gathered:
    """What one source says: raw values by section, where each was written, and what could not be read."""

    name: str
    values: dict[str, Any] = field(default_factory=dict)
    origins: dict[Place, str] = field(default_factory=dict)
    mistakes: list[str] = field(default_factory=list)


class GatheredSource(PydanticBaseSettingsSource):
    """Hands gathered values to pydantic-settings, which merges the sources key by key."""

    def __init__(self, settings_cls: type[BaseSettings], gathered: Gathered) -> None:
        super().__init__(settings_cls)
        self._gathered = gathered

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return self._gathered.values.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return self._gathered.values


def from_file(path: Path) -> Gathered:
    """Reads a TOML file."""
    gathered = Gathered(str(path))
    try:
        text = path.read_text(encoding="utf-8")
        values = tomllib.loads(text)
    except OSError as error:
        gathered.mistakes.append(f"{path}: can't read the configuration: {error.strerror}")
        return gathered
    except ValueError as error:
        gathered.mistakes.append(f"{path}: not valid TOML: {error}")
        return gathered
    lines = _lines(text)
    for section, content in values.items():
        gathered.values[section] = content
        gathered.origins[section,] = _at_line(path, lines.get((section,)))
        for key in content if isinstance(content, dict) else ():
            gathered.origins[section, key] = _at_line(path, lines.get((section, key), lines.get((section,))))
    gathered.origins |= {place: _at_line(path, line) for place, line in lines.items() if len(place) == 3}
    _read_secret_files(gathered)
    return gathered


def from_environment(environ: Mapping[str, str]) -> Gathered:
    """Reads the variables `SILVERPOINT_SECTION__KEY`.

    Names without `__` are none of ours: a container platform sets `SILVERPOINT_PORT` and the like by itself.
    """
    gathered = Gathered("the environment")
    for name, value in sorted(environ.items()):
        section, nested, key = name.removeprefix(VARIABLE_PREFIX).lower().partition(_NESTING)
        if not name.startswith(VARIABLE_PREFIX) or not nested:
            continue
        gathered.values.setdefault(section, {})[key] = value
        gathered.origins.setdefault((section,), name)
        gathered.origins[section, key] = name
    _read_secret_files(gathered)
    return gathered


def holding_secrets(path: Path) -> list[Path]:
    """The files in which secrets of a configuration stand: those that it names, and itself where any stands in it.

    Raises OSError, and ValueError where it is no TOML.
    """
    values = tomllib.loads(path.read_text(encoding="utf-8"))
    receivers = values.get("notify", {}).get("receivers", ())
    written = [(values.get(section, {}), key) for section, key in SECRETS]
    written += [(receiver, key) for receiver in receivers for key in ("url", "secret")]
    named = [Path(str(table[f"{key}_file"])) for table, key in written if f"{key}_file" in table]
    return [*([path] if any(_is_secret(table.get(key)) for table, key in written) else []), *named]


def _is_secret(value: object) -> bool:
    """An address of a broker, a mail server or a store is one where it has a password in it."""
    if not isinstance(value, str):
        return False
    parts = urlsplit(value)
    return parts.password is not None or parts.scheme not in _NO_SECRET_BY_ITSELF


def _lines(text: str) -> dict[Place, int]:
    """Where sections and keys stand in the file, as far as they are written one to a line."""
    found: dict[Place, int] = {}
    seen: Counter[Place] = Counter()
    section = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if inner := _inner.match(line):
            found.setdefault((inner[1], inner[2], inner[3]), number)
            found.setdefault((inner[1], inner[2]), number)
            section = f"{inner[1]}.{inner[2]}"
        elif table := _table.match(line):
            found.setdefault((table[1], table[2]), number)
            if table[0].count(".") == 1:
                found[table[1], table[2], str(seen[table[1], table[2]])] = number
                seen[table[1], table[2]] += 1
            section = f"{table[1]}.{table[2]}"  # its keys are not the section's
        elif header := _header.match(line):
            section = header[1]
            found.setdefault((section,), number)
        elif key := _key.match(line):
            of = key[1] or section
            found.setdefault((of, key[2]) if of else (key[2],), number)
    return found


def _at_line(path: Path, line: int | None) -> str:
    return str(path) if line is None else f"{path} line {line}"


def _read_secret_files(gathered: Gathered) -> None:
    for section, key in SECRETS:
        content = gathered.values.get(section)
        named = f"{key}_file"
        if not isinstance(content, dict) or named not in content:
            continue
        origin = gathered.origins[section, named]
        path = content.pop(named)
        if key in content:
            gathered.mistakes.append(f"{origin}: {section}.{named}: {section}.{key} is given too; keep one of the two")
            continue
        try:
            content[key] = Path(str(path)).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not text"
            gathered.mistakes.append(f"{origin}: {section}.{named}: can't read {path}: {why}")
            continue
        gathered.origins[section, key] = f"{origin} ({path})"
