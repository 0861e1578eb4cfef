"""The waits between attempts, the sign of a takeover, and the queue between socket and pipeline."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from collectors.backoff import Backoff
from collectors.eviction import EVICTIONS_TO_STOP, EvictionWatch
from collectors.inbox import MAX_BATCH_BYTES, Inbox
from schemas.delivery import Delivery


def delivery(number: int, size: int = 1) -> Delivery:
    return Delivery(str(number), b"x" * size, number)


def test_waits_double_with_jitter_up_to_their_bound_and_begin_again_after_a_reset() -> None:
    backoff = Backoff(100, 1000, random.Random(1))
    waits = [backoff.next_ms() for _ in range(60)]
    for wait, ceiling in zip(waits, [100, 200, 400, 800, *[1000] * 56], strict=True):
        assert ceiling / 2 <= wait <= ceiling
    assert len(set(waits[4:])) > 10
    backoff.reset()
    assert backoff.next_ms() <= 100


@given(st.lists(st.one_of(st.integers(0, 9), st.integers(-9, -1)), max_size=60))
def test_the_inbox_is_a_queue_that_knows_the_age_of_its_first(steps: list[int]) -> None:
    inbox = Inbox(1000)
    model: list[tuple[Delivery, float]] = []
    for at, step in enumerate(steps):
        if step >= 0:
            new = [delivery(len(model) + index) for index in range(step)]
            inbox.put(new, float(at))
            model += [(one, float(at)) for one in new]
        else:
            expected, model = model[:-step], model[-step:]
            assert inbox.take(-step) == [one for one, _ in expected]
        assert len(inbox) == len(model)
        assert inbox.first_at_s == (model[0][1] if model else None)


def test_the_inbox_is_full_by_number_and_has_room_again_at_half() -> None:
    inbox = Inbox(10)
    inbox.put([delivery(number) for number in range(10)], 0.0)
    seen = [(inbox.full, inbox.has_room)]
    for count in (4, 1):
        inbox.take(count)
        seen.append((inbox.full, inbox.has_room))
    assert seen == [(True, False), (False, False), (False, True)]


def test_the_inbox_is_full_by_bytes_too() -> None:
    inbox = Inbox(1000, max_bytes=100)
    inbox.put([delivery(1, 60), delivery(2, 60)], 0.0)
    seen = [(inbox.full, inbox.has_room)]
    inbox.take(1)
    seen.append((inbox.full, inbox.has_room))
    assert seen == [(True, False), (False, False)]


def test_a_batch_stays_below_its_bytes_but_never_empty() -> None:
    inbox = Inbox(1000)
    half = MAX_BATCH_BYTES // 2
    inbox.put([delivery(1, half), delivery(2, half), delivery(3, 1), delivery(4, 3 * half)], 0.0)
    assert [one.received_ms for one in inbox.take(10)] == [1, 2]
    assert [one.received_ms for one in inbox.take(10)] == [3]
    assert [one.received_ms for one in inbox.take(10)] == [4]
    assert inbox.take(10) == []


def test_only_wordless_ends_in_a_row_of_short_accepted_connections_are_a_takeover() -> None:
    def row(
        watch: EvictionWatch, count: int, *, lasted_s: float = 1.0, present: bool = True, wordless: bool = True
    ) -> bool:
        return any(watch.ended(lasted_s=lasted_s, session_present=present, wordless=wordless) for _ in range(count))

    assert row(EvictionWatch(), EVICTIONS_TO_STOP)
    assert not row(EvictionWatch(), EVICTIONS_TO_STOP - 1)
    assert not row(EvictionWatch(), 99, lasted_s=60)
    assert not row(EvictionWatch(), 99, present=False)
    assert not row(EvictionWatch(), 99, wordless=False)
    watch = EvictionWatch()
    for _ in range(5):
        assert not row(watch, EVICTIONS_TO_STOP - 1)
        watch.failed()
