"""What a reader of a page sees or is read, word by word, and which of the words are of a catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html.parser import HTMLParser
from typing import Final

from dashboards.web.strings import Strings
from dashboards.web.translation import texts_of

_WORD: Final = re.compile(r"[^\W\d_]{3,}")
_NAMED: Final = re.compile(r"[\w./@<>+:-]*[\d_@/<>][\w./@<>+:-]*|%\w+")
"""Ids, codes, addresses and times: names, in every language."""
_SPOKEN: Final = ("title", "aria-label", "alt", "placeholder", "data-name", "data-about", "data-one", "data-other")
_MUTE: Final = frozenset({"script", "style", "datalist", "time-zones"})
_VOID: Final = frozenset({"input", "meta", "link", "br", "img", "hr", "path", "circle", "rect"})


class _Reader(HTMLParser):
    """Collects texts; what is marked as being of another language is left out."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self.language = language
        self.said: list[str] = []
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        foreign = given.get("lang") not in (None, self.language)
        hidden = foreign or tag in _MUTE or (bool(self._open) and self._open[-1][1])
        if not hidden:
            self.said += [text for name in _SPOKEN if (text := given.get(name))]
        if tag not in _VOID:
            self._open.append((tag, hidden))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip() and not (self._open and self._open[-1][1]):
            self.said.append(data.strip())


def said_on(html: str, language: str) -> list[str]:
    """The texts of a page, and of its attributes that are shown or read out."""
    reader = _Reader(language)
    reader.feed(html)
    return reader.said


def words_in(text: str) -> set[str]:
    """The words of a text, without names that have digits or marks in them."""
    return {word.casefold() for word in _WORD.findall(_NAMED.sub(" ", text))}


def vocabulary(strings: Strings) -> frozenset[str]:
    """Every word of a catalogue."""
    return frozenset(word for text in texts_of(strings).values() for word in words_in(text.replace("{", " {")))


def strange(texts: Iterable[str], known: frozenset[str], names: Iterable[str] = ()) -> list[str]:
    """The texts with words that are none of these, once the names in them are taken out."""
    longest_first = sorted(names, key=len, reverse=True)
    named = re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in longest_first) or r"(?!)")
    return sorted({f"{text!r}: {sorted(left)}" for text in texts if (left := words_in(named.sub(" ", text)) - known)})
