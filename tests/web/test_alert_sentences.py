"""What alerts say: every rule in every language, from data; English as it is stored, sent and answered."""

from __future__ import annotations

from typing import Any

import pytest
from every_alert import FACTS, every_alert, place_of
from hypothesis import given
from hypothesis import strategies as st
from seen_text import strange, vocabulary

from dashboards.web.alert_sentences import alert_text, sentence
from dashboards.web.strings import CATALOGUES, ENGLISH
from schemas.alert import RULES, Rule
from schemas.alert_facts import AlertFacts, read_facts, write_facts
from schemas.order_told import OrderTold, read_told, write_told
from schemas.views import AlertView


def said(rule: Rule, facts: AlertFacts, language: str) -> str:
    subject, _, device = place_of(rule, "alster-1", "d-1", "n-1")
    return sentence(rule, subject, device, facts, CATALOGUES[language])


@pytest.mark.parametrize("language", sorted(CATALOGUES))
@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_a_sentence_of_its_language_alone(rule: Rule, language: str) -> None:
    texts = [said(rule, facts, language) for facts in FACTS[rule]]
    assert len(set(texts)) == len(texts), "each way in which a rule is true is told apart"
    assert strange(texts, vocabulary(CATALOGUES[language])) == []
    if language != ENGLISH.language:
        assert not set(texts) & {said(rule, facts, "en") for facts in FACTS[rule]}


@pytest.mark.parametrize(
    ("rule", "place", "english", "german"),
    [
        (
            "nozzle_due", 0,
            "Nozzle n-1 on d-1 is at 93 % of its wear limit: replace it by Thu 3 Dec 2026",
            "Düse n-1 an d-1 steht bei 93\N{NO-BREAK SPACE}% ihrer Verschleißgrenze: bis Do, 3. Dez. 2026 ersetzen",
        ),
        (
            "nozzle_unconfirmed_swap", 1,
            "Nozzle n-1 on d-1 fell from 1,200,300 to 10 strikes without a swap record: confirm the swap",
            "Düse n-1 an d-1 fiel von 1.200.300 auf 10 Nadelstiche, ohne gemeldeten Wechsel: Wechsel bestätigen",
        ),
        (
            "depth_out_of_range", 0,
            "d-1 is set to a depth of 2.75 mm; 0.5 to 2 mm are in range",
            "d-1 ist auf eine Tiefe von 2,75 mm eingestellt; im Bereich sind 0,5 bis 2 mm",
        ),
        ("data_gap", 0, "1 record of d-1 was lost on its way", "1 Datensatz von d-1 ging unterwegs verloren"),
        ("device_silent", 1, "d-1 has been silent for 62 d", "d-1 schweigt seit 62 Tagen"),
    ],
)  # fmt: skip
def test_numbers_days_and_plurals_are_written_as_the_language_does(
    rule: Rule, place: int, english: str, german: str
) -> None:
    assert said(rule, FACTS[rule][place], "en") == english
    assert said(rule, FACTS[rule][place], "de") == german


FILLED = st.fixed_dictionaries(
    {},
    optional={
        "wear_ratio": st.floats(0, 3),
        "replace_by": st.just("2026-12-03"),
        "others": st.lists(st.sampled_from(["d-1", "d-2"])).map(tuple),
        "number": st.integers(0, 10**6),
        "clock_off_ms": st.integers(-(10**12), 10**12),
    },
)


@given(FILLED)
def test_facts_are_read_as_they_were_written(filled: dict[str, Any]) -> None:
    facts = AlertFacts(**filled)
    assert read_facts(write_facts(facts)) == facts


def test_where_nothing_was_written_nothing_is_read_and_newer_fields_are_left_out() -> None:
    assert read_facts(None) is None
    assert read_facts('{"lot":"L-1","of_a_later_version":1}') == AlertFacts(lot="L-1")
    told = OrderTold(rule="nozzle_due", again=True, device_id="d-1")
    assert read_told(write_told(told)) == told
    assert read_told(None) is None


def test_facts_for_whoever_does_not_see_all_name_no_other_device() -> None:
    facts = AlertFacts(others=("d-2",), wear_ratio=0.5)
    assert facts.veiled() == AlertFacts(wear_ratio=0.5)
    assert "another device" in said("nozzle_duplicate", facts.veiled(), "en")


def test_what_an_older_version_stored_is_shown_as_it_was_stored() -> None:
    (alert, *_) = every_alert("alster-1", "d-1", 1_760_000_000_000)
    view = AlertView.of(alert)
    german = CATALOGUES["de"]
    assert alert_text(view, german) != alert.summary
    assert alert_text(view.model_copy(update={"facts": None}), german) == alert.summary
    assert alert_text(view, ENGLISH) == alert.summary
