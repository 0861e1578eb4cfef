"""Golden cases of one field each: missing, wrong type, out of range, badly named, given twice, too deep, unknown."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any, NamedTuple

from tests.golden.written import CANARY, Case, Pairs, Raw, good, nested, rejected, replaced, topic, without, written

MAX_DEPTH = 16


class Field(NamedTuple):
    """One field of the contract, as its tables say it."""

    path: tuple[str, ...]
    category: str
    required: bool = True
    nullable: bool = False


ENVELOPE = (
    Field(("boot_id",), "boot_id"),
    Field(("seq",), "count"),
    Field(("ts_ms",), "time", nullable=True),
    Field(("up_ms",), "count", required=False),
)
FIELDS: dict[str, tuple[Field, ...]] = {
    "telemetry": (
        *ENVELOPE,
        Field(("power",), "object"),
        Field(("power", "source"), "word"),
        Field(("power", "charge"), "ratio", nullable=True),
        Field(("power", "voltage_v"), "voltage", nullable=True),
        Field(("power", "health"), "ratio", required=False, nullable=True),
        Field(("nozzle",), "object", nullable=True),
        Field(("nozzle", "serial"), "identifier", nullable=True),
        Field(("nozzle", "strikes"), "count"),
        Field(("nozzle", "coating"), "ratio", nullable=True),
        Field(("nozzle", "depth_mm"), "depth", required=False, nullable=True),
        Field(("sessions",), "object"),
        Field(("sessions", "total"), "count"),
        Field(("sessions", "active"), "boolean"),
    ),
    "session": (
        *ENVELOPE,
        Field(("session_id",), "session_id"),
        Field(("started_ms",), "time", nullable=True),
        Field(("ended_ms",), "time", nullable=True),
        Field(("strikes",), "count"),
        Field(("depth_mm",), "depth", nullable=True),
        Field(("nozzle_serial",), "identifier", nullable=True),
        Field(("power_source",), "word"),
        Field(("end",), "word", required=False),
    ),
    "nozzle": (
        *ENVELOPE,
        Field(("event",), "word"),
        Field(("serial",), "identifier"),
        Field(("strikes",), "count"),
        Field(("model",), "identifier", required=False),
        Field(("lot",), "identifier", required=False),
        Field(("rated_strikes",), "positive", required=False),
        Field(("expires_on",), "date", required=False),
    ),
    "status": (
        Field(("state",), "word"),
        Field(("boot_id",), "boot_id", required=False),
        Field(("ts_ms",), "time", required=False, nullable=True),
        Field(("model",), "identifier", required=False),
        Field(("firmware",), "version", required=False),
        Field(("form",), "word", required=False),
        Field(("interval_s",), "positive", required=False),
    ),
}

NO_INTEGER = ['"3"', "true", "3.0", "1e3", "[3]"]
NO_NUMBER = ['"0.5"', "false", "[0.5]", "{}"]
NO_TEXT = ["7", "true", '["x"]', "{}"]
BAD_NAMES = ['""', '"a b"', '"-a"', '"a/b"', '"\u00fc1"', '"a\\n"', f'"{"a" * 65}"']
WRONG_TYPES = {
    "count": NO_INTEGER,
    "positive": NO_INTEGER,
    "time": ['"2026-01-01T00:00:00Z"', "1760000000000.0", "true", "{}"],
    "ratio": NO_NUMBER,
    "voltage": NO_NUMBER,
    "depth": NO_NUMBER,
    "boolean": ["0", "1.0", '"true"', "[]"],
    "object": ["[]", '"x"', "3", "true"],
    "word": NO_TEXT,
    "identifier": NO_TEXT,
    "boot_id": NO_TEXT,
    "session_id": NO_TEXT,
    "version": NO_TEXT,
    "date": ["20280229", "null", "[]"],
}
BAD_IDENTIFIERS = {
    "identifier": BAD_NAMES,
    "boot_id": ['""', '"a_b"', '"a.b"', f'"{"b" * 37}"'],
    "session_id": ['""', '"5E0A"', '"5e0g"', f'"{"5" * 37}"'],
    "version": ['""', '"+1"', '"2 4"', f'"{"2" * 65}"'],
}
OUT_OF_RANGE = {
    "count": ["-1", "9007199254740992", "1" + "0" * 39],
    "positive": ["0", "-1", "9007199254740992"],
    "time": ["946684799999", "4102444800001", "0", "-1"],
    "ratio": ["-0.001", "1.0000000000000002", "2", "1e300"],
    "voltage": ["-0.5", "500.1"],
    "depth": ["-0.5", "5.01", "1500"],
    "word": ['"other"', '"Mains"', '""'],
    "date": ['"2027-02-29"', '"27-01-01"', '"2027-1-1"', '"0000-01-01"', '"2027-01-01T00:00:00Z"'],
}


def field_cases() -> Iterator[Case]:
    """All of them; each message has a seq of its own, so that no two cases are the same bytes."""
    seqs = count()
    for kind, fields in FIELDS.items():
        for field in fields:
            yield from _of_values(kind, field, seqs)
            yield from _of_keys(kind, field, seqs)
        for parent in ((), *(field.path for field in fields if field.category == "object")):
            yield from _of_objects(kind, parent, seqs)


def _of_values(kind: str, field: Field, seqs: Iterator[int]) -> Iterator[Case]:
    wrong_types = WRONG_TYPES[field.category] + ([] if field.nullable or field.category == "date" else ["null"])
    for reason, values in (
        ("wrong_type", wrong_types),
        ("bad_identifier", BAD_IDENTIFIERS.get(field.category, [])),
        ("out_of_range", OUT_OF_RANGE.get(field.category, [])),
    ):
        for value in values:
            message = good(kind, next(seqs))
            shown = value if len(value) < 30 else f"{value[:6]}... ({len(value)} characters)"
            yield Case(
                reason,
                f"{kind} {'.'.join(field.path)} = {shown}",
                topic(kind),
                written(replaced(message, field.path, Raw(value))),
                (rejected(reason, ".".join(field.path), without(message, field.path)),),
            )


def _of_keys(kind: str, field: Field, seqs: Iterator[int]) -> Iterator[Case]:
    path = ".".join(field.path)
    if field.required:
        known = without(good(kind, next(seqs)), field.path)
        yield Case(
            "missing_field",
            f"{kind} without {path}",
            topic(kind),
            written(known),
            (rejected("missing_field", path, known),),
        )
    message = good(kind, next(seqs))
    yield Case(
        "duplicate_key",
        f"{kind} with {path} twice",
        topic(kind),
        written(_given_twice(message, field.path)),
        (rejected("duplicate_key", path, without(message, field.path)),),
    )
    message = good(kind, next(seqs))
    outside = MAX_DEPTH + 1 - len(field.path)
    yield Case(
        "too_deep",
        f"{kind} with {path} nested to depth {MAX_DEPTH + 1}",
        topic(kind),
        written(replaced(message, field.path, nested(outside))),
        (rejected("too_deep", path, without(message, field.path)),),
    )


def _given_twice(message: dict[str, Any], path: tuple[str, ...]) -> Any:
    key, *rest = path
    items = [
        (name, value if name != key or not rest else _given_twice(value, tuple(rest)))
        for name, value in message.items()
    ]
    if not rest:
        items.append((key, message[key]))
    return Pairs(tuple(items))


def _of_objects(kind: str, parent: tuple[str, ...], seqs: Iterator[int]) -> Iterator[Case]:
    where = ".".join(parent) or "the top"
    unknown = {
        "text": CANARY,
        "a number": 4711,
        "null": None,
        "an object": {CANARY: {CANARY: [CANARY]}},
        f"an array that ends at depth {MAX_DEPTH}": nested(MAX_DEPTH - 1 - len(parent)),
    }
    for what, value in unknown.items():
        yield _unknown(kind, "unknown_field", f"{what} under an unknown key at {where}", parent, value, seqs)
    deep = nested(MAX_DEPTH - len(parent))
    yield _unknown(kind, "too_deep", f"an unknown key at {where} nested to {MAX_DEPTH + 1}", parent, deep, seqs)
    twice = Pairs(((CANARY, 1), (CANARY, 1)))
    yield _unknown(kind, "duplicate_key", f"a key twice below an unknown key at {where}", parent, twice, seqs)


def _unknown(kind: str, reason: str, name: str, parent: tuple[str, ...], value: Any, seqs: Iterator[int]) -> Case:
    message = good(kind, next(seqs))
    path = ".".join((*parent, "?"))
    text = written(replaced(message, (*parent, CANARY), value))
    return Case(reason, f"{kind}: {name}", topic(kind), text, (rejected(reason, path, message),))
