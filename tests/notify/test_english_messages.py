"""English messages, letter for letter as they were written down: `python -m tests.notify.said` writes them anew."""

from __future__ import annotations

import json

import pytest

from gateway.notify.notice import Notice
from tests.notify.said import KEPT, SAMPLES, TO_PROGRAMS, said

WRITTEN = json.loads(KEPT.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", SAMPLES)
def test_an_english_message_says_letter_for_letter_what_it_said(name: str) -> None:
    written = {kind: text for kind, text in WRITTEN[name].items() if kind != "kept"}
    assert said(name, SAMPLES[name]) == written


@pytest.mark.parametrize("name", TO_PROGRAMS)
def test_what_an_older_version_kept_in_the_outbox_is_english_and_goes_out_as_it_was(name: str) -> None:
    kept = Notice.model_validate_json(WRITTEN[name]["kept"])
    assert kept == SAMPLES[name]
    assert kept.language == "en"
