from __future__ import annotations

import json

from gateway.store.rows import QuarantineEntry
from schemas.delivery import Delivery
from tests.ingest.rig import Rig, started
from tests.ingest.wire import T0, backlog, delivery, sample

DAY = 86_400_000


def entries(rig: Rig) -> list[QuarantineEntry]:
    """The quarantine as a store lists it."""
    return [
        QuarantineEntry(number, row.topic, row.rejection, row.payload_hash, row.received_ms, row.received_ms, 1, None)
        for number, row in enumerate(rig.store.quarantine, start=1)
    ]


async def quarantined(*sent: Delivery) -> Rig:
    rig = await started()
    await rig.pipeline.ingest(sent)
    return rig


async def test_the_complete_known_part_is_taken_in_as_received_then() -> None:
    rig = await quarantined(delivery("telemetry", {**sample(3, None), "mood": 1}, T0))
    released = await rig.pipeline.release(entries(rig))
    assert (released.entry_ids, released.stored, released.refused) == ((1,), 1, ())
    (timed,) = rig.store.samples.values()
    assert (timed.event_ms, timed.received_ms, timed.estimated) == (T0, T0, True)
    assert rig.store.released == [1]
    marks = rig.store.marks["d1", "b1"]
    assert (marks.stored, marks.rejected) == (((3, 3),), ())


async def test_a_bad_sample_of_a_batch_is_released_alone() -> None:
    bad = {**sample(1, T0), "mood": 1}
    rig = await quarantined(delivery("telemetry", backlog(sample(0, T0), bad), T0))
    released = await rig.pipeline.release(entries(rig))
    assert released.stored == 1
    assert rig.store.marks["d1", "b1"].stored == ((0, 1),)


async def test_what_can_not_be_taken_says_why_and_is_not_quarantined_again() -> None:
    incomplete = {key: value for key, value in sample(0, T0).items() if key != "power"}
    rig = await quarantined(
        delivery("telemetry", b"\xff", T0),
        delivery("telemetry", incomplete, T0),
        delivery("telemetry", sample(1, T0 - 91 * DAY), T0),
    )
    before = len(rig.store.quarantine)
    released = await rig.pipeline.release(entries(rig))
    assert released.entry_ids == ()
    assert [why for _, why in released.refused] == [
        "nothing of it could be read (not_json)",
        "what is known of it is not complete (missing_field at power)",
        "it is older than its retention",
    ]
    assert len(rig.store.quarantine) == before


async def test_a_second_release_stores_nothing_twice() -> None:
    rig = await quarantined(delivery("telemetry", {**sample(3, T0), "mood": 1}, T0))
    await rig.pipeline.release(entries(rig))
    again = await rig.pipeline.release(entries(rig))
    assert (again.stored, len(rig.store.samples)) == (0, 1)
    assert json.loads(entries(rig)[0].rejection.known_json or "null")["seq"] == 3
