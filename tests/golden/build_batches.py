"""Golden cases of batches: each sample is judged alone, and what is wrong outside the samples rejects the whole."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

from tests.golden.build_good import sample_record
from tests.golden.written import (
    CANARY,
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

TELEMETRY = topic("telemetry")


def whole_batch_cases() -> Iterator[Case]:
    """Batches that are rejected as a whole."""
    seqs = count(20_000)
    known = {"samples": [good("telemetry", next(seqs)), good("telemetry", next(seqs))]}
    yield _whole("unknown_field", "an unknown key before the samples", "?", {CANARY: CANARY} | known, known)
    known = {"samples": [good("telemetry", next(seqs))]}
    yield _whole("unknown_field", "a sample's field beside the samples", "?", known | {"boot_id": "b"}, known)
    known = {"samples": [without(good("telemetry", next(seqs)), ("power", "health"))]}
    bad = {"samples": [replaced(known["samples"][0], ("power", "health"), 9)], CANARY: 1}
    yield _whole("unknown_field", "and a bad sample", "?", bad, known)
    known = {"samples": [good("telemetry", next(seqs))]}
    yield _whole("too_deep", "an unknown key beside the samples", "?", known | {CANARY: nested(16)}, known)
    twice = Pairs((("samples", known["samples"]), (CANARY, 1), (CANARY, 2)))
    yield _whole("duplicate_key", "an unknown key twice beside the samples", "?", twice, known)
    twice = Pairs((("samples", known["samples"]), ("samples", [good("telemetry", next(seqs))])))
    yield _whole("duplicate_key", "samples twice", "samples", twice, {})
    for value in ("null", "3", '"x"', "{}", '{"0":1}', "true"):
        yield _whole("wrong_type", f"samples = {value}", "samples", {"samples": Raw(value)}, {})
    yield _whole("out_of_range", "no samples", "samples", {"samples": []}, {})
    yield Case(
        "out_of_range",
        "1,001 samples",
        TELEMETRY,
        [('{"samples":[', 1), (written(good("telemetry", next(seqs))) + ",", 1000), ("{}]}", 1)],
        (Expected("out_of_range", "samples", {}),),
    )


def mixed_batch_cases() -> Iterator[Case]:
    """Batches of good and bad samples."""
    seqs = count(30_000)
    deep = ("too_deep", "power.?", lambda one: replaced(one, ("power", CANARY), nested(13)), None)
    for reason, path, spoil, dropped in (
        deep,
        ("duplicate_key", "seq", lambda one: Pairs((*one.items(), ("seq", 1))), ("seq",)),
        ("duplicate_key", "nozzle.?", lambda one: replaced(one, ("nozzle", CANARY), Pairs((("a", 1), ("a", 1)))), None),
        ("unknown_field", "power.?", lambda one: replaced(one, ("power", CANARY), CANARY), None),
        ("unknown_field", "?", lambda one: replaced(one, (CANARY,), {CANARY: 1}), None),
        ("missing_field", "ts_ms", lambda one: without(one, ("ts_ms",)), ("ts_ms",)),
        ("wrong_type", "seq", lambda one: replaced(one, ("seq",), Raw("7.0")), ("seq",)),
        ("wrong_type", "power", lambda one: replaced(one, ("power",), nested(13)), ("power",)),
        ("bad_identifier", "nozzle.serial", lambda one: replaced(one, ("nozzle", "serial"), "?"), ("nozzle", "serial")),
        ("out_of_range", "power.charge", lambda one: replaced(one, ("power", "charge"), 2), ("power", "charge")),
    ):
        first, second, third = (good("telemetry", next(seqs)) for _ in range(3))
        known = second if dropped is None else without(second, dropped)
        yield Case(
            "mixed",
            f"{reason} at {path} in the second of three",
            TELEMETRY,
            written({"samples": [first, spoil(second), third]}),
            (rejected(reason, f"samples[1].{path}", known),),
            (sample_record(first), sample_record(third)),
        )
    kept = good("telemetry", next(seqs))
    yield Case(
        "mixed",
        "samples that are no objects",
        TELEMETRY,
        written({"samples": [3, kept, None, [], {}]}),
        (
            rejected("wrong_type", "samples[0]", {}),
            rejected("wrong_type", "samples[2]", {}),
            rejected("wrong_type", "samples[3]", {}),
            rejected("missing_field", "samples[4].boot_id", {}),
        ),
        (sample_record(kept),),
    )


def _whole(reason: str, name: str, path: str, message: Any, known: dict[str, Any]) -> Case:
    return Case(reason, f"batch: {name}", TELEMETRY, written(message), (Expected(reason, path, known),))
