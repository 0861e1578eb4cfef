"""The decision to send, case by case."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.notify.decision import Decision, Fresh, Group, Over, Send, Standing, Timings, Wait, decide

TIMINGS = Timings(wait_ms=30, interval_ms=300, repeat_ms=5_000, resolve_wait_ms=100)
NOW = 10_000
EMPTY = Group((), (), (), None, undelivered=False)


def fresh(seen_ms: int = NOW - 100, allowed_ms: int = NOW, *, worse: bool = False) -> Fresh:
    return Fresh(seen_ms, allowed_ms, worse)


@pytest.mark.parametrize(
    ("group", "decision"),
    [
        (EMPTY, Wait("told", None)),
        (EMPTY._replace(fresh=[fresh()]), Send("new")),
        (EMPTY._replace(fresh=[fresh()], undelivered=True), Wait("undelivered", None)),
        (EMPTY._replace(fresh=[fresh(NOW - 10)]), Wait("group_wait", NOW + 20)),
        (EMPTY._replace(fresh=[fresh()], last_sent_ms=NOW - 200), Wait("group_interval", NOW + 100)),
        (EMPTY._replace(fresh=[fresh(worse=True)], last_sent_ms=NOW - 300), Send("worse")),
        (EMPTY._replace(fresh=[fresh(worse=True), fresh()], last_sent_ms=NOW - 300), Send("new")),
        (EMPTY._replace(fresh=[fresh(allowed_ms=NOW + 7)]), Wait("hours", NOW + 7)),
        (EMPTY._replace(fresh=[fresh(allowed_ms=NOW + 7), fresh()]), Send("new")),
        (EMPTY._replace(over=[Over(NOW - 99, NOW)], last_sent_ms=0), Wait("settling", NOW + 1)),
        (EMPTY._replace(over=[Over(NOW - 100, NOW)], last_sent_ms=0), Send("resolved")),
        (EMPTY._replace(over=[Over(NOW - 150, NOW), Over(NOW - 90, NOW)], last_sent_ms=0), Wait("settling", NOW + 10)),
        (EMPTY._replace(over=[Over(NOW - 200, NOW), Over(NOW - 1, NOW)], last_sent_ms=0), Send("resolved")),
        (EMPTY._replace(standing=[Standing(NOW)], last_sent_ms=NOW - 4_999), Wait("told", NOW + 1)),
        (EMPTY._replace(standing=[Standing(NOW)], last_sent_ms=NOW - 5_000), Send("repeat")),
        (EMPTY._replace(standing=[Standing(NOW + 9)], last_sent_ms=NOW - 5_000), Wait("hours", NOW + 9)),
    ],
)
def test_each_case_gives_its_reason(group: Group, decision: Decision) -> None:
    assert decide(group, TIMINGS, NOW) == decision


times = st.integers(0, 2 * NOW)
groups = st.builds(
    Group,
    fresh=st.lists(st.builds(Fresh, times, st.integers(NOW, 2 * NOW), st.booleans()), max_size=4),
    over=st.lists(st.builds(Over, st.integers(0, NOW), st.integers(NOW, 2 * NOW)), max_size=4),
    standing=st.lists(st.builds(Standing, st.integers(NOW, 2 * NOW)), max_size=4),
    last_sent_ms=st.none() | st.integers(0, NOW),
    undelivered=st.just(False),
)


@given(groups)
def test_whoever_waits_is_not_asked_for_the_past(group: Group) -> None:
    decision = decide(group, TIMINGS, NOW)
    if isinstance(decision, Wait) and decision.until_ms is not None:
        assert decision.until_ms > NOW


@given(groups)
def test_two_messages_are_never_closer_than_the_interval(group: Group) -> None:
    if isinstance(decide(group, TIMINGS, NOW), Send) and group.last_sent_ms is not None:
        assert NOW - group.last_sent_ms >= TIMINGS.interval_ms
