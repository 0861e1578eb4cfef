from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from gateway.ingest.intervals import IntervalSet, gaps
from gateway.ingest.marks import LOST_AFTER_MS, MAX_COUNTED_MISSING, BootMarks

seqs = st.integers(0, 60)


@given(st.lists(st.tuples(st.sampled_from(["add", "discard"]), seqs)))
def test_an_interval_set_is_a_set(steps: list[tuple[str, int]]) -> None:
    intervals, plain = IntervalSet(), set[int]()
    for step, seq in steps:
        if step == "add":
            intervals.add(seq, seq)
            plain.add(seq)
        else:
            assert intervals.discard(seq) == (seq in plain)
            plain.discard(seq)
    assert {seq for seq in range(70) if seq in intervals} == plain
    assert intervals.size() == len(plain)
    frozen = intervals.frozen()
    assert all(last + 1 < first for (_, last), (first, _) in itertools.pairwise(frozen))


@given(st.lists(st.tuples(seqs, st.integers(0, 8))))
def test_adding_ranges_joins_what_touches(ranges: list[tuple[int, int]]) -> None:
    intervals, plain = IntervalSet(), set[int]()
    for first, length in ranges:
        intervals.add(first, first + length)
        plain.update(range(first, first + length + 1))
    assert intervals.size() == len(plain)
    assert gaps(intervals.frozen()) == gaps([(seq, seq) for seq in plain])


def arrive(marks: BootMarks, kind: str, seq: int, connected_ms: int = 0) -> None:
    if kind == "reject":
        marks.reject(seq, connected_ms)
    elif not marks.is_stored(seq):
        marks.store(seq, 0, connected_ms)


@given(st.lists(st.tuples(st.sampled_from(["store", "reject"]), seqs)), st.randoms())
def test_marks_do_not_depend_on_order(arrivals: list[tuple[str, int]], dice: object) -> None:
    one, other = BootMarks("d", "b"), BootMarks("d", "b")
    shuffled = list(arrivals)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    for kind, seq in arrivals:
        arrive(one, kind, seq)
    for kind, seq in shuffled:
        arrive(other, kind, seq)
    assert one.frozen() == other.frozen()
    assert one.missing() == other.missing()
    assert BootMarks.of(one.frozen(), 0).missing() == one.missing()


def members(intervals: tuple[tuple[int, int], ...]) -> set[int]:
    return {seq for first, last in intervals for seq in range(first, last + 1)}


@given(st.lists(st.tuples(st.sampled_from(["store", "reject", "tick"]), seqs)))
def test_each_seq_between_the_ends_is_in_exactly_one_set(steps: list[tuple[str, int]]) -> None:
    marks, connected_ms = BootMarks("d", "b"), 0
    stored, rejected = set[int](), set[int]()
    for kind, seq in steps:
        if kind == "tick":
            connected_ms += LOST_AFTER_MS // 2 + 1
            marks.give_up(connected_ms)
            continue
        arrive(marks, kind, seq, connected_ms)
        (stored if kind == "store" else rejected).add(seq)
    rejected -= stored
    seen = stored | rejected
    between = set(range(min(seen), max(seen) + 1)) if seen else set[int]()
    lost = members(marks.frozen().lost)
    assert members(marks.frozen().stored) == stored
    assert members(marks.frozen().rejected) == rejected
    assert lost <= between
    assert not lost & seen
    assert marks.missing() == len(between - seen - lost)


def test_records_in_order_stay_one_interval() -> None:
    marks = BootMarks("d", "b")
    for seq in range(1000):
        marks.store(seq, seq, 0)
    assert marks.frozen().stored == ((0, 999),)
    assert marks.frozen().last_received_ms == 999


def test_a_hole_is_lost_after_ten_minutes_of_connected_time_and_found_when_it_comes_after_all() -> None:
    marks = BootMarks("d", "b")
    marks.store(0, 0, 0)
    marks.store(4, 0, 1_000)
    assert marks.missing() == 3
    assert marks.give_up(1_000 + LOST_AFTER_MS) is None
    assert marks.give_up(1_001 + LOST_AFTER_MS) == 3
    assert (marks.missing(), marks.frozen().lost) == (0, ((1, 3),))
    marks.store(2, 0, 2_000_000)
    assert marks.frozen().lost == ((1, 1), (3, 3))
    assert marks.frozen().stored == ((0, 0), (2, 2), (4, 4))


def test_a_device_whose_seq_jumps_is_counted_up_to_a_bound() -> None:
    marks = BootMarks("d", "b")
    marks.store(0, 0, 0)
    marks.store(2**53 - 1, 0, 0)
    assert marks.missing() == MAX_COUNTED_MISSING
    assert marks.give_up(LOST_AFTER_MS + 1) == MAX_COUNTED_MISSING


def test_a_rejected_record_leaves_no_hole_and_may_be_stored_after_all() -> None:
    marks = BootMarks("d", "b")
    marks.store(0, 0, 0)
    marks.reject(1, 0)
    marks.store(2, 0, 0)
    assert marks.missing() == 0
    marks.store(1, 0, 0)
    assert (marks.frozen().stored, marks.frozen().rejected) == (((0, 2),), ())
    marks.reject(1, 0)
    assert marks.frozen().rejected == ()
