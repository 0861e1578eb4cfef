"""However records are split into commits, and whatever is sealed when: the store answers the same."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.store.rows import Batch, RollupRow, SamplePoint, TimedSample
from gateway.store.service_rows import Retention
from gateway.store.sqlite import SqliteStore, Tuning
from tests.store.store_records import DAY_MS, NOW_MS, sample

TINY = Tuning(seal_rows=4, seal_step_rows=2, clear_step_rows=3, delete_step_rows=5)
Answers = tuple[tuple[SamplePoint, ...], tuple[RollupRow, ...], tuple[TimedSample, ...], tuple[SamplePoint, ...]]


@st.composite
def recordings(draw: st.DrawFn) -> list[TimedSample]:
    made = []
    for seq in range(draw(st.integers(1, 24))):
        offset_ms = draw(
            st.sampled_from([0, 0, 1, 60_000, 900_000, -900_000, DAY_MS, -DAY_MS, -90 * DAY_MS, 90 * DAY_MS])
        )
        made.append(
            sample(
                seq,
                event_ms=NOW_MS + offset_ms + draw(st.integers(0, 3)) * 300_000,
                device=draw(st.sampled_from(["dev-1", "dev-1", "dev-2"])),
                boot=draw(st.sampled_from(["a", "z", "b"])),
                clinic=draw(st.sampled_from(["clinic-1", "clinic-2"])),
                serial=draw(st.sampled_from(["noz-1", "noz-2", None])),
                estimated=draw(st.booleans()),
                coating=draw(st.one_of(st.none(), st.floats(0, 1))),
            )
        )
    return made


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[TimedSample], list[list[TimedSample]], list[int], list[bool]]:
    recorded = draw(recordings())
    shuffled = draw(st.permutations(recorded))
    cuts = sorted(draw(st.sets(st.integers(0, len(shuffled)), max_size=6)))
    parts = [
        shuffled[first:last] for first, last in zip([0, *cuts], [*cuts, len(shuffled)], strict=True) if first < last
    ]
    steps = draw(st.lists(st.integers(0, 9), min_size=len(parts), max_size=len(parts)))
    late = draw(st.lists(st.booleans(), min_size=len(recorded), max_size=len(recorded)))
    return recorded, parts, steps, late


async def _answers(store: SqliteStore) -> Answers:
    return (
        await store.samples("dev-1", 0, 2 * NOW_MS, 1_000),
        await store.rollups("dev-1", 0, 2 * NOW_MS),
        (await store.device_history("dev-2")).samples,
        await store.sample_series("dev-1", NOW_MS - DAY_MS, NOW_MS + 2 * DAY_MS, 4),
    )


async def _store(parts: list[list[TimedSample]], steps: list[int], late: set[int]) -> Answers:
    """Stores the parts with steps of sealing between them; late ones come as a later receipt first."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "store.db")
        store = await SqliteStore.open(path, retention=Retention(samples_days=60), tuning=TINY)
        for part, count in zip(parts, steps, strict=True):
            first = tuple(_later(timed) if timed.sample.seq in late else timed for timed in part)
            await store.commit(Batch(samples=first))
            for _ in range(count):
                await store.maintain(NOW_MS - 200 * DAY_MS if count == 1 else NOW_MS - 31 * DAY_MS)
        corrected = tuple(timed for part in parts for timed in part if timed.sample.seq in late)
        await store.commit(Batch(earlier_samples=corrected))
        answers = await _answers(store)
        for _ in range(60):
            await store.maintain(NOW_MS - 31 * DAY_MS)
        assert await _answers(store) == answers
        assert await store.check() == ()
        await store.close()
        return answers


def _later(timed: TimedSample) -> TimedSample:
    """The same sample as a receipt that came an hour after; the estimate of its event time moves with it."""
    moved_ms = 3_600_000 if timed.estimated else 0
    return timed._replace(received_ms=timed.received_ms + 3_600_000, event_ms=timed.event_ms + moved_ms)


@settings(max_examples=25, deadline=None)
@given(histories())
def test_any_split_order_and_sealing_give_the_same_answers(
    history: tuple[list[TimedSample], list[list[TimedSample]], list[int], list[bool]],
) -> None:
    recorded, parts, steps, late = history
    late_seqs = {seq for seq, is_late in enumerate(late) if is_late}

    async def both() -> tuple[Answers, Answers]:
        return await _store([recorded], [0], set()), await _store(parts, steps, late_seqs)

    plain, shuffled = asyncio.run(both())
    assert shuffled == plain
