"""A JSON parser that is strict and never recurses: for the messages that the fast path does not take.

It answers what the contract asks of a payload before its fields are looked at: is it JSON at all, is anything in it
nested too deep, which keys are given twice. What is nested beyond the limit is checked but not built, so 100,000
brackets cost no more than their bytes.

Refused, beyond what RFC 8259 refuses: numbers of more than 40 digits, numbers too large for a double, lone
surrogates, a byte order mark, invalid UTF-8.
"""

from __future__ import annotations

import json
import math
import re
from typing import Final, NamedTuple, TypeAlias

JsonValue: TypeAlias = "dict[str, JsonValue] | list[JsonValue] | str | int | float | bool | None"
Path: TypeAlias = tuple[str | int, ...]
"""Keys and indexes from the top of the message down."""

MAX_DEPTH: Final = 16
MAX_NUMBER_DIGITS: Final = 40


class NotJsonError(ValueError):
    """The payload is not JSON as the contract wants it."""


class Parsed(NamedTuple):
    """A parsed payload. `value` has no key that was given twice: which of the two was meant is not known.

    `too_deep` names the containers just beyond the depth limit (built as null), `duplicates` the keys given twice,
    both in the order in which they stand in the message.
    """

    value: JsonValue
    too_deep: tuple[Path, ...]
    duplicates: tuple[Path, ...]


_BLANK = r"[ \t\n\r]*+"
_STRING = r'"([^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+)"'
_NUMBER = r"(-?(?:0|[1-9][0-9]*+)(\.[0-9]++)?+([eE][+-]?[0-9]++)?+)"
_blank = re.compile(_BLANK)
_key = re.compile(_STRING + _BLANK + ":" + _BLANK)
_scalar = re.compile(_STRING + "|" + _NUMBER + "|true|false|null")
_separator = re.compile(_BLANK + r"([,\]}])" + _BLANK)
_surrogate = re.compile("[\ud800-\udfff]")
_closing = {True: "}", False: "]"}
_words: Final[dict[str, JsonValue]] = {"true": True, "false": False, "null": None}


def parse(payload: bytes) -> Parsed:
    """Parses one payload.

    Raises NotJsonError where it is not JSON.
    """
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError:
        raise NotJsonError("not UTF-8") from None
    return _Parser(text).run()


class _Frame:
    """One open container. Beyond the depth limit one that is not built, and so holds nothing, stands for all."""

    __slots__ = ("array", "built", "is_object", "key", "object", "twice")

    def __init__(self, is_object: bool, built: bool) -> None:
        self.is_object = is_object
        self.built = built
        self.object: dict[str, JsonValue] = {}
        self.array: list[JsonValue] = []
        self.key = ""
        self.twice: set[str] = set()

    def segment(self) -> str | int:
        """The key or index of the value that comes next."""
        return self.key if self.is_object else len(self.array)

    def put(self, value: JsonValue) -> None:
        if not self.built:
            return
        if self.is_object:
            self.object[self.key] = value
        else:
            self.array.append(value)

    def close(self) -> JsonValue:
        if not self.built:
            return None
        for key in self.twice:
            del self.object[key]
        return self.object if self.is_object else self.array


class _Parser:
    """One parse: the text, the place in it, the open containers."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._open: list[_Frame] = []
        self._beyond = {is_object: _Frame(is_object, built=False) for is_object in (True, False)}
        self._too_deep: list[Path] = []
        self._duplicates: list[Path] = []

    def run(self) -> Parsed:
        self._take(_blank)
        while True:
            char = self._text[self._at : self._at + 1]
            if char == "{" or char == "[":
                if not self._enter(is_object=char == "{"):
                    continue
                value = self._open.pop().close()
            else:
                value = self._read_scalar()
            while self._open:
                frame = self._open[-1]
                frame.put(value)
                if self._separator(frame) == ",":
                    break
                value = self._open.pop().close()
            else:
                return self._finish(value)

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str]:
        found = pattern.match(self._text, self._at)
        if found is None:
            raise NotJsonError(f"unexpected at character {self._at}")
        self._at = found.end()
        return found

    def _enter(self, *, is_object: bool) -> bool:
        """Opens a container; says whether it is empty and closed again."""
        depth = len(self._open) + 1
        if depth == MAX_DEPTH + 1:
            self._too_deep.append(self._path())
        self._open.append(_Frame(is_object, built=True) if depth <= MAX_DEPTH else self._beyond[is_object])
        self._at += 1
        self._take(_blank)
        if self._text.startswith(_closing[is_object], self._at):
            self._at += 1
            return True
        if is_object:
            self._read_key(self._open[-1])
        return False

    def _separator(self, frame: _Frame) -> str:
        """Reads past the comma or bracket after a value, and the key that follows a comma in an object."""
        char = self._take(_separator)[1]
        if char == ",":
            if frame.is_object:
                self._read_key(frame)
        elif char != _closing[frame.is_object]:
            raise NotJsonError("brackets don't match")
        return char

    def _read_key(self, frame: _Frame) -> None:
        frame.key = _unescaped(self._take(_key)[1])
        if frame.key in frame.object and frame.key not in frame.twice:
            frame.twice.add(frame.key)
            self._duplicates.append(self._path())

    def _read_scalar(self) -> JsonValue:
        found = self._take(_scalar)
        string, number, fraction, exponent = found.groups()
        if string is not None:
            return _unescaped(string)
        if number is not None:
            return _number(number, is_integer=fraction is None and exponent is None)
        return _words[found[0]]

    def _path(self) -> Path:
        return tuple(frame.segment() for frame in self._open)

    def _finish(self, value: JsonValue) -> Parsed:
        self._take(_blank)
        if self._at != len(self._text):
            raise NotJsonError("more follows the message")
        return Parsed(value, tuple(self._too_deep), tuple(self._duplicates))


def _unescaped(raw: str) -> str:
    """The text of a string between its quotes. UTF-8 has no surrogates, so a lone one can only come from an escape."""
    if "\\" not in raw:
        return raw
    text: str = json.loads(f'"{raw}"')
    if _surrogate.search(text):
        raise NotJsonError("lone surrogate")
    return text


def _number(token: str, *, is_integer: bool) -> int | float:
    if len(token) > MAX_NUMBER_DIGITS and sum(map(str.isdigit, token)) > MAX_NUMBER_DIGITS:
        raise NotJsonError("a number of more than 40 digits")
    if is_integer:
        return int(token)
    value = float(token)
    if math.isinf(value):
        raise NotJsonError("a number too large for a double")
    return value
