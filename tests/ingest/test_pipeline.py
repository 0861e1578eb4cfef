from __future__ import annotations

import asyncio
import json

from gateway.ingest.memory import MAX_BOOTS_A_DEVICE
from schemas.delivery import Delivery
from tests.ingest.memory_store import MemoryStore
from tests.ingest.rig import started
from tests.ingest.wire import MINUTE, T0, backlog, delivery, sample, session, status, swap

DAY = 86_400_000


def numbered(count: int, start: int = 0) -> list[Delivery]:
    return [
        delivery("telemetry", sample(seq, T0 + seq * 1000), T0 + seq * 1000, packet_id=seq + 1)
        for seq in range(start, start + count)
    ]


async def test_what_is_committed_is_acknowledged_in_order_of_receipt() -> None:
    sent = numbered(500)
    rig = await started(None, [sent[:200], sent[200:201], sent[201:]])
    await rig.pipeline.run()
    assert rig.collector.acknowledged == sent
    assert len(rig.store.samples) == 500
    assert rig.store.commit_no == 3


async def test_an_unavailable_store_keeps_everything_and_acknowledges_nothing_until_it_can_commit() -> None:
    store = MemoryStore()
    sent = numbered(50)
    rig = await started(store, [sent[:20], sent[20:]])
    store.unavailable = 10**9
    running = asyncio.create_task(rig.pipeline.run())
    while rig.counter("store_commit_retries_total") < 3:
        await asyncio.sleep(0.001)
    assert rig.collector.acknowledged == []
    assert rig.fleet.device("d1") is None
    assert rig.pipeline.commit_fault == "the disk is full: make room"
    assert rig.counter("records_stored_total", kind="telemetry") == 0
    store.unavailable = 0
    await running
    assert rig.pipeline.commit_fault is None
    assert rig.collector.acknowledged == sent
    assert len(store.samples) == 50
    assert rig.counter("records_stored_total", kind="telemetry") == 50


async def test_a_hard_stop_acknowledges_nothing_that_is_not_committed_and_a_restart_stores_it_once() -> None:
    store = MemoryStore()
    sent = numbered(30)
    rig = await started(store, [sent[:10], sent[10:]])
    store.unavailable = 10**9
    running = asyncio.create_task(rig.pipeline.run())
    while not rig.counter("store_commit_retries_total"):
        await asyncio.sleep(0.001)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert rig.collector.acknowledged == []
    store.unavailable = 0
    again = await started(store, [sent])
    await again.pipeline.run()
    assert len(store.samples) == 30
    assert again.collector.acknowledged == sent


async def test_poison_among_good_messages_is_quarantined_and_acknowledged() -> None:
    good = numbered(20)
    poison = [
        delivery("telemetry", b"\xff\xfe", T0, packet_id=101),
        delivery("telemetry", b'{"boot_id":"b1","seq":99,"mood":1}', T0, packet_id=102),
        delivery("weather", b"{}", T0, packet_id=103),
    ]
    sent = [good[0], *poison, *good[1:]]
    rig = await started(None, [sent])
    await rig.pipeline.run()
    assert len(rig.store.samples) == 20
    assert [row.rejection.reason for row in rig.store.quarantine] == ["not_json", "unknown_field", "unsupported_kind"]
    assert len({row.payload_hash for row in rig.store.quarantine}) == 3
    assert rig.collector.acknowledged == sent
    assert rig.counter("messages_rejected_total", reason="not_json") == 1
    assert rig.counter("messages_received_total", kind="other") == 1


async def test_a_sample_older_than_its_retention_is_rejected_with_its_place_and_leaves_no_hole() -> None:
    old = sample(1, T0 - 91 * DAY)
    message = backlog(sample(0, T0 - DAY), {**sample(7, T0), "mood": 1}, old, sample(2, T0))
    rig = await started()
    done = await rig.pipeline.ingest([delivery("telemetry", message, T0)])
    assert (done.stored, done.rejected) == (2, 2)
    reasons = {row.rejection.path: row.rejection.reason for row in rig.store.quarantine}
    assert reasons == {"samples[1].?": "unknown_field", "samples[2].ts_ms": "too_old"}
    marks = rig.store.marks["d1", "b1"]
    assert (marks.stored, marks.rejected) == (((0, 0), (2, 2)), ((1, 1), (7, 7)))
    assert rig.fleet.missing_records() == 4


async def test_a_stored_sample_that_comes_again_after_its_retention_is_a_redelivery() -> None:
    sent = delivery("telemetry", sample(0, T0), T0)
    rig = await started()
    await rig.pipeline.ingest([sent])
    done = await rig.pipeline.ingest([sent._replace(received_ms=T0 + 100 * DAY)])
    assert (done.duplicates, done.rejected) == (1, 0)


async def test_a_null_clock_backlog_is_timed_by_its_uptime() -> None:
    message = backlog(sample(0, None, up_ms=1_000), sample(1, None, up_ms=61_000), sample(2, None))
    rig = await started()
    await rig.pipeline.ingest([delivery("telemetry", message, T0)])
    times = [(timed.event_ms, timed.estimated) for timed in rig.store.samples.values()]
    assert times == [(T0 - MINUTE, True), (T0, True), (T0, True)]


async def test_holes_are_counted_then_lost_then_found() -> None:
    rig = await started()
    await rig.pipeline.ingest(numbered(1) + numbered(1, start=4))
    assert rig.fleet.missing_records() == 3
    await rig.pipeline.tick(600_000)
    assert rig.fleet.missing_records() == 3
    await rig.pipeline.tick(1_000)
    assert rig.fleet.missing_records() == 0
    assert rig.counter("records_lost_total") == 3
    assert rig.store.marks["d1", "b1"].lost == ((1, 3),)
    await rig.pipeline.ingest(numbered(1, start=2))
    assert rig.store.marks["d1", "b1"].lost == ((1, 1), (3, 3))
    await rig.pipeline.tick(10**9)
    assert rig.counter("records_lost_total") == 3


async def test_a_hole_noticed_later_is_not_given_up_with_an_earlier_one() -> None:
    rig = await started()
    await rig.pipeline.ingest(numbered(1) + numbered(1, start=2))
    await rig.pipeline.tick(500_000)
    await rig.pipeline.ingest(numbered(1, start=4))
    await rig.pipeline.tick(101_000)
    assert (rig.fleet.missing_records(), rig.counter("records_lost_total")) == (1, 1)
    await rig.pipeline.tick(500_000)
    assert (rig.fleet.missing_records(), rig.counter("records_lost_total")) == (0, 2)


async def test_open_holes_are_open_again_after_a_restart() -> None:
    store = MemoryStore()
    rig = await started(store)
    await rig.pipeline.ingest(numbered(1) + numbered(1, start=4))
    again = await started(store)
    assert again.fleet.missing_records() == 3
    await again.pipeline.tick(600_001)
    assert again.counter("records_lost_total") == 3


async def test_old_boots_leave_memory_and_are_read_again_when_they_are_needed() -> None:
    store = MemoryStore()
    rig = await started(store)
    for boot in range(10):
        await rig.pipeline.ingest([delivery("telemetry", sample(0, T0 + boot, boot=f"boot-{boot}"), T0 + boot)])
    store.loaded_boots.clear()
    done = await rig.pipeline.ingest([delivery("telemetry", sample(0, T0, boot="boot-0"), T0 + 99)])
    assert done.duplicates == 1
    assert store.loaded_boots == [("d1", "boot-0")]
    store.loaded_boots.clear()
    newest = [f"boot-{boot}" for boot in range(10 - MAX_BOOTS_A_DEVICE + 1, 10)]
    await rig.pipeline.ingest([delivery("telemetry", sample(0, T0, boot=boot), T0 + 99) for boot in newest])
    assert store.loaded_boots == []


async def test_a_large_backlog_is_committed_in_parts_and_others_run_meanwhile() -> None:
    batches = [
        [
            delivery("telemetry", backlog(*(sample(m * 1000 + i, T0 + m * 1000 + i) for i in range(1000))), T0 + m)
            for m in range(12)
        ]
    ]
    rig = await started(None, batches)
    turns_of_others = 0
    running = asyncio.create_task(rig.pipeline.run())
    while not running.done():
        await asyncio.sleep(0)
        turns_of_others += 1
    assert len(rig.store.samples) == 12_000
    assert rig.store.commit_no == 3
    assert turns_of_others > 12


async def test_followers_hear_which_devices_changed_and_nothing_of_redeliveries() -> None:
    rig = await started()
    follower = rig.feed.follow()
    sent = numbered(3)
    await rig.pipeline.ingest(sent)
    changed = await follower.next()
    assert (changed.commit_no, changed.device_ids) == (1, {"d1"})
    await rig.pipeline.ingest(sent)
    waiting = asyncio.create_task(follower.next())
    await asyncio.sleep(0)
    assert not waiting.done()
    waiting.cancel()


async def test_latency_is_observed_of_what_a_broker_waits_for_and_not_of_recordings() -> None:
    rig = await started(None, [numbered(5)], now_ms=T0 + 10_000)
    await rig.pipeline.ingest([delivery("session", session(100, T0), T0)])
    assert rig.metrics.get_sample_value("silverpoint_ingest_latency_seconds_count") == 0
    await rig.pipeline.run()
    assert rig.metrics.get_sample_value("silverpoint_ingest_latency_seconds_count") == 5
    assert rig.metrics.get_sample_value("silverpoint_ingest_latency_seconds_sum") == 40.0
    assert rig.metrics.get_sample_value("silverpoint_ingest_latency_seconds_bucket", {"le": "10.0"}) == 5


async def test_an_empty_retained_payload_is_acknowledged_and_ignored() -> None:
    clear = delivery("status", b"", T0, retained=True, packet_id=1)
    rig = await started(None, [[clear]])
    await rig.pipeline.run()
    assert rig.collector.acknowledged == [clear]
    assert (rig.store.quarantine, rig.fleet.device("d1")) == ([], None)


async def test_each_kind_is_counted_and_the_fleet_shows_it() -> None:
    rig = await started()
    await rig.pipeline.ingest(
        [
            delivery("status", status("online", boot="b1", model="SP-1", form="mobile"), T0),
            delivery("nozzle", swap(0, T0, "fitted", "n1", model="NX", rated_strikes=10), T0),
            delivery("telemetry", sample(1, T0 + 1, strikes=4, coating=0.9), T0 + 1),
            delivery("session", session(2, T0 + 2), T0 + 2),
        ]
    )
    device, nozzle = rig.fleet.device("d1"), rig.fleet.nozzle("n1")
    assert device is not None
    assert nozzle is not None
    assert (device.model, device.form, device.status_state, device.last_seen_ms) == ("SP-1", "mobile", "online", T0 + 2)
    assert device.latest_key == (T0 + 2, "b1", 2)
    assert (nozzle.fitted, nozzle.strikes, nozzle.coating_ratio, nozzle.model) == (True, 4, 0.9, "NX")
    assert rig.fleet.fitted_serial("d1") == "n1"
    for kind in ("telemetry", "session", "nozzle", "status"):
        assert rig.counter("records_stored_total", kind=kind) == 1
        assert rig.counter("messages_received_total", kind=kind) == 1


async def test_a_nozzle_is_merged_over_the_devices_that_showed_it() -> None:
    rig = await started()
    await rig.pipeline.ingest(
        [
            delivery("nozzle", swap(0, T0, "fitted", "n1", model="NX"), T0, device="d1"),
            delivery("telemetry", sample(1, T0 + 5, strikes=900, coating=0.8), T0 + 5, device="d1"),
            delivery("telemetry", sample(0, T0 + 9, strikes=0, fitted=True), T0 + 9, device="d2", clinic="c2"),
        ]
    )
    nozzle = rig.fleet.nozzle("n1")
    assert nozzle is not None
    assert (nozzle.device_id, nozzle.clinic_id, nozzle.fitted) == ("d2", "c2", True)
    assert (nozzle.strikes, nozzle.coating_ratio, nozzle.model) == (900, 0.8, "NX")
    assert (nozzle.first_event_ms, nozzle.last_event_ms) == (T0, T0 + 9)


async def test_a_rebuild_that_a_crash_cut_off_is_done_at_the_next_start() -> None:
    store = MemoryStore()
    rig = await started(store)
    await rig.pipeline.ingest([delivery("telemetry", sample(1, T0 + 10, serial="n1"), T0 + 10)])
    right = list(store.ledger)
    store.to_rebuild.add("d1")
    store.ledger.clear()
    again = await started(store)
    assert (store.ledger, store.to_rebuild) == (right, set())
    assert again.fleet.fitted_serial("d1") == "n1"


async def test_a_store_that_takes_no_more_is_known_of_before_a_message_comes() -> None:
    store = MemoryStore()
    rig = await started(store)
    store.unavailable = 10**9
    trying = asyncio.create_task(rig.pipeline.tick(20_000))
    while rig.pipeline.commit_fault is None:
        await asyncio.sleep(0.001)
    assert rig.pipeline.commit_fault == "the disk is full: make room"
    store.unavailable = 0
    await trying
    assert rig.pipeline.commit_fault is None
    assert rig.pipeline.commit_no == store.commit_no


async def test_a_known_json_of_a_too_old_sample_reads_back_to_the_same_sample() -> None:
    rig = await started(retention_days=1)
    sent = delivery("telemetry", sample(0, T0 - 2 * DAY, up_ms=3, coating=0.5), T0)
    await rig.pipeline.ingest([sent])
    known = rig.store.quarantine[0].rejection.known_json
    assert known is not None
    other = await started(retention_days=90)
    await other.pipeline.ingest([sent, sent._replace(payload=known.encode())])
    assert (len(other.store.samples), other.counter("records_duplicate_total")) == (1, 1)
    assert json.loads(known) == json.loads(sent.payload)
