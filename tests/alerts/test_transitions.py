"""The table of transitions: every cell, the holds, and what must hold for any evidence."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.alerts.conditions import Finding, Verdict
from gateway.alerts.transitions import TABLE, Timing, step, worst
from schemas.alert import ALERT_STATES, SEVERITIES, Alert, AlertState, Severity
from schemas.alert_facts import AlertFacts

HOUR_MS = 3_600_000
T0_MS = 1_760_000_000_000
TIMING = Timing(hold_ms=HOUR_MS, keep_firing_ms=2 * HOUR_MS)
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


def finding(
    verdict: Verdict,
    after_h: float = 0,
    *,
    value: float | None = 0.9,
    severity: Severity = "warning",
    device_id: str = "d-1",
) -> Finding:
    at_ms = T0_MS + int(after_h * HOUR_MS)
    return Finding(
        "nozzle_due", "N1", "c-1", device_id, severity, verdict, value, AlertFacts(wear_ratio=value), at_ms, "gone"
    )


def alert(state: AlertState, **fields: object) -> Alert:
    values: dict[str, object] = {
        "alert_id": 7,
        "rule": "nozzle_due",
        "subject": "N1",
        "clinic_id": "c-1",
        "device_id": "d-1",
        "severity": "warning",
        "state": state,
        "value": 0.9,
        "summary": "N1 at 0.9",
        "pending_since_ms": T0_MS,
        "firing_since_ms": None if state == "pending" else T0_MS,
        "clearing_since_ms": None,
        "resolved_ms": T0_MS if state == "resolved" else None,
        "last_evidence_ms": T0_MS,
    }
    return Alert(**(values | fields))  # type: ignore[arg-type]


def after(before: Alert | None, *findings: Finding, timing: Timing = TIMING) -> Alert | None:
    """Where the findings lead, each applied as the store does."""
    now = before
    for each in findings:
        change = step(now, each, timing)
        if change is not None:
            now = change.alert
    return now


def state_after(before: Alert | None, *findings: Finding, timing: Timing = TIMING) -> str | None:
    now = after(before, *findings, timing=timing)
    return now.state if now else None


def test_the_table_answers_every_state_and_verdict() -> None:
    assert set(TABLE) == {(state, verdict) for state in ALERT_STATES for verdict in VERDICTS}


@pytest.mark.parametrize(
    ("state", "verdict", "at_h", "becomes"),
    [
        ("none", "true", 0, "pending"),
        ("none", "within", 0, None),
        ("none", "false", 0, None),
        ("none", "over", 0, None),
        ("pending", "true", 0.9, "pending"),
        ("pending", "true", 1, "firing"),
        ("pending", "within", 0.9, "pending"),
        ("pending", "within", 1, "firing"),
        ("pending", "false", 0.1, "resolved"),
        ("pending", "over", 0.1, "resolved"),
        ("firing", "true", 100, "firing"),
        ("firing", "within", 100, "firing"),
        ("firing", "false", 100, "firing"),
        ("firing", "over", 0, "resolved"),
        ("resolved", "true", 0, "resolved"),
        ("resolved", "within", 1, "resolved"),
        ("resolved", "false", 1, "resolved"),
        ("resolved", "over", 1, "resolved"),
    ],
)
def test_each_cell_of_the_table(state: str, verdict: Verdict, at_h: float, becomes: str | None) -> None:
    before = None if state == "none" else alert(state)  # type: ignore[arg-type]
    assert state_after(before, finding(verdict, at_h)) == becomes


def test_without_a_hold_an_alert_fires_at_once() -> None:
    fired = after(None, finding("true"), timing=Timing(0, 0))
    assert fired is not None
    assert (fired.state, fired.pending_since_ms, fired.firing_since_ms) == ("firing", T0_MS, T0_MS)


def test_a_firing_alert_resolves_only_after_it_has_been_clear_for_long_enough() -> None:
    clear = [finding("false", hours, value=0.5) for hours in (1, 2, 2.9)]
    assert state_after(alert("firing"), *clear) == "firing"
    resolved = after(alert("firing"), *clear, finding("false", 3, value=0.5))
    assert resolved is not None
    assert (resolved.state, resolved.resolved_ms, resolved.value) == ("resolved", T0_MS + 3 * HOUR_MS, 0.5)


def test_a_true_reading_ends_the_clearing() -> None:
    assert state_after(alert("firing"), finding("false", 1), finding("true", 2), finding("false", 3.5)) == "firing"


def test_a_reading_between_the_thresholds_keeps_what_was() -> None:
    assert after(alert("firing"), finding("within", 50)) == alert("firing")
    assert state_after(alert("firing"), finding("false", 1), finding("within", 3)) == "resolved"


def test_with_no_time_to_keep_firing_a_false_reading_resolves_at_once() -> None:
    assert state_after(alert("firing"), finding("false", 0.1), timing=Timing(0, 0)) == "resolved"


def test_a_nozzle_that_was_taken_off_while_it_fired_fires_at_once_when_it_is_back() -> None:
    back = after(alert("firing", acknowledged_by="kim", acknowledged_ms=1), finding("over", 1), finding("true", 5))
    assert back is not None
    assert (back.alert_id, back.state, back.firing_since_ms) == (7, "firing", T0_MS + 5 * HOUR_MS)
    assert back.acknowledged_by is None
    assert back.resolved_ms is None


def test_an_alert_that_cleared_is_held_again_when_it_opens_again() -> None:
    back = after(alert("firing"), finding("false", 1), finding("false", 4), finding("true", 5))
    assert back is not None
    assert (back.alert_id, back.state) == (7, "pending")


def test_an_alert_that_never_fired_is_held_when_it_opens_again() -> None:
    assert state_after(alert("pending"), finding("over", 0.1), finding("true", 5)) == "pending"


def test_growth_is_noted_but_noise_is_not() -> None:
    assert after(alert("firing"), finding("true", 1, value=0.94)) == alert("firing")
    grown = after(alert("firing"), finding("true", 1, value=0.96))
    assert grown is not None
    assert (grown.value, grown.summary) == (0.96, "Nozzle N1 on d-1 is at 96 % of its wear limit")


@pytest.mark.parametrize("state", ["pending", "firing"])
def test_an_alert_follows_its_nozzle_to_another_device(state: AlertState) -> None:
    moved = after(alert(state), finding("true", 0.1, device_id="d-2"))
    assert moved is not None
    assert (moved.device_id, moved.state) == ("d-2", state)


@pytest.mark.parametrize("state", ["pending", "firing"])
@pytest.mark.parametrize("verdict", ["true", "within", "false"])
def test_late_evidence_is_history(state: AlertState, verdict: Verdict) -> None:
    assert step(alert(state), finding(verdict, -1, device_id="d-2", value=3.0), TIMING) is None


def test_a_removal_counts_even_with_an_earlier_time() -> None:
    resolved = after(alert("firing"), finding("over", -1))
    assert resolved is not None
    assert (resolved.state, resolved.resolved_ms) == ("resolved", T0_MS)


def test_each_change_names_the_state_that_it_expects() -> None:
    opened = step(None, finding("true"), TIMING)
    assert opened is not None
    assert (opened.expected_state, opened.alert.alert_id) == (None, 0)
    fired = step(alert("pending"), finding("true", 1), TIMING)
    assert fired is not None
    assert fired.expected_state == "pending"


EVIDENCE = st.lists(
    st.builds(
        finding,
        st.sampled_from(VERDICTS),
        st.floats(0, 200).map(lambda hours: round(hours, 2)),
        value=st.none() | st.floats(0, 2),
        severity=st.sampled_from(SEVERITIES),
        device_id=st.sampled_from(["d-1", "d-2"]),
    ),
    max_size=25,
)
TIMINGS = st.builds(Timing, st.sampled_from([0, HOUR_MS]), st.sampled_from([0, HOUR_MS]))


@given(EVIDENCE, TIMINGS)
def test_the_same_evidence_again_changes_nothing(evidence: list[Finding], timing: Timing) -> None:
    now: Alert | None = None
    for each in evidence:
        now = after(now, each, timing=timing)
        assert step(now, each, timing) is None


@given(EVIDENCE, TIMINGS)
def test_severity_never_falls_while_an_alert_is_open(evidence: list[Finding], timing: Timing) -> None:
    now: Alert | None = None
    for each in evidence:
        before, now = now, after(now, each, timing=timing)
        if before is not None and before.state == "firing" and now is not None and now.state == "firing":
            assert worst(before.severity, now.severity) == now.severity


@given(EVIDENCE, TIMINGS)
def test_evidence_and_times_only_go_forward(evidence: list[Finding], timing: Timing) -> None:
    now: Alert | None = None
    for each in evidence:
        before, now = now, after(now, each, timing=timing)
        if before is not None and now is not None:
            assert now.last_evidence_ms >= before.last_evidence_ms
        if now is not None and now.state == "firing":
            assert now.firing_since_ms is not None
            assert now.resolved_ms is None
