"""The strict parser takes what the standard library's takes, less what the contract refuses."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.strict_json import MAX_DEPTH, NotJsonError, parse
from tests.schemas.strategies import json_values


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _standard(text: str) -> Any:
    """What the standard library makes of a text; raises ValueError where that or the contract refuses it."""
    value = json.loads(text, parse_constant=_refuse)
    json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    return value


@given(json_values, st.sampled_from([None, 1, "\t"]), st.booleans())
@settings(max_examples=150, deadline=None)
def test_what_is_written_as_json_is_read_back(value: Any, indent: int | str | None, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)

    parsed = parse(text.encode())

    assert json.dumps(parsed.value) == json.dumps(value)
    assert parsed.too_deep == parsed.duplicates == ()


@given(st.text('{}[]:,"\\ \n0123456789.eE+-truefalsn\u00fcud8c', max_size=25))
@example('"\\ud83d\\ude00"')
@example("-0")
@example('{"a":[{}]}')
@settings(max_examples=500, deadline=None)
def test_any_text_is_judged_as_by_the_standard_library(text: str) -> None:
    try:
        expected = _standard(text)
    except ValueError:
        with pytest.raises(NotJsonError):
            parse(text.encode())
    else:
        parsed = parse(text.encode())
        assert parsed.duplicates or json.dumps(parsed.value) == json.dumps(expected)


def test_a_key_given_twice_is_named_once_and_left_out() -> None:
    parsed = parse(b'{"a":1,"b":{"c":1,"\\u0063":2,"c":3,"d":4},"a":{"x":1,"x":2}}')

    assert parsed.value == {"b": {"d": 4}}
    assert parsed.duplicates == (("b", "c"), ("a",), ("a", "x"))


def test_what_is_nested_beyond_the_limit_is_named_and_not_built() -> None:
    inner = '{"a":' * 3 + "1" + "}" * 3
    text = "[" * (MAX_DEPTH - 1) + f"[0,{inner}]" + "]" * (MAX_DEPTH - 1)

    parsed = parse(text.encode())

    assert parsed.too_deep == ((0,) * (MAX_DEPTH - 1) + (1,),)
    assert json.dumps(parsed.value).count("null") == 1


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":'])
def test_any_depth_is_parsed_without_recursion(opening: str) -> None:
    closing = opening[::-1].translate({ord("["): "]", ord("{"): "}", ord('"'): "", ord("a"): "", ord(":"): ""})
    depth = 40_000

    assert parse((opening * depth + "1" + closing * depth).encode()).too_deep
    with pytest.raises(NotJsonError):
        parse((opening * depth + "1" + closing * (depth - 1)).encode())


@pytest.mark.parametrize("token", ["1" * 40, "0." + "1" * 39, "-" + "1" * 38 + "e01"])
def test_forty_digits_are_a_number_and_one_more_is_none(token: str) -> None:
    value = parse(token.encode()).value

    assert isinstance(value, int | float)
    assert math.isclose(value, float(token))
    with pytest.raises(NotJsonError):
        parse((token + "1").encode())
