"""What to know in reading lifetimes, in the words of one catalogue. Pure."""

from __future__ import annotations

from dashboards.web.format import count_text, percent_text
from dashboards.web.strings import Strings
from schemas.lifetime_views import LifeNote


def note_text(note: LifeNote, strings: Strings) -> str:
    """A note with its numbers, or without where none are told; one of an unknown code as it came."""
    words, numbers = strings.product, strings.numbers
    counted = words.note_texts.get(f"only_{note.evidence}" if note.evidence is not None else note.code)
    if counted is None or (note.nozzles is None and note.lot is None):
        return words.note_texts_told.get(note.code, note.text)
    return counted.format(
        n=count_text(note.nozzles or 0, numbers),
        of=count_text(note.of or 0, numbers),
        wear="" if note.wear is None else percent_text(note.wear, numbers),
        lot=note.lot,
    )
