"""The documents are valid, complete, and say what decode does."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from jsonschema.validators import extend

from schemas.decode import decode
from schemas.documents import asyncapi, json_schema
from schemas.topics import parse_topic
from tests.golden.cases import GoldenCase, golden_cases
from tests.schemas.test_decode_properties import spoiled_messages

KINDS = ("telemetry", "session", "nozzle", "status", "advice")
UNSAYABLE = {"not_json", "too_deep", "duplicate_key", "too_large"}
"""Reasons that no JSON Schema can give."""


def _pattern(_: Any, pattern: str, instance: Any, __: Any) -> Iterator[ValidationError]:
    """Patterns as JSON Schema means them: `$` is the end of the text, not a place before a last newline."""
    if isinstance(instance, str) and not re.search(pattern.replace("$", r"\Z"), instance):
        yield ValidationError("does not match")


Strict = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    validators={"pattern": _pattern},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int),
)
DOCUMENT = json.loads(json_schema())
VALIDATORS = {
    kind: Strict({"$ref": f"#/$defs/{kind}", "$defs": DOCUMENT["$defs"]}, format_checker=FormatChecker(["date"]))
    for kind in KINDS
}


def test_the_json_schema_is_a_valid_schema_and_defines_every_kind() -> None:
    Draft202012Validator.check_schema(DOCUMENT)
    assert set(KINDS) <= set(DOCUMENT["$defs"])
    _assert_references_resolve(DOCUMENT)


def test_every_field_is_described_and_no_message_but_advice_is_open() -> None:
    for name, definition in DOCUMENT["$defs"].items():
        if "properties" in definition:
            assert definition["description"]
            for field in definition["properties"].values():
                assert field.get("description") or set(field) == {"$ref"}
            assert definition.get("additionalProperties") is (None if name == "AdviceMessage" else False)


def test_the_asyncapi_document_has_the_structure_of_version_3() -> None:
    document = json.loads(asyncapi())

    assert document["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= set(document["info"])
    assert set(document) <= {"asyncapi", "info", "defaultContentType", "channels", "operations", "components"}
    for name, channel in document["channels"].items():
        assert set(channel) <= {"address", "description", "parameters", "messages"}
        assert set(re.findall(r"{(\w+)}", channel["address"])) == set(channel["parameters"])
        assert set(channel["messages"]) == {name}
    for operation in document["operations"].values():
        assert operation["action"] in {"send", "receive"}
        assert set(operation["channel"]) == {"$ref"}
        for message in operation["messages"]:
            assert message["$ref"].startswith(operation["channel"]["$ref"] + "/messages/")
    for message in document["components"]["messages"].values():
        assert set(message) <= {"name", "summary", "contentType", "payload"}
    _assert_references_resolve(document)


def test_asyncapi_has_a_channel_for_each_kind_under_the_configured_root() -> None:
    document = json.loads(asyncapi("site/a"))

    assert tuple(document["channels"]) == KINDS
    for kind in KINDS[:-1]:
        address = document["channels"][kind]["address"].format(clinic_id="c", device_id="d")
        assert parse_topic(address, "site/a") == ("c", "d", kind)
    actions = {name: operation["action"] for name, operation in document["operations"].items()}
    assert actions == {f"receive{kind.capitalize()}": "receive" for kind in KINDS[:-1]} | {"sendAdvice": "send"}


@pytest.mark.parametrize("case", golden_cases("good"), ids=lambda case: case.name)
def test_the_schema_accepts_what_decode_takes(case: GoldenCase) -> None:
    VALIDATORS[case.topic.rsplit("/", 1)[1]].validate(json.loads(case.payload))


def test_the_schema_rejects_what_decode_rejects_as_far_as_it_can_say() -> None:
    for case in golden_cases("poison"):
        reason, name = case.rejections[0].reason, case.topic.split("/")[-1]
        if reason in UNSAYABLE or not case.subscribed or case.rejections[0].path.startswith("topic"):
            continue
        accepted = VALIDATORS[name].is_valid(json.loads(case.payload))
        assert accepted == ("ended 1 ms before started" in case.name), case.name


@given(spoiled_messages())
@settings(max_examples=200, deadline=None)
def test_schema_and_decode_agree_on_spoiled_messages(case: tuple[str, bytes]) -> None:
    kind, payload = case
    rejections = decode(f"fleet/v1/c/d/{kind}", payload).rejections
    if {rejection.reason for rejection in rejections} & UNSAYABLE:
        return
    value = json.loads(payload) if payload else None
    if payload and not _ends_before_it_starts(value):
        assert VALIDATORS[kind].is_valid(value) == (not rejections)


def test_the_schema_takes_the_advice_that_the_contract_shows() -> None:
    advice = {
        "serial": "NZ-1",
        "nozzle": "due",
        "remaining_sessions": {"p10": 4, "p50": 7.5, "p90": 12},
        "as_of_ms": 1_760_000_000_000,
        "valid_until_ms": 1_760_086_400_000,
    }

    assert VALIDATORS["advice"].is_valid(advice | {"a_later_field": 1})
    assert not VALIDATORS["advice"].is_valid(advice | {"nozzle": "worn"})


def _ends_before_it_starts(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("started_ms"), int)
        and isinstance(value.get("ended_ms"), int)
        and value["ended_ms"] < value["started_ms"]
    )


def _assert_references_resolve(document: dict[str, Any]) -> None:
    for reference in _references(document):
        place: Any = document
        for segment in reference.removeprefix("#/").split("/"):
            place = place[segment]


def _references(value: Any) -> Iterator[str]:
    match value:
        case dict():
            if isinstance(value.get("$ref"), str):
                yield value["$ref"]
            for inner in value.values():
                yield from _references(inner)
        case list():
            for inner in value:
                yield from _references(inner)
