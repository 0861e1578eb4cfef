"""Golden cases of what surrounds the fields: topics, sizes, JSON itself, and the order of the reasons."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

from tests.golden.written import (
    BOOT_ID,
    CANARY,
    CLINIC_ID,
    DEVICE_ID,
    Case,
    Expected,
    Pairs,
    Raw,
    good,
    nested,
    rejected,
    replaced,
    topic,
    without,
    written,
)

MAX_PAYLOAD_BYTES = 524_288
TELEMETRY = topic("telemetry")

BAD_TOPICS = [
    ("empty", "", False),
    ("another root", f"floot/v1/{CLINIC_ID}/{DEVICE_ID}/telemetry", True),
    ("another version", f"fleet/v2/{CLINIC_ID}/{DEVICE_ID}/telemetry", True),
    ("no kind", f"fleet/v1/{CLINIC_ID}/{DEVICE_ID}", True),
    ("a level too many", f"fleet/v1/{CLINIC_ID}/{DEVICE_ID}/telemetry/x", True),
    ("a slash before", f"/fleet/v1/{CLINIC_ID}/{DEVICE_ID}/telemetry", True),
    ("a slash after", f"fleet/v1/{CLINIC_ID}/{DEVICE_ID}/telemetry/", True),
    ("root in capitals", f"Fleet/v1/{CLINIC_ID}/{DEVICE_ID}/telemetry", True),
    ("only the root", "fleet", True),
    ("4,000 levels", "fleet/v1/" + "x/" * 4000, False),
]
BAD_CLINICS = [
    ("empty", "", True),
    ("a blank", "c 1", True),
    ("a hyphen first", "-c", True),
    ("65 characters", "c" * 65, True),
    ("an umlaut", "c\u00fc", True),
    ("a digit of another script", "c\u0663", True),
    ("a newline after", "c1\n", False),
    ("a wildcard", "c+", False),
    ("a hash", "#", False),
    ("a NUL", "c\x00", False),
]
KINDS_NOT_TAKEN = ["advice", "Telemetry", "diagnostics", "telemetry ", "", "status2"]

NOT_JSON: list[tuple[str, str | bytes]] = [
    ("nothing", ""),
    ("blanks only", " \n\t"),
    ("a word", "telemetry"),
    ("half an object", '{"boot_id":"9f2c","seq":'),
    ("an open string", '{"boot_id":"9f2c'),
    ("single quotes", "{'seq':1}"),
    ("a comma too many", '{"seq":1,}'),
    ("a comma too few", '{"seq":1 "ts_ms":null}'),
    ("no colon", '{"seq" 1}'),
    ("a key without quotes", "{seq:1}"),
    ("a number as a key", "{1:1}"),
    ("brackets that don't match", '{"seq":[1}}'),
    ("two messages", '{"seq":1}{"seq":2}'),
    ("a comment", '{"seq":1}//x'),
    ("a trailing NUL", b'{"seq":1}\x00'),
    ("NaN", '{"seq":NaN}'),
    ("Infinity", '{"seq":Infinity}'),
    ("-Infinity", '{"seq":-Infinity}'),
    ("1e999", '{"seq":1e999}'),
    ("-1e999", '{"seq":-1e999}'),
    ("1e999 below an unknown key", '{"x":{"y":[1e999]}}'),
    ("a number of 41 digits", '{"seq":' + "1" * 41 + "}"),
    ("a number of 5,000 digits", '{"seq":' + "1" * 5000 + "}"),
    ("a negative number of 5,000 digits", '{"seq":-' + "1" * 5000 + "}"),
    ("a fraction of 41 digits", '{"power":{"charge":0.' + "3" * 40 + "}}"),
    ("41 digits with those of the exponent", '{"power":{"charge":0.' + "3" * 38 + "e-01}}"),
    ("a leading zero", '{"seq":01}'),
    ("a plus sign", '{"seq":+1}'),
    ("no digit before the point", '{"seq":.5}'),
    ("no digit after the point", '{"seq":5.}'),
    ("no digit in the exponent", '{"seq":5e}'),
    ("hexadecimal", '{"seq":0x10}'),
    ("only a minus", '{"seq":-}'),
    ("True", '{"seq":True}'),
    ("undefined", '{"seq":undefined}'),
    ("a raw newline in a string", '{"boot_id":"a\nb"}'),
    ("a raw tab in a key", '{"boot\tid":1}'),
    ("an unknown escape", '{"boot_id":"\\x41"}'),
    ("half an escape", '{"boot_id":"\\u00"}'),
    ("a lone high surrogate", '{"boot_id":"\\ud83d"}'),
    ("a lone low surrogate", '{"boot_id":"\\ude00"}'),
    ("surrogates the wrong way round", '{"boot_id":"\\ude00\\ud83d"}'),
    ("a high surrogate before text", '{"boot_id":"\\ud83dx"}'),
    ("a lone surrogate in a key", '{"\\udfff":1}'),
    ("a lone surrogate below an unknown key", '{"x":["\\ud800"]}'),
    ("a raw surrogate", b'{"boot_id":"\xed\xa0\x80"}'),
    ("a byte order mark", b'\xef\xbb\xbf{"seq":1}'),
    ("UTF-16", '{"seq":1}'.encode("utf-16")),
    ("a byte that is not UTF-8", b'{"boot_id":"\xff"}'),
    ("half a character", b'{"boot_id":"\xc3"}'),
    ("an overlong slash", b'{"boot_id":"\xc0\xaf"}'),
    ("a no-break space outside strings", '{\u00a0"seq":1}'),
    ("a form feed outside strings", '{\f"seq":1}'),
    ("100,000 brackets that never close", "[" * 100_000),
    ("100,000 braces that never close", '{"a":' * 100_000),
    ("nesting that closes wrongly at the end", "[" * 5_000 + "]" * 4_999 + "}"),
    ("random bytes", bytes(range(256))),
]
NO_OBJECT = ["[]", "3", "0.5", '"x"', "true", "null", '[{"seq":1}]']


def framing_cases() -> Iterator[Case]:
    seqs = count(10_000)
    yield from _topics(seqs)
    for name, payload in NOT_JSON:
        parts = payload if len(payload) < 10_000 or isinstance(payload, bytes) else _parts(payload)
        yield Case("not_json", name, TELEMETRY, parts, (Expected("not_json", "", None),))
    for payload in NO_OBJECT:
        yield Case(
            "wrong_type", f"{payload} in place of the message", TELEMETRY, payload, (rejected("wrong_type", "", {}),)
        )
    yield from _sizes(seqs)
    yield from _depths(seqs)
    yield from _relations(seqs)
    yield from _order(seqs)


def _parts(payload: str) -> list[tuple[str, int]]:
    """Long payloads are runs of one unit."""
    unit = '{"a":' if payload.startswith("{") else payload[0]
    times = payload.count(unit)
    rest = payload[len(unit) * times :]
    return [(unit, times), (rest, 1)] if rest else [(unit, times)]


def _topics(seqs: Iterator[int]) -> Iterator[Case]:
    for name, bad, publishable in BAD_TOPICS:
        payload = written(good("telemetry", next(seqs)))
        yield Case("bad_topic", name, bad, payload, (Expected("bad_topic", "topic", None),), (), publishable)
    for name, bad, publishable in BAD_CLINICS:
        for field, clinic_id, device_id in (("clinic_id", bad, DEVICE_ID), ("device_id", CLINIC_ID, bad)):
            message = good("session", next(seqs))
            yield Case(
                "bad_topic_identifier",
                f"{name} in the {field}",
                f"fleet/v1/{clinic_id}/{device_id}/session",
                written(message),
                (rejected("bad_identifier", f"topic.{field}", message),),
                (),
                publishable,
            )
    message = good("telemetry", next(seqs))
    yield Case(
        "bad_topic_identifier",
        "a bad name comes before an unknown kind",
        f"fleet/v1/c 1/{DEVICE_ID}/advice",
        written(message),
        (rejected("bad_identifier", "topic.clinic_id", _envelope(message)),),
    )
    for kind in KINDS_NOT_TAKEN:
        message = good("nozzle", next(seqs))
        yield Case(
            "unsupported_kind",
            f"kind {kind!r}",
            topic(kind),
            written(message),
            (rejected("unsupported_kind", "topic.kind", _envelope(message)),),
        )
    yield Case("unsupported_kind", "no JSON", topic("advice"), "{", (Expected("unsupported_kind", "topic.kind", None),))


def _envelope(message: dict[str, Any]) -> dict[str, Any]:
    return {key: message[key] for key in ("boot_id", "seq", "ts_ms", "up_ms")}


def _sizes(seqs: Iterator[int]) -> Iterator[Case]:
    expected = (Expected("too_large", "", None),)
    text = written(good("telemetry", next(seqs)))
    over = MAX_PAYLOAD_BYTES + 1 - len(text)
    yield Case(
        "too_large", "a good message and blanks, one byte too many", TELEMETRY, [(text, 1), (" ", over)], expected
    )
    yield Case("too_large", "no JSON either", TELEMETRY, [("x", MAX_PAYLOAD_BYTES + 1)], expected)
    yield Case("too_large", "nested", topic("session"), [("[", MAX_PAYLOAD_BYTES + 1)], expected)
    yield Case("too_large", "a status", topic("status"), [("\u00fc", MAX_PAYLOAD_BYTES // 2 + 1)], expected)


def _depths(seqs: Iterator[int]) -> Iterator[Case]:
    expected = (rejected("too_deep", "", {}),)
    yield Case("too_deep", "17 arrays in place of the message", TELEMETRY, written(nested(17)), expected)
    yield Case("too_deep", "100,000 arrays", TELEMETRY, [("[", 100_000), ("]", 100_000)], expected)
    objects = [('{"a":', 60_000), ("1", 1), ("}", 60_000)]
    yield Case("too_deep", "60,000 objects", TELEMETRY, objects, (rejected("too_deep", "?", {}),))
    yield Case(
        "wrong_type",
        "16 arrays in place of the message",
        TELEMETRY,
        written(nested(16)),
        (rejected("wrong_type", "", {}),),
    )


def _relations(seqs: Iterator[int]) -> Iterator[Case]:
    message = good("session", next(seqs))
    early = replaced(message, ("ended_ms",), message["started_ms"] - 1)
    known = without(message, ("ended_ms",))
    yield Case(
        "out_of_range",
        "ended 1 ms before started",
        topic("session"),
        written(early),
        (rejected("out_of_range", "ended_ms", known),),
    )


def _order(seqs: Iterator[int]) -> Iterator[Case]:
    """Each message has the fault of its name, and every fault that comes later in the contract's order."""
    known = good("telemetry", next(seqs))
    worst = known
    for reason, path, value in (
        ("out_of_range", ("power", "charge"), 7),
        ("bad_identifier", ("nozzle", "serial"), "a b"),
        ("wrong_type", ("sessions", "active"), 1),
    ):
        worst, known = replaced(worst, path, value), without(known, path)
        yield _ordered(reason, ".".join(path), worst, known, seqs)
    path = ("sessions", "total")
    worst, known = without(worst, path), without(known, path)
    yield _ordered("missing_field", "sessions.total", worst, known, seqs)
    additions: list[tuple[str, str, tuple[str, ...], Any]] = [
        ("unknown_field", "power.?", ("power", CANARY), CANARY),
        ("duplicate_key", "?", (CANARY,), Pairs((("x", 1), (Raw('"\\u0078"'), 2)))),
        ("too_deep", "nozzle.?", ("nozzle", CANARY), nested(15)),
    ]
    for reason, shown, place, value in additions:
        worst = replaced(worst, place, value)
        yield _ordered(reason, shown, worst, known, seqs)
    text = written(worst)[:-1] + ',"y":1e400}'
    yield Case("not_json", "every other fault, too", TELEMETRY, text, (Expected("not_json", "", None),))


def _ordered(reason: str, path: str, message: dict[str, Any], known: dict[str, Any], seqs: Iterator[int]) -> Case:
    seq = next(seqs)
    text = written(replaced(message, ("seq",), seq))
    expected = Expected(reason, path, known | {"seq": seq}, BOOT_ID, seq)
    return Case(reason, "the first of several faults", TELEMETRY, text, (expected,))
