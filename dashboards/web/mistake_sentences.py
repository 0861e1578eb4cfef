"""Mistakes in what was typed, in the words of one catalogue. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dashboards.web.strings import Strings
from schemas.mistakes import Mistake


def mistake_texts(mistakes: Iterable[str], labels: Mapping[str, str], strings: Strings) -> tuple[str, ...]:
    """One sentence each. `labels` are what the form calls its fields; a file's columns have the names they have."""
    return tuple(_text(mistake, labels, strings) for mistake in mistakes)


def mistakes_at(mistakes: Iterable[str], strings: Strings) -> dict[str, tuple[str, ...]]:
    """The sentences by their fields, for a form that shows each beside what it is about."""
    found: dict[str, tuple[str, ...]] = {}
    for mistake in mistakes:
        field = mistake.field if isinstance(mistake, Mistake) else ""
        said = _said(mistake, strings) if isinstance(mistake, Mistake) else mistake
        found[field] = (*found.get(field, ()), said[:1].upper() + said[1:])
    return found


def silence_labels(strings: Strings) -> Mapping[str, str]:
    """What the form of silences calls its fields."""
    words = strings.pages.work.silences
    return {
        "kind": words.kind,
        "rule": words.rule,
        "clinic": words.clinic,
        "device": words.device,
        "subject": words.subject,
        "severity": words.severity,
        "starts": words.starts,
        "lasts_h": words.lasts,
        "lasts_s": words.lasts,
        "comment": words.comment,
    }


def _text(mistake: str, labels: Mapping[str, str], strings: Strings) -> str:
    if not isinstance(mistake, Mistake):
        return mistake
    words, said = strings.mistakes, _said(mistake, strings)
    if mistake.field:
        field = labels.get(mistake.field, mistake.field) if mistake.line is None else mistake.field
        said = words.in_field.format(field=field, what=said)
    return said if mistake.line is None else words.on_line.format(n=mistake.line, what=said)


def _said(mistake: Mistake, strings: Strings) -> str:
    return strings.mistakes.said[mistake.code].format(**mistake.values)
