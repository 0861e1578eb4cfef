"""What every store must do, whatever it is made of."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from gateway.errors import ConflictError, StoreError
from gateway.store.base import Store
from gateway.store.notify_rows import NewMessage, NotificationSettings
from gateway.store.rows import Batch, Derived, Marks, TimedSession
from gateway.store.service_rows import AlertChange, SignIn, Token, User
from schemas.access import Scope
from schemas.registry import Clinic, DeviceEntry, Lot, NozzleModel
from tests.store.conftest import StoreFactory
from tests.store.store_records import (
    AUDIT,
    DAY_MS,
    NOW_MS,
    alert,
    commit_samples,
    ledger_row,
    marks,
    rejected,
    sample,
    session,
    settle,
    sighting,
    state,
    swap,
)

BUCKET_MS = 900_000


async def test_everything_in_a_batch_is_there_after_reopening(store_factory: StoreFactory) -> None:
    store = await store_factory.open()
    stored = (sample(5), sample(1, estimated=True), sample(2, serial=None, coating=None))
    batch = Batch(
        samples=stored,
        sessions=(session(3),),
        nozzle_events=(swap(0),),
        marks=(Marks("dev-1", "boot-1", ((0, 3), (5, 5)), ((7, 7),), ((4, 4),), NOW_MS),),
        devices=(state(stored[0]), state(None, "dev-2")),
        sightings=(sighting(),),
        ledger=(ledger_row(0),),
        quarantine=(rejected(),),
        rebuild=("dev-2",),
    )
    result = await store.commit(batch)
    await store.close()

    reopened = await store_factory.open()
    fleet = await reopened.load_fleet()
    history = await reopened.device_history("dev-1")
    await reopened.close()
    assert fleet.devices == batch.devices
    assert fleet.sightings == batch.sightings
    assert fleet.ledger == batch.ledger
    assert fleet.marks == batch.marks
    assert fleet.rebuild == result.rebuild == ("dev-2",)
    assert fleet.commit_no == result.commit_no
    assert history.samples == (stored[1], stored[2], stored[0])
    assert history.sessions == batch.sessions
    assert history.nozzle_events == batch.nozzle_events


async def test_samples_come_in_order_of_event_time_then_boot_then_seq(store: Store) -> None:
    wanted = [
        sample(9, event_ms=NOW_MS - 2 * DAY_MS),
        sample(3, boot="a"),
        sample(2, boot="b"),
        sample(4, boot="b"),
        sample(1, event_ms=NOW_MS + 1),
    ]
    await commit_samples(store, wanted[3], wanted[4], wanted[0], wanted[2], wanted[1])
    for _ in range(2):
        points = await store.samples("dev-1", 0, NOW_MS * 2, 100)
        assert [point.sessions_total for point in points] == [item.sample.sessions_total for item in wanted]
        assert await store.samples("dev-1", 0, NOW_MS * 2, 2) == points[:2]
        assert await store.samples("dev-1", NOW_MS, NOW_MS + 1, 9) == points[1:4]
        await settle(store)


async def test_a_frozen_table_is_sealed_and_read_alike_at_every_step(store: Store) -> None:
    stored = [sample(seq, event_ms=NOW_MS - seq * 3_000_000, device=f"dev-{seq % 3}") for seq in range(40)]
    await commit_samples(store, *stored)
    whole = await store.samples("dev-1", 0, 2 * NOW_MS, 100)
    rollups = await store.rollups("dev-1", 0, 2 * NOW_MS)
    assert sum(row.samples for row in rollups) == len(whole) == 13
    steps = sealed = 0
    while (report := await store.maintain(NOW_MS)).more:
        steps += 1
        sealed += report.sealed_rows
        assert await store.samples("dev-1", 0, 2 * NOW_MS, 100) == whole
        assert await store.rollups("dev-1", 0, 2 * NOW_MS) == rollups
        assert (await store.stats()).samples == 40
    assert sealed == 40
    assert steps > 15
    assert (await store.stats()).hot_samples == 0
    assert await store.check() == ()


async def test_sealing_goes_on_where_it_was_after_reopening(store_factory: StoreFactory) -> None:
    store = await store_factory.open()
    await commit_samples(store, *(sample(seq, event_ms=NOW_MS - seq * 3_000_000) for seq in range(30)))
    whole = await store.samples("dev-1", 0, 2 * NOW_MS, 100)
    rollups = await store.rollups("dev-1", 0, 2 * NOW_MS)
    for _ in range(40):
        await store.maintain(NOW_MS)
        await store.close()
        store = await store_factory.open()
        assert await store.samples("dev-1", 0, 2 * NOW_MS, 100) == whole
        assert await store.rollups("dev-1", 0, 2 * NOW_MS) == rollups
        await store.maintain(NOW_MS)
    await settle(store)
    assert (await store.stats()).hot_samples == 0
    assert await store.rollups("dev-1", 0, 2 * NOW_MS) == rollups
    await store.close()


async def test_times_far_from_now_are_kept_and_read(store: Store) -> None:
    far = [sample(1, event_ms=NOW_MS - 300 * DAY_MS), sample(2), sample(3, event_ms=NOW_MS + 300 * DAY_MS)]
    await commit_samples(store, *far, *(sample(seq, device="dev-2") for seq in range(4)))
    before = await store.samples("dev-1", 0, 2 * NOW_MS, 9)
    assert len(before) == 3
    for _ in range(30):
        await store.maintain(NOW_MS - 290 * DAY_MS)
    assert await store.samples("dev-1", 0, 2 * NOW_MS, 9) == before


async def test_a_series_takes_the_last_sample_of_each_step(store: Store) -> None:
    stored = [sample(seq, event_ms=NOW_MS + seq * 60_000) for seq in range(60)]
    await commit_samples(store, *stored)
    for _ in range(2):
        series = await store.sample_series("dev-1", NOW_MS, NOW_MS + 3_600_000, 6)
        assert [point.ts_ms for point in series] == [NOW_MS + (10 * step + 9) * 60_000 for step in range(6)]
        assert len(await store.sample_series("dev-1", NOW_MS, NOW_MS + 3_600_000, 60)) == 60
        await settle(store)


async def test_a_series_falls_back_on_rollups_where_samples_are_gone(store: Store) -> None:
    old = [sample(seq, event_ms=NOW_MS - 60 * DAY_MS + seq * BUCKET_MS) for seq in range(8)]
    await commit_samples(store, *old)
    await settle(store, NOW_MS - 60 * DAY_MS)
    await settle(store, NOW_MS)
    assert await store.samples("dev-1", 0, 2 * NOW_MS, 100) == ()
    series = await store.sample_series("dev-1", NOW_MS - 61 * DAY_MS, NOW_MS, 10_000)
    assert [point.ts_ms for point in series] == [item.event_ms for item in old]
    assert [point.strikes for point in series] == [item.sample.strikes for item in old]


async def test_rollups_say_least_most_sum_and_count(store: Store) -> None:
    start = NOW_MS + BUCKET_MS
    await commit_samples(
        store,
        sample(1, event_ms=start),
        sample(2, event_ms=start + 1),
        sample(5, event_ms=start + BUCKET_MS - 1),
        sample(6, event_ms=start + 2, serial=None, coating=None),
        sample(7, event_ms=start + 3, clinic="clinic-2"),
    )
    none_fitted, fitted, elsewhere = await store.rollups("dev-1", start, start + BUCKET_MS)
    assert (none_fitted.serial, none_fitted.samples, none_fitted.coating_n, none_fitted.strikes_max) == ("", 1, 0, None)
    assert (fitted.samples, fitted.mains, fitted.active, fitted.voltage_n) == (3, 2, 2, 2)
    assert (fitted.charge_min, fitted.charge_max, fitted.charge_sum_u) == (0.1, 0.5, 800_000)
    assert (fitted.strikes_min, fitted.strikes_max, fitted.coating_sum_u) == (1_000, 5_000, 2_250_000)
    assert (elsewhere.clinic_id, elsewhere.samples) == ("clinic-2", 1)


@pytest.mark.parametrize("sealed", [False, True])
@pytest.mark.parametrize("estimated", [False, True])
async def test_of_two_receipts_the_earlier_counts(store: Store, sealed: bool, estimated: bool) -> None:
    others = [sample(seq) for seq in range(2, 9)]
    late = sample(1, event_ms=NOW_MS + 500, received_ms=NOW_MS + 5_000, estimated=estimated)
    await commit_samples(store, late, *others)
    if sealed:
        await settle(store)
    early = late._replace(received_ms=NOW_MS + 4_000, event_ms=NOW_MS - 500 if estimated else NOW_MS + 500)
    later = late._replace(received_ms=NOW_MS + 9_000)
    result = await store.commit(Batch(earlier_samples=(early, later)))
    assert result.rebuild == ("dev-1",)
    history = await store.device_history("dev-1")
    assert early in history.samples
    assert len(history.samples) == 8
    assert sum(row.samples for row in await store.rollups("dev-1", 0, 2 * NOW_MS)) == 8
    again = await store.commit(Batch(earlier_samples=(early, later, late)))
    assert again.rebuild == ()
    await settle(store)
    assert await store.device_history("dev-1") == history
    assert await store.check() == ()


async def test_earlier_receipts_of_sessions_and_swaps_count_too(store: Store) -> None:
    await store.commit(Batch(sessions=(session(1, received_ms=NOW_MS + 9),), nozzle_events=(swap(2),)))
    earlier, same = session(1, received_ms=NOW_MS + 8), swap(2)
    result = await store.commit(Batch(earlier_sessions=(earlier,), earlier_nozzle_events=(same,)))
    assert result.rebuild == ("dev-1",)
    history = await store.device_history("dev-1")
    assert history.sessions == (earlier,)
    assert history.nozzle_events == (same,)


async def test_a_session_stored_already_is_not_stored_again(store: Store) -> None:
    await store.commit(Batch(sessions=(session(1),), nozzle_events=(swap(2),)))
    await store.commit(Batch(sessions=(session(1),), nozzle_events=(swap(2),)))
    assert (await store.stats()).sessions == 1


async def test_sessions_are_paged_newest_first(store: Store) -> None:
    stored = [session(seq, event_ms=NOW_MS + seq // 3, device=f"dev-{seq % 2}") for seq in range(10)]
    await store.commit(Batch(sessions=tuple(stored)))
    wanted = sorted(stored, key=lambda item: (item.event_ms, *item.session[1:4]), reverse=True)
    seen: list[TimedSession] = []
    before = None
    while page := await store.sessions(device_id=None, since_ms=0, until_ms=2 * NOW_MS, limit=3, before=before):
        seen += page
        last = page[-1]
        before = (last.event_ms, last.session.device_id, last.session.boot_id, last.session.seq)
    assert seen == wanted
    of_one = await store.sessions(device_id="dev-1", since_ms=NOW_MS + 1, until_ms=NOW_MS + 2, limit=9, before=None)
    assert [item.session.seq for item in of_one] == [5, 3]


async def test_sessions_are_counted_by_clinic_and_day_of_their_end(store: Store) -> None:
    await store.commit(
        Batch(
            sessions=(
                session(1, event_ms=NOW_MS + 500),
                session(2, event_ms=NOW_MS + 5_000),
                session(3, event_ms=NOW_MS + 5_000, clinic="clinic-0", device="dev-9"),
            )
        )
    )
    assert await store.sessions_by_day(NOW_MS - DAY_MS, NOW_MS + DAY_MS) == (
        ("clinic-1", NOW_MS - DAY_MS, 1),
        ("clinic-0", NOW_MS, 1),
        ("clinic-1", NOW_MS, 1),
    )


async def test_marks_of_the_last_boot_and_of_boots_with_holes_are_loaded(store_factory: StoreFactory) -> None:
    store = await store_factory.open()
    old = marks((0, 9), boot="old", received_ms=NOW_MS - 9)
    holed = marks((0, 3), (5, 9), boot="holed", received_ms=NOW_MS - 5)
    current = marks((0, 1), boot="current")
    await store.commit(Batch(marks=(old, current)))
    await store.commit(Batch(marks=(holed,)))
    assert set((await store.load_fleet()).marks) == {holed, current}
    assert set(await store.load_marks([("dev-1", "old"), ("dev-1", "none"), ("dev-9", "old")])) == {old}
    await store.close()
    store = await store_factory.open()
    filled = marks((0, 9), boot="holed", received_ms=NOW_MS - 4)
    await store.commit(Batch(marks=(filled,)))
    assert (await store.load_fleet()).marks == (current,)
    lost = Marks("dev-1", "lost", ((0, 3), (6, 9)), ((4, 4),), ((5, 5),), NOW_MS + 1)
    await store.commit(Batch(marks=(lost,)))
    assert (await store.load_fleet()).marks == (lost,)
    await store.close()


async def test_derived_state_is_replaced_and_what_people_wrote_stays(store: Store) -> None:
    await store.commit(
        Batch(
            devices=(state(sample(1)), state(None, "dev-2")),
            sightings=(sighting(), sighting("noz-2"), sighting("noz-1", "dev-2")),
            ledger=(ledger_row(1), ledger_row(2, "person"), ledger_row(3, "inference"), ledger_row(4, device="dev-2")),
            rebuild=("dev-1", "dev-2"),
        )
    )
    folded = Derived(state(sample(8)), (sighting("noz-3"),), (ledger_row(5), ledger_row(2, "person")))
    await store.replace_derived(folded)
    fleet = await store.load_fleet()
    assert fleet.devices == (folded.device, state(None, "dev-2"))
    assert fleet.sightings == (sighting("noz-3"), sighting("noz-1", "dev-2"))
    assert fleet.ledger == (ledger_row(2, "person"), ledger_row(5), ledger_row(4, device="dev-2"))
    assert fleet.rebuild == ("dev-2",)
    assert await store.changed_since(fleet.commit_no - 1) == ("dev-1",)
    assert await store.ledger(device_id="dev-2") == (ledger_row(4, device="dev-2"),)
    assert len(await store.ledger(serial="noz-1")) == 3


async def test_changed_devices_are_told_by_commit(store_factory: StoreFactory) -> None:
    store = await store_factory.open()
    numbers = [(await store.commit(Batch(devices=(state(None, f"dev-{n}"),)))).commit_no for n in (1, 2, 1)]
    assert numbers == sorted(set(numbers))
    assert set(await store.changed_since(0)) == {"dev-1", "dev-2"}
    await store.close()
    store = await store_factory.open()
    assert await store.changed_since(numbers[1]) == ("dev-1",)
    assert await store.changed_since(numbers[2]) == ()
    await store.close()


async def test_the_same_rejected_bytes_are_one_entry(store: Store) -> None:
    await store.commit(Batch(quarantine=(rejected(received_ms=NOW_MS + 5), rejected(), rejected("seq"))))
    await store.commit(Batch(quarantine=(rejected(received_ms=NOW_MS + 9),)))
    second, first = await store.quarantine(limit=10, before=None)
    assert (first.count, first.first_received_ms, first.last_received_ms) == (3, NOW_MS, NOW_MS + 9)
    assert first.rejection == rejected().rejection
    assert await store.quarantine(limit=1, before=second.entry_id) == (first,)
    await store.mark_released([first.entry_id], NOW_MS + 10)
    (released,) = await store.quarantine(limit=10, before=None, released=True)
    assert released == replace(first, released_ms=NOW_MS + 10)
    assert await store.quarantine(limit=10, before=None, released=False, reason="out_of_range") == (second,)
    assert await store.quarantine(limit=10, before=None, reason="not_json") == ()


async def test_retention_drops_what_is_past_its_time_and_keeps_rollups_and_ledger(store: Store) -> None:
    then_ms = NOW_MS - 120 * DAY_MS
    await store.commit(
        Batch(
            samples=(
                *(sample(seq, event_ms=then_ms + seq, estimated=seq % 2 == 0) for seq in range(12)),
                *(sample(20 + seq) for seq in range(3)),
            ),
            sessions=(session(15, event_ms=NOW_MS - 4_000 * DAY_MS), session(16)),
            marks=(marks((0, 99)), marks((0, 5), boot="ancient", received_ms=NOW_MS - 999 * DAY_MS)),
            ledger=(ledger_row(0),),
            quarantine=(rejected(received_ms=NOW_MS - 100 * DAY_MS), rejected("seq")),
        )
    )
    rollups = await store.rollups("dev-1", 0, 2 * NOW_MS)
    await settle(store, then_ms)
    await settle(store, NOW_MS)
    assert [point.ts_ms for point in await store.samples("dev-1", 0, 2 * NOW_MS, 99)] == [NOW_MS] * 3
    assert await store.rollups("dev-1", 0, 2 * NOW_MS) == rollups
    assert await store.ledger() == (ledger_row(0),)
    stats = await store.stats()
    assert (stats.samples, stats.sessions, stats.quarantined, stats.oldest_sample_ms) == (3, 1, 1, NOW_MS)
    assert await store.load_marks([("dev-1", "ancient"), ("dev-1", "boot-1")]) == (marks((0, 99)),)
    assert await store.check() == ()


async def test_reads_answer_while_commits_and_sealing_go_on(store: Store) -> None:
    async def write() -> None:
        for first in range(0, 200, 4):
            await commit_samples(store, *(sample(first + n, event_ms=NOW_MS + first + n) for n in range(4)))
            await store.maintain(NOW_MS)

    writing = asyncio.create_task(write())
    seen = 0
    while not writing.done():
        points = await store.samples("dev-1", 0, 2 * NOW_MS, 1_000)
        assert len(points) % 4 == 0
        assert [point.ts_ms - NOW_MS for point in points] == list(range(len(points)))
        assert len(points) >= seen
        seen = len(points)
    await writing
    assert len(await store.samples("dev-1", 0, 2 * NOW_MS, 1_000)) == 200


async def test_the_registry_is_replaced_entry_by_entry(store: Store) -> None:
    clinic, device = Clinic(clinic_id="c", name="North"), DeviceEntry(device_id="d", room="2")
    model, lot = NozzleModel(model="m", price=12.5, fits=("SP-2",)), Lot(lot="l", model="m")
    await store.save_registry((clinic, device, model, lot), AUDIT)
    await store.save_registry((device.model_copy(update={"state": "repair"}),), None)
    repaired = device.model_copy(update={"state": "repair"})
    assert set(await store.load_registry()) == {clinic, repaired, model, lot}
    assert await store.device_entry("d") == repaired
    assert (await store.clinic("c"), await store.nozzle_model("m"), await store.lot("l")) == (clinic, model, lot)
    assert await store.clinic("none") is None
    (told,) = await store.audit(limit=5, before=None)
    assert replace(told, audit_id=0) == AUDIT


async def test_one_alert_is_open_for_a_rule_and_subject(store: Store) -> None:
    (opened,) = await store.apply_alerts([AlertChange(alert(), None, NOW_MS, "over limit")], mark=7)
    assert await store.apply_alerts([AlertChange(alert(), None, NOW_MS, "again")], mark=8) == ()
    assert await store.alert_mark() == 8
    firing = replace(opened, state="firing", firing_since_ms=NOW_MS + 1)
    assert await store.apply_alerts([AlertChange(firing, "pending", NOW_MS, "held")], 9) == (firing,)
    assert await store.apply_alerts([AlertChange(firing, "pending", NOW_MS, "held")], 9) == ()
    assert await store.open_alerts() == (firing,)

    seen = await store.acknowledge(opened.alert_id, "ada", NOW_MS + 2, AUDIT)
    assert seen == replace(firing, acknowledged_by="ada", acknowledged_ms=NOW_MS + 2)
    assert await store.acknowledge(999, "ada", NOW_MS, AUDIT) is None
    resolved = replace(firing, state="resolved", resolved_ms=NOW_MS + 3)
    (gone,) = await store.apply_alerts([AlertChange(resolved, "firing", NOW_MS + 3, "swapped")], 10)
    assert gone.acknowledged_by == "ada"
    with pytest.raises(ConflictError, match="resolved"):
        await store.acknowledge(opened.alert_id, "ada", NOW_MS, AUDIT)

    assert await store.latest_alerts([("nozzle_due", "noz-1"), ("nozzle_due", "noz-2")]) == (gone,)
    assert await store.apply_alerts([AlertChange(firing, "resolved", NOW_MS + 4, "refitted")], 11) == (firing,)
    (other,) = await store.apply_alerts([AlertChange(alert(subject="noz-2"), None, NOW_MS, "over limit")], 11)
    assert await store.alerts(limit=9, before=None, rule="nozzle_due") == (other, firing)
    assert await store.alerts(limit=9, before=other.alert_id, state="firing", clinic_id="clinic-1") == (firing,)
    assert await store.alerts(limit=9, before=None, device_id="dev-9") == ()
    assert await store.alert(opened.alert_id) == firing


async def test_who_leaves_leaves_no_way_in(store: Store) -> None:
    ada = User("ada", "manager", Scope(), NOW_MS)
    await store.save_user(ada, "hash", AUDIT)
    sign_in = SignIn("cookie-hash", "ada", "csrf", NOW_MS, NOW_MS + 5)
    await store.save_sign_in(sign_in)
    await store.change_password("ada", "new hash", AUDIT)
    changed = await store.user("ada")
    assert changed is not None
    assert (changed.user, changed.password_hash, await store.sign_in("cookie-hash")) == (ada, "new hash", None)
    await store.save_sign_in(sign_in)
    await store.save_notification_settings(NotificationSettings("ada", (("email", "ada@example.org"),)), AUDIT)
    ways = ("ada/email", "ada/apprise", "adam/email")
    waiting = [NewMessage(f"k-{way}", way, "c-1", "email", "new", "{}") for way in ways]
    await store.add_messages(waiting, NOW_MS, AUDIT)
    await store.remove_user("ada", AUDIT)
    assert [message.receiver for message in await store.messages_to(ways, 9)] == ["adam/email"]
    assert (await store.user("ada"), await store.users(), await store.sign_in("cookie-hash")) == (None, (), None)
    assert (await store.notification_settings(), await store.calendar_turn("ada")) == ((), 1)
    for name, hashed in (("board", "one"), ("archive", "two"), ("board", "three")):
        await store.save_token(Token(name, "vendor", Scope(), NOW_MS), hashed, AUDIT)
    assert [token.name for token in await store.tokens()] == ["archive", "board", "board"]
    await store.remove_tokens("board", AUDIT)
    assert [await store.token(hashed) is None for hashed in ("one", "two", "three")] == [True, False, True]


async def test_people_tokens_sign_ins_and_answers_are_kept(store: Store) -> None:
    ada = User("ada", "manager", Scope(frozenset({"c-1", "c-2"}), None), NOW_MS)
    await store.save_user(ada, "hash", AUDIT)
    known = await store.user("ada")
    assert known is not None
    assert (known.user, known.password_hash, await store.user("eve")) == (ada, "hash", None)
    assert await store.users() == (ada,)
    token = Token("board", "vendor", Scope(None, frozenset()), NOW_MS)
    await store.save_token(token, "token-hash", AUDIT)
    assert (await store.token("token-hash"), await store.token("other")) == (token, None)
    sign_in = SignIn("cookie-hash", "ada", "csrf", NOW_MS, NOW_MS + 5)
    await store.save_sign_in(sign_in)
    assert await store.sign_in("cookie-hash") == sign_in
    await store.end_sign_in("cookie-hash")
    assert await store.sign_in("cookie-hash") is None
    await store.remember_response("key", "ada", '{"a":1}', NOW_MS)
    await store.remember_response("key", "ada", '{"a":2}', NOW_MS)
    assert await store.remembered_response("key", "ada") == '{"a":1}'
    assert await store.remembered_response("key", "eve") is None
    secret = await store.secret("quarantine")
    assert len(secret) == 32
    assert await store.secret("quarantine") == secret != await store.secret("other")
    assert len(await store.audit(limit=9, before=None)) == 2


async def test_a_closed_store_refuses(store_factory: StoreFactory) -> None:
    store = await store_factory.open()
    await store.close()
    with pytest.raises(StoreError, match="closed"):
        await store.commit(Batch(samples=(sample(1),)))
