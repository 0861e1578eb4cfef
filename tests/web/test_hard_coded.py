"""No template and no script of a page carries words of its own: all that a person reads is in the catalogues."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import pytest

import dashboards.web

FOLDER: Final = Path(dashboards.web.__file__).parent
TEMPLATES: Final = sorted((FOLDER / "templates").rglob("*.html"))
SCRIPTS: Final = sorted((FOLDER / "static").glob("*.js"))
SPOKEN_ATTRIBUTES: Final = frozenset({"aria-label", "title", "placeholder", "alt", "label", "aria-description"})
JINJA: Final = re.compile(r"\{% block root %\}.*?\{% endblock %\}|\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
TAG_NAME: Final = re.compile(r"<(/?)0")
WORD: Final = re.compile(r"[^\W\d_]{2,}")
UNSPOKEN: Final = frozenset({"script", "style"})
COMMENT: Final = re.compile(r"/\*.*?\*/|(?<![:'\"])//[^\n]*", re.DOTALL)
LITERAL: Final = re.compile(r"\"((?:[^\"\\\n]|\\.)*)\"|'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\]|\\.)*)`")
SENTENCE: Final = re.compile(r"^[A-Z][a-z]+(?: [a-z]+)*[.!?…]?$|[a-z]{2,} [a-z]{2,} [a-z]{2,}[.!?…]?$")
SET_AS_TEXT: Final = re.compile(r"(?:textContent|innerText|ariaLabel|title|placeholder)\s*=\s*[\"'`]([^\"'`$]*)")
NAMES: Final = frozenset({"PDF", "HTML", "CSV"})
"""The same in every language."""
KEYS_AND_CONSTRUCTS: Final = frozenset({"Content-Type", "Tab", "Enter", "Escape"})


class _Spoken(HTMLParser):
    """What is left for a person to read once everything from the catalogues is taken out."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in UNSPOKEN
        self.found += [
            f"{tag}[{name}]: {value}"
            for name, value in attrs
            if name in SPOKEN_ATTRIBUTES and value and WORD.search(value)
        ]

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in UNSPOKEN

    def handle_data(self, data: str) -> None:
        text = data.strip("0 \n·–/")
        if not self._silent and WORD.search(text) and text not in NAMES and "/" not in text:
            self.found.append(text)


def spoken(template: str) -> list[str]:
    """Words in a template that stand outside of its expressions."""
    parser = _Spoken()
    parser.feed(TAG_NAME.sub(r"<\1b", JINJA.sub("0", template)))
    return parser.found


def sentences(script: str) -> list[str]:
    """Literals of a script that look like something to read."""
    code = COMMENT.sub("", script)
    literals = ["".join(parts) for parts in LITERAL.findall(code)]
    worded = [text for text in literals if SENTENCE.search(text.strip()) and text not in KEYS_AND_CONSTRUCTS]
    return worded + [text for text in SET_AS_TEXT.findall(code) if WORD.search(text)]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_says_nothing_by_itself(path: Path) -> None:
    assert spoken(path.read_text()) == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_says_nothing_by_itself(path: Path) -> None:
    assert sentences(path.read_text()) == []


def test_words_outside_of_the_catalogues_are_found() -> None:
    assert spoken('<p title="Hello there">{{ words.one }} and</p>') == ["p[title]: Hello there", "and"]
    assert spoken("<p title=\"{{ w.title }}\">{{ n }} %</p><script>const word = 'no';</script>") == []
    assert sentences('node.textContent = "lost"; show("Connection lost"); // Not this one\nsend("text/html");') == [
        "Connection lost",
        "lost",
    ]
