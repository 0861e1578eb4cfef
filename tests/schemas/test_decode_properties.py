"""What holds for every delivery, good or bad: decode answers, both ways agree, nothing unknown is kept."""

from __future__ import annotations

import json
import math
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.decode import decode
from schemas.documents import json_schema
from schemas.exact import decode_exactly
from schemas.rejection import REASONS
from tests.schemas.strategies import CANARY, KINDS, MESSAGES, json_values, spoiled

KNOWN_NAMES = {
    name for definition in json.loads(json_schema())["$defs"].values() for name in definition.get("properties", {})
}

messages = st.sampled_from(KINDS).flatmap(lambda kind: st.tuples(st.just(kind), MESSAGES[kind]))


@st.composite
def spoiled_messages(draw: st.DrawFn) -> tuple[str, bytes]:
    kind, message = draw(messages)
    return kind, draw(spoiled(json.dumps(message, separators=(",", ":"))))


def _topic(kind: str) -> str:
    return f"fleet/v1/c-1/d-1/{kind}"


@given(messages)
@settings(max_examples=100, deadline=None)
def test_a_good_message_is_taken_both_ways_alike(kind_and_message: tuple[str, dict[str, Any]]) -> None:
    kind, message = kind_and_message
    payload = json.dumps(message).encode()

    decoded = decode(_topic(kind), payload)

    assert decoded.rejections == ()
    assert len(decoded.records) == len(message.get("samples", [1]))
    assert decode_exactly(_topic(kind), payload, "fleet") == decoded


@given(spoiled_messages())
@settings(max_examples=400, deadline=None)
def test_both_ways_agree_on_a_spoiled_message(case: tuple[str, bytes]) -> None:
    kind, payload = case

    assert decode(_topic(kind), payload) == decode_exactly(_topic(kind), payload, "fleet")


@given(st.text(st.characters(codec=None)), st.binary(max_size=300), st.sampled_from(KINDS))
@settings(max_examples=100, deadline=None)
def test_decode_answers_on_any_topic_and_any_bytes(topic: str, payload: bytes, kind: str) -> None:
    assert decode(topic, payload).rejections
    for rejection in decode(_topic(kind), payload).rejections:
        assert rejection.reason in REASONS


@given(json_values, st.sampled_from(KINDS))
@settings(max_examples=100, deadline=None)
def test_any_json_that_is_no_message_is_rejected(value: Any, kind: str) -> None:
    decoded = decode(_topic(kind), json.dumps(value).encode())

    assert not decoded.records
    assert decoded.rejections


@given(spoiled_messages())
@settings(max_examples=150, deadline=None)
def test_a_known_part_is_taken_once_it_is_complete(case: tuple[str, bytes]) -> None:
    kind, payload = case

    for rejection in decode(_topic(kind), payload).rejections:
        if rejection.known_json is None:
            continue
        again = decode(_topic(kind), rejection.known_json.encode())
        for later in again.rejections:
            assert later.reason == "missing_field" or (later.reason, later.path) == ("out_of_range", "samples")


@given(messages, st.data())
@settings(max_examples=100, deadline=None)
def test_an_unknown_field_alone_leaves_a_complete_known_part(
    kind_and_message: tuple[str, dict[str, Any]], data: st.DataObject
) -> None:
    kind, message = kind_and_message
    good = decode(_topic(kind), json.dumps(message).encode())
    unknown = {CANARY: data.draw(json_values | st.just(CANARY))}

    decoded = decode(_topic(kind), json.dumps(message | unknown).encode())

    (rejection,) = decoded.rejections
    assert (rejection.reason, rejection.path) == ("unknown_field", "?")
    assert rejection.known_json is not None
    assert decode(_topic(kind), rejection.known_json.encode()) == good


@given(spoiled_messages())
@settings(max_examples=150, deadline=None)
def test_nothing_unknown_is_kept_of_a_spoiled_message(case: tuple[str, bytes]) -> None:
    kind, payload = case

    for rejection in decode(_topic(kind), payload).rejections:
        assert (rejection.known_json is None) == (rejection.reason == "not_json")
        segments = rejection.path.replace("[", ".").replace("]", "").split(".")
        assert all(segment in KNOWN_NAMES | {"?", ""} or segment.isdigit() for segment in segments)
        assert _keys(json.loads(rejection.known_json or "{}")) <= KNOWN_NAMES


@given(st.integers(0, 40), st.sampled_from(["[", '{"a":']))
def test_depth_is_counted_from_the_top(depth: int, opening: str) -> None:
    closing = "]" if opening == "[" else "}"
    payload = opening * depth + "1" + closing * depth

    (rejection,) = decode(_topic("session"), payload.encode()).rejections

    shallow = "unknown_field" if depth and opening != "[" else "wrong_type"
    assert rejection.reason == ("too_deep" if depth > 16 else shallow)


@given(st.floats(0, 1), st.integers(0, 60))
def test_a_number_of_up_to_40_digits_is_taken(ratio: float, zeros: int) -> None:
    token = f"{ratio:.17f}" + "0" * zeros
    sample = (
        '{"boot_id":"b","seq":1,"ts_ms":null,"power":{"source":"mains","charge":%s,"voltage_v":null},'
        '"nozzle":null,"sessions":{"total":1,"active":false}}'
    )

    decoded = decode(_topic("telemetry"), (sample % token).encode())

    if sum(map(str.isdigit, token)) > 40:
        assert [rejection.reason for rejection in decoded.rejections] == ["not_json"]
    else:
        (record,) = decoded.records
        assert math.isclose(record.charge_ratio, ratio, abs_tol=1e-16)  # type: ignore[union-attr,arg-type]


def _keys(value: Any) -> set[str]:
    match value:
        case dict():
            return set(value).union(*map(_keys, value.values()))
        case list():
            return set().union(*map(_keys, value))
        case _:
            return set()
