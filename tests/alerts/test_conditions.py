"""What the two nozzle rules find, and how one silences the other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.alerts.conditions import nozzle_due, nozzle_facts, nozzle_worn_out
from gateway.alerts.rules import decide, nozzle_findings
from gateway.config import AlertsConfig
from gateway.ingest.fleet import NozzleState
from schemas.alert import Alert, Rule
from schemas.registry import NozzleModel

T0_MS = 1_760_000_000_000
SETTINGS = AlertsConfig()
AT_ONCE = AlertsConfig(due_hold_s=0, worn_out_hold_s=0, keep_firing_s=0)
NOZZLE = NozzleState(
    serial="N1",
    device_id="d-1",
    clinic_id="c-1",
    fitted=True,
    strikes=1_000,
    coating_ratio=None,
    first_event_ms=T0_MS,
    last_event_ms=T0_MS,
    model="M1",
    lot=None,
    rated_strikes=None,
    expires_on=None,
)
MODEL = NozzleModel(model="M1", rated_strikes=1_000, coating_limit=0.2)


def worn(wear: float, at_ms: int = T0_MS) -> NozzleState:
    return replace(NOZZLE, coating_ratio=1 - 0.8 * wear, last_event_ms=at_ms)


@pytest.mark.parametrize(
    ("wear", "due", "worn_out"),
    [
        (0.5, "false", "false"),
        (0.82, "within", "false"),
        (0.86, "true", "false"),
        (0.97, "true", "within"),
        (1.01, "true", "true"),
    ],
)
def test_wear_by_coating_is_judged_with_two_thresholds(wear: float, due: str, worn_out: str) -> None:
    facts = nozzle_facts(worn(wear), MODEL, None)
    found = (nozzle_due(facts, SETTINGS), nozzle_worn_out(facts, SETTINGS))
    assert [each.verdict for each in found if each] == [due, worn_out]


def test_without_a_coating_sensor_rated_strikes_count() -> None:
    found = nozzle_worn_out(nozzle_facts(NOZZLE, MODEL, None), SETTINGS)
    assert found is not None
    assert (found.verdict, found.value) == ("true", 1.0)


def test_the_rating_of_the_nozzle_itself_comes_before_its_models() -> None:
    found = nozzle_worn_out(nozzle_facts(replace(NOZZLE, rated_strikes=4_000), MODEL, None), SETTINGS)
    assert found is not None
    assert found.value == 0.25


def test_without_either_there_is_nothing_to_say() -> None:
    assert nozzle_findings(nozzle_facts(NOZZLE, None, None), SETTINGS) == ()


def test_a_nozzle_that_was_taken_off_is_out_of_reach_from_the_time_of_its_replacement() -> None:
    off = replace(worn(1.2), fitted=False)
    found = nozzle_findings(nozzle_facts(off, MODEL, T0_MS + 5_000), SETTINGS)
    assert {each.verdict for each in found} == {"over"}
    assert {each.at_ms for each in found} == {T0_MS + 5_000}


def test_summaries_are_sentences() -> None:
    due, worn_out = (
        condition(nozzle_facts(worn(wear), MODEL, None), SETTINGS)
        for condition, wear in ((nozzle_due, 0.92), (nozzle_worn_out, 1.04))
    )
    assert due is not None
    assert due.summary == "Nozzle N1 on d-1 is at 92 % of its wear limit"
    assert worn_out is not None
    assert worn_out.summary == "Nozzle N1 on d-1 is worn out, at 104 % of its wear limit: replace it"


def follow(*wears: float, settings: AlertsConfig = AT_ONCE, fitted: bool = True) -> dict[Rule, Alert]:
    """The alerts after these readings, an hour apart."""
    newest: dict[Rule, Alert] = {}
    for number, wear in enumerate(wears):
        facts = nozzle_facts(replace(worn(wear, T0_MS + number * 3_600_000), fitted=fitted), MODEL, None)
        for change in decide(nozzle_findings(facts, settings), newest, settings):
            newest[change.alert.rule] = change.alert
    return newest


def states(newest: dict[Rule, Alert]) -> dict[Rule, str]:
    return {rule: alert.state for rule, alert in newest.items()}


def test_worn_out_takes_the_place_of_due() -> None:
    assert states(follow(0.9)) == {"nozzle_due": "firing"}
    assert states(follow(0.9, 1.1)) == {"nozzle_due": "resolved", "nozzle_worn_out": "firing"}


def test_due_does_not_open_beside_worn_out() -> None:
    assert states(follow(1.1, 1.2)) == {"nozzle_worn_out": "firing"}


def test_due_fires_again_at_once_when_worn_out_turns_out_to_be_noise() -> None:
    held = AlertsConfig(due_hold_s=3_600, worn_out_hold_s=3_600, keep_firing_s=3_600)
    assert states(follow(0.9, 0.9, 1.01, 1.01, 0.93, 0.93, settings=held)) == {
        "nozzle_due": "firing",
        "nozzle_worn_out": "resolved",
    }


def test_a_step_from_new_to_worn_out_needs_no_time_in_between() -> None:
    """History that is replayed fast is seen in large steps."""
    assert states(follow(0.1, 1.3, 1.3, settings=SETTINGS)) == {"nozzle_due": "resolved", "nozzle_worn_out": "firing"}
