"""The outbox in the store: intents with the change, claims by one sender, plans by one planner."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.errors import ConflictError
from gateway.store.notify_rows import NewMessage, NotifyPlan, TellingGroup, Told, Watched
from gateway.store.service_rows import AlertChange, AuditRow
from gateway.store.sqlite import SqliteStore
from schemas.alert import Alert
from tests.notify.house import T0_MS


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = await SqliteStore.open(str(tmp_path / "silverpoint.db"))
    yield opened
    await opened.close()


PENDING = Alert(
    alert_id=0, rule="mains_lost", subject="d-1", clinic_id="c-1", device_id="d-1", severity="warning",
    state="pending", value=None, summary="", pending_since_ms=T0_MS, firing_since_ms=None, clearing_since_ms=None,
    resolved_ms=None, last_evidence_ms=T0_MS,
)  # fmt: skip


def message(key: str, receiver: str = "ops") -> NewMessage:
    return NewMessage(key, receiver, "c-1", "webhook", "new", "{}")


async def test_an_intent_is_written_with_the_change_for_what_fires_or_fired(store: SqliteStore) -> None:
    (pending,) = await store.apply_alerts([AlertChange(PENDING, None, T0_MS, "")], 1)
    assert (await store.touched_alerts()).alerts == ()
    firing = replace(pending, state="firing", firing_since_ms=T0_MS)
    await store.apply_alerts([AlertChange(firing, "pending", T0_MS, "")], 2)
    touched = await store.touched_alerts()
    assert [alert.state for alert in touched.alerts] == ["firing"]
    await store.apply_plan(NotifyPlan(touched.up_to, T0_MS))
    assert (await store.touched_alerts()).alerts == ()
    await store.apply_alerts(
        [AlertChange(replace(firing, state="resolved", resolved_ms=T0_MS), "firing", T0_MS, "")], 3
    )
    assert [alert.state for alert in (await store.touched_alerts()).alerts] == ["resolved"]


async def test_a_change_that_comes_between_look_and_plan_is_not_lost(store: SqliteStore) -> None:
    firing = replace(PENDING, state="firing", firing_since_ms=T0_MS)
    await store.apply_alerts([AlertChange(firing, None, T0_MS, "")], 1)
    touched = await store.touched_alerts()
    await store.apply_alerts([AlertChange(replace(firing, subject="d-2"), None, T0_MS, "")], 2)
    await store.apply_plan(NotifyPlan(touched.up_to, T0_MS))
    assert [alert.subject for alert in (await store.touched_alerts()).alerts] == ["d-2"]


async def test_a_message_is_claimed_by_one_sender_until_the_claim_runs_out(store: SqliteStore) -> None:
    await store.apply_plan(NotifyPlan(0, T0_MS, messages=(message("k1"),)))
    (claimed,) = await store.claim_messages(T0_MS, T0_MS + 100, 5, ())
    assert await store.claim_messages(T0_MS + 99, T0_MS + 200, 5, ()) == ()
    (again,) = await store.claim_messages(T0_MS + 100, T0_MS + 300, 5, ())
    assert (again.key, again.attempts) == (claimed.key, claimed.attempts + 1)
    await store.mark_dead(claimed.message_id, claimed.attempts, T0_MS, "the first sender, which lost its claim")
    await store.mark_sent(again.message_id, again.attempts, T0_MS + 150)
    (stored,) = await store.outbox(limit=1, before=None)
    assert (stored.state, stored.error) == ("sent", "")


async def test_what_a_killed_sender_had_claimed_is_due_at_the_next_start(store: SqliteStore) -> None:
    await store.apply_plan(NotifyPlan(0, T0_MS, messages=(message("k1"), message("k2"))))
    (claimed,) = await store.claim_messages(T0_MS, T0_MS + 120_000, 1, ())
    assert await store.give_back_claims(T0_MS + 5) == 1
    assert await store.give_back_claims(T0_MS + 5) == 0
    again, other = await store.claim_messages(T0_MS + 5, T0_MS + 120_000, 5, ())
    assert (again.key, again.attempts, other.attempts) == (claimed.key, claimed.attempts + 1, 1)


async def test_a_message_that_was_given_up_waits_again_once_and_leaves_a_trail(store: SqliteStore) -> None:
    await store.apply_plan(NotifyPlan(0, T0_MS, messages=(message("k1"),)))
    (claimed,) = await store.claim_messages(T0_MS, T0_MS + 100, 5, ())
    audit = AuditRow(0, T0_MS, T0_MS, "chief", "resend_message", str(claimed.message_id), "{}")
    assert not await store.send_again(claimed.message_id, T0_MS + 5, audit)
    await store.mark_dead(claimed.message_id, claimed.attempts, T0_MS + 1, "550 no such mailbox")
    assert await store.send_again(claimed.message_id, T0_MS + 5, audit)
    assert not await store.send_again(claimed.message_id, T0_MS + 5, audit)
    (again,) = await store.claim_messages(T0_MS + 5, T0_MS + 100, 5, ())
    assert (again.key, again.attempts, again.ended_ms) == ("k1", 1, None)
    assert [row.action for row in await store.audit(limit=5, before=None)] == ["resend_message"]


async def test_a_busy_receiver_does_not_hold_up_the_others(store: SqliteStore) -> None:
    messages = (*(message(f"a{n}", "slow") for n in range(50)), message("b", "quick"))
    await store.apply_plan(NotifyPlan(0, T0_MS, messages=messages))
    (claimed,) = await store.claim_messages(T0_MS, T0_MS + 100, 1, ["slow"])
    assert claimed.receiver == "quick"


async def test_a_plan_made_from_an_older_version_changes_nothing(store: SqliteStore) -> None:
    group = TellingGroup("ops", "c-1", 0, 1, T0_MS, (Told(1, "warning"),))
    await store.apply_plan(NotifyPlan(0, T0_MS, groups=(group,), messages=(message("k1"),)))
    with pytest.raises(ConflictError):
        await store.apply_plan(
            NotifyPlan(0, T0_MS, watch=(Watched(7, T0_MS),), groups=(group,), messages=(message("k2"),))
        )
    state = await store.load_notify()
    assert state.watched == ()
    assert [(g.version, g.told) for g in state.groups] == [(1, (Told(1, "warning"),))]
    assert [row.key for row in await store.outbox(limit=9, before=None)] == ["k1"]


async def test_a_message_planned_twice_is_kept_once(store: SqliteStore) -> None:
    for _ in range(2):
        await store.apply_plan(NotifyPlan(0, T0_MS, messages=(message("k1"),)))
    assert len(await store.outbox(limit=9, before=None)) == 1


async def test_ended_messages_are_forgotten_in_time_and_waiting_ones_never(store: SqliteStore) -> None:
    await store.apply_plan(NotifyPlan(0, T0_MS, messages=(message("k1"), message("k2"))))
    (claimed,) = await store.claim_messages(T0_MS, T0_MS + 100, 1, ())
    await store.mark_sent(claimed.message_id, claimed.attempts, T0_MS)
    assert await store.forget_messages(T0_MS) == 0
    assert await store.forget_messages(T0_MS + 1) == 1
    assert [row.key for row in await store.outbox(limit=9, before=None)] == ["k2"]
