"""The exact verdict on a parsed message: the wire message, or why not, where, and what of it may be kept.

The reasons are tried in the contract's order over the whole message, so a `duplicate_key` deep inside comes before an
`unknown_field` at the top. Of two places with the same reason the first counts: in the message's order for what its
keys and nesting show, in the schema's order for missing fields and wrong values.

A word that is not one of an enumeration's is `out_of_range`; anything but a string in its place is `wrong_type`. A
name that does not fit its pattern is `bad_identifier`; a malformed date is `out_of_range`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final, NamedTuple, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from schemas.messages import OUT_OF_RANGE_ERROR, WireMessage
from schemas.rejection import Reason
from schemas.strict_json import JsonValue, Path

W = TypeVar("W", bound=WireMessage)

UNKNOWN_SEGMENT: Final = "?"

_OUT_OF_RANGE_ERRORS: Final = frozenset({OUT_OF_RANGE_ERROR, "greater_than_equal", "less_than_equal"})
_DATE_FIELDS: Final = frozenset({"expires_on"})
_ORDER: Final[tuple[Reason, ...]] = ("missing_field", "wrong_type", "bad_identifier", "out_of_range")


class Faulty(NamedTuple):
    """Why a message is not taken. `known` is the part that the schema knows and finds well-formed, ready to be kept:
    it holds no unknown key, no key given twice, and no value of the wrong type, pattern or range."""

    reason: Reason
    path: str
    known: dict[str, JsonValue]


def judge(
    model: type[W], value: JsonValue, too_deep: Sequence[Path], duplicates: Sequence[Path], prefix: str = ""
) -> W | Faulty:
    """Judges one message, or one sample of a batch that stands at `prefix` of its delivery.

    `too_deep` and `duplicates` are the parser's findings within `value`, their paths counted from it.
    """
    known: dict[str, JsonValue] = {}
    unknown: list[Path] = []
    if isinstance(value, dict):
        known = _known_part(model, value, (), unknown)
        outcome: W | _Fault = _checked(model, known)
    else:
        outcome = _Fault("wrong_type", ())
    if too_deep:
        outcome = _Fault("too_deep", too_deep[0])
    elif duplicates:
        outcome = _Fault("duplicate_key", duplicates[0])
    elif unknown:
        outcome = _Fault("unknown_field", unknown[0])
    if isinstance(outcome, _Fault):
        return Faulty(outcome.reason, written_path(model, outcome.at, prefix), known)
    return outcome


def written_path(model: type[BaseModel], path: Path, prefix: str = "") -> str:
    """A path as it may be kept: it ends at the first key that the schema does not know, written `?`, and at a field
    that has no fields of its own."""
    segments = [prefix] if prefix else []
    current: type[BaseModel] | None = model
    for segment in path:
        if current is None or isinstance(segment, int):
            break
        parts = _parts(current)
        segments.append(segment if segment in parts else UNKNOWN_SEGMENT)
        current = parts.get(segment)
    return ".".join(segments)


class _Fault(NamedTuple):
    reason: Reason
    at: Path


@cache
def _parts(model: type[BaseModel]) -> Mapping[str, type[BaseModel] | None]:
    """The fields of a message, each with its own message type where it has one."""
    return {name: _part_type(field.annotation) for name, field in model.model_fields.items()}


def _part_type(annotation: object) -> type[BaseModel] | None:
    for choice in (annotation, *get_args(annotation)):
        if isinstance(choice, type) and issubclass(choice, BaseModel):
            return choice
    return None


def _known_part(
    model: type[BaseModel], value: dict[str, JsonValue], at: Path, unknown: list[Path]
) -> dict[str, JsonValue]:
    """A copy of `value` with only the keys that the schema knows; the first of the others is put into `unknown`."""
    parts = _parts(model)
    known: dict[str, JsonValue] = {}
    for key, item in value.items():
        if key not in parts:
            if not unknown:
                unknown.append((*at, key))
            continue
        part = parts[key]
        known[key] = _known_part(part, item, (*at, key), unknown) if part and isinstance(item, dict) else item
    return known


def _checked(model: type[W], known: dict[str, JsonValue]) -> W | _Fault:
    """Lets pydantic check; what it objects to is taken out of `known`."""
    try:
        return model.model_validate(known)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False)
    faults = [_Fault(_reason(detail), detail["loc"]) for detail in details]
    for fault in faults:
        _drop(known, fault.at)
    return min(faults, key=lambda fault: _ORDER.index(fault.reason))


def _reason(detail: ErrorDetails) -> Reason:
    kind = detail["type"]
    if kind == "missing":
        return "missing_field"
    if kind in _OUT_OF_RANGE_ERRORS:
        return "out_of_range"
    if kind == "string_pattern_mismatch":
        return "out_of_range" if detail["loc"][-1] in _DATE_FIELDS else "bad_identifier"
    if kind == "literal_error" and isinstance(detail["input"], str):
        return "out_of_range"
    return "wrong_type"


def _drop(known: dict[str, JsonValue], at: Path) -> None:
    """Takes out the value at a place; a place that is missing is left so."""
    *way, last = at
    for segment in way:
        inner = known[str(segment)]
        if not isinstance(inner, dict):
            return
        known = inner
    known.pop(str(last), None)
