"""Languages: a catalogue in another language is the English one with its texts replaced by those of TOML files.

To add a string: add a field to the right dataclass in `strings.py`, `page_strings.py` or a page's own `*_strings.py`,
write its English text beside the others, and use it as `t.`, `w.` or `shell.` in a template. Then add the same key to
the TOML files in `languages/de/` (tables are the dataclasses, dots lead inwards: `[pages.device] voltage = "{n} V"`).
A count that a phrase depends on is a `Plural`, in TOML `{ one = "…", other = "…" }`. What a language lacks is shown in
English; `tests/web/test_languages.py` names it. A page's script has no words of its own: the server hands them over.

To add a language: make a folder `languages/CODE/`, write `python -m tools.translate CODE` into a TOML file there, and
translate what stands in quotation marks. Nothing else needs to be changed: `language` and `name` are keys of it, and
the order of dates, the marks in numbers and the names of days and months (of charts, too) are others. docs/languages.md
says more.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from string import Formatter
from typing import Any, Final, TypeVar, cast

from dashboards.web.plural import Plural

T = TypeVar("T")

ENGLISH_CODE: Final = "en"
FOLDER: Final = Path(__file__).parent / "languages"


def languages(folder: Path = FOLDER) -> tuple[str, ...]:
    """The codes of the languages beside English."""
    return tuple(sorted(path.name for path in folder.iterdir() if any(path.glob("*.toml"))))


def spoken() -> tuple[str, ...]:
    """The codes of all languages, English first."""
    return (ENGLISH_CODE, *languages())


def read_texts(language: str, folder: Path = FOLDER) -> dict[str, str]:
    """All texts of a language by their paths, as `fleet.rules.nozzle_due`. Raises ValueError for a key given twice."""
    texts: dict[str, str] = {}
    for path in sorted((folder / language).glob("*.toml")):
        found = texts_of(tomllib.loads(path.read_text(encoding="utf-8")))
        if twice := texts.keys() & found.keys():
            raise ValueError(f"{path.name} gives a second time: {', '.join(sorted(twice))}")
        texts |= found
    return texts


def texts_of(catalogue: object) -> dict[str, str]:
    """Every text of a catalogue, or of a part of one, by its path."""
    return dict(_texts(catalogue, ""))


def translated(catalogue: T, texts: Mapping[str, str]) -> T:
    """The catalogue with these texts in place of its own; what is missing, or has other placeholders, stays."""
    return cast("T", _with(catalogue, texts, ""))


def as_toml(texts: Mapping[str, str]) -> str:
    """The texts as TOML, one key a line: what `read_texts` reads."""
    return "".join(f"{path} = {json.dumps(text, ensure_ascii=False)}\n" for path, text in texts.items())


def faults(catalogue: object, texts: Mapping[str, str]) -> list[str]:
    """What `texts` lack, have too much, or fill with other placeholders than the catalogue does."""
    own = texts_of(catalogue)
    found = [f"missing: {path} = {own[path]!r}" for path in own if path not in texts]
    found += [f"unknown: {path}" for path in texts if path not in own]
    found += [
        f"other placeholders: {path}: {own[path]!r}, {texts[path]!r}"
        for path in own
        if path in texts and placeholders(own[path]) != placeholders(texts[path])
    ]
    return found


def placeholders(text: str) -> frozenset[str]:
    """The names in braces. Raises ValueError for a brace that is not closed."""
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name is not None)


def _texts(value: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    else:
        for name, part in _parts(value):
            yield from _texts(part, f"{path}.{name}" if path else name)


def _parts(value: object) -> Iterator[tuple[str, object]]:
    match value:
        case Plural():
            yield from value._asdict().items()
        case Mapping():
            yield from value.items()
        case tuple() | list():
            yield from ((str(place), part) for place, part in enumerate(value))
        case _ if is_dataclass(value):
            yield from ((field.name, getattr(value, field.name)) for field in fields(value))
        case _:
            raise TypeError(f"a catalogue has no {type(value).__name__}")


def _with(value: object, texts: Mapping[str, str], path: str) -> object:
    if isinstance(value, str):
        text = texts.get(path, value)
        return text if placeholders(text) == placeholders(value) else value
    parts = {name: _with(part, texts, f"{path}.{name}" if path else name) for name, part in _parts(value)}
    match value:
        case Plural():
            return Plural(**cast("dict[str, str]", parts))
        case Mapping():
            return parts
        case tuple():
            return tuple(parts.values())
        case _:
            return replace(cast("Any", value), **parts)
