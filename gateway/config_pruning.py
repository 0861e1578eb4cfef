"""What can still be judged of a configuration with mistakes, so that one mistake hides no other. Pure.

pydantic checks keys against each other only where each is right by itself. So what is wrong is taken out, or something
harmless is put in its place where its absence would accuse others, and the rest is checked again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any, Final

from pydantic_core import ErrorDetails

from schemas.identity import is_identifier

_TIMING: Final = frozenset({"enabled", "severity", "hold_s", "keep_firing_s"})
_SELECTING: Final = frozenset({"clinics", "regions", "rules", "min_severity", "hours"})
_SPARED: Final[Mapping[tuple[str, str], frozenset[str]]] = {
    ("alerts", "rules"): _TIMING,
    ("alerts", "overrides"): _TIMING,
    ("notify", "routes"): _SELECTING,
    ("notify", "receivers"): frozenset(),
    ("notify", "rotations"): frozenset(),
}
"""Keys that hold tables, and what may be left out of one without changing what else is right or wrong in it."""
_UNDISTURBED: Final[Mapping[tuple[str, str], str]] = {
    ("notify", "smtp_url"): "smtp://mail.example.org",
    ("notify", "heartbeat_url"): "https://example.org",
}
"""Keys that others need to be there."""
_NO_OVERRIDE: Final = {"rule": "nozzle_expired", "device": "none"}


def judgeable(sections: Mapping[str, Any], errors: Sequence[ErrorDetails]) -> dict[str, Any]:
    """The sections without what these errors are about."""
    found = {name: deepcopy(content) for name, content in sections.items() if isinstance(content, dict)}
    tables: dict[tuple[str, str], dict[str | int, set[str]]] = {}
    for error in errors:
        section, *rest = (error["loc"] or ("",))[:4]
        content = found.get(str(section))
        if content is None or not rest:
            found.pop(str(section), None)
            if section == "notify" and content is not None:
                found["notify"] = _only_receivers(content)
            continue
        place = (str(section), str(rest[0]))
        if len(rest) > 1 and place in _SPARED and _decode(content, place[1]):
            tables.setdefault(place, {}).setdefault(rest[1], set()).add(str(rest[2]) if len(rest) > 2 else "")
        elif place in _UNDISTURBED:
            content[place[1]] = _UNDISTURBED[place]
        elif place[1] == "url" or place[1].endswith("_file"):
            found.pop(place[0], None)  # without it the checks would accuse the others
        else:
            content.pop(place[1], None)
    for place, faults in tables.items():
        if place[0] in found:
            _mend(found[place[0]], place, faults)
    return found


def _only_receivers(content: dict[str, Any]) -> dict[str, Any]:
    """Under their names, which other sections may use; everything that is checked against them is left out."""
    given = content["receivers"] if _decode(content, "receivers") else []
    by_name = {one["name"]: one for one in given if isinstance(one, dict) and isinstance(one.get("name"), str)}
    return {"receivers": list(by_name.values()), "smtp_url": _UNDISTURBED["notify", "smtp_url"]}


def _decode(content: dict[str, Any], key: str) -> bool:
    """A variable holds tables as JSON."""
    value = content.get(key)
    if isinstance(value, str):
        try:
            content[key] = json.loads(value)
        except ValueError:
            content.pop(key)
    return isinstance(content.get(key), dict | list)


def _mend(content: dict[str, Any], place: tuple[str, str], faults: Mapping[str | int, set[str]]) -> None:
    table = content[place[1]]
    for name, keys in faults.items():
        entry = _entry(table, name)
        if isinstance(entry, dict) and keys <= _SPARED[place]:
            for key in keys:
                entry.pop(key, None)
        elif isinstance(table, list) and isinstance(name, int) and name < len(table):
            table[name] = _stand_in(place[1], entry, name)
        elif isinstance(table, dict):
            table.pop(name, None)
            _spare_overrides(content, str(name))


def _entry(table: Any, name: str | int) -> Any:
    if isinstance(table, dict):
        return table.get(name)
    return table[name] if isinstance(name, int) and name < len(table) else None


def _spare_overrides(content: dict[str, Any], rule: str) -> None:
    """What differs from a rule can't be judged where the rule itself is wrong."""
    if not _decode(content, "overrides") or not isinstance(content["overrides"], list):
        return
    content["overrides"] = [
        _NO_OVERRIDE if isinstance(one, dict) and one.get("rule") == rule else one for one in content["overrides"]
    ]


def _stand_in(key: str, entry: Any, number: int) -> dict[str, Any]:
    """Something harmless in the place of a table, under its name, so that others may go on naming it."""
    given = entry if isinstance(entry, dict) else {}
    name = given.get("name")
    name = name if isinstance(name, str) and is_identifier(name) else f"unnamed-{number}"
    if key == "overrides":
        return _NO_OVERRIDE
    if key == "routes":
        return {"roles": ["admin"]}
    if key == "rotations":
        return {"name": name, "people": ["none"], "starts": "2026-01-05T09:00"}
    if given.get("channel") == "email":
        return {"name": name, "channel": "email", "to": ["none@example.org"]}
    if given.get("channel") == "alertmanager":
        return {"name": name, "channel": "alertmanager", "url": "https://example.org"}
    return {"name": name, "channel": "apprise", "url": "json://example.org"}
