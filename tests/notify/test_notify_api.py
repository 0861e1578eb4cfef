"""People say how they want to be told; the office sees what was sent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.serve.access import LOCAL
from gateway.store.notify_rows import NewMessage, NotifyPlan
from schemas.access import Scope
from tests.serve.rig import NOW_MS, PASSWORD, Rig, opened_rig

API = "/api/v1/me/notifications"


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    rig = await opened_rig(tmp_path)
    await rig.services.access.add_user(LOCAL, "kim", "technician", Scope(), PASSWORD)
    yield rig
    await rig.store.close()


async def test_a_person_sets_where_and_when_to_be_told_and_reads_it_back(rig: Rig) -> None:
    wanted = {
        "email": "kim@example.org", "apprise": "tgram://token/chat", "timezone": "Europe/Berlin",
        "quiet_hours": "22:00-07:00", "digest_at": "08:30", "min_severity": "info", "language": "de",
    }  # fmt: skip
    async with rig.client() as client:
        await client.post("/login", data={"username": "kim", "password": PASSWORD})
        refused = await client.put(API, json=wanted)
        assert refused.status_code == 403, "a browser needs its CSRF token"
        csrf = (await client.get("/api/v1/me")).json()["csrf"]
        answer = await client.put(API, json=wanted, headers={"X-CSRF-Token": csrf})
        assert answer.status_code == 200, answer.text
        assert (await client.get(API)).json() == {**wanted, "told": True}
    (audit, *_) = await rig.store.audit(limit=1, before=None)
    assert (audit.actor, audit.action) == ("kim", "edit_notifications")
    assert "token" not in audit.detail_json


async def test_a_token_is_told_nothing(rig: Rig) -> None:
    async with await rig.client_of("technician") as client:
        answer = await client.put(API, json={"email": "kim@example.org"})
        assert answer.json()["told"] is False
        assert (await client.post(f"{API}/test")).status_code == 409


async def test_a_person_has_a_test_message_sent_once_for_each_key(rig: Rig) -> None:
    async with rig.client() as client:
        await client.post("/login", data={"username": "kim", "password": PASSWORD})
        csrf = {"X-CSRF-Token": (await client.get("/api/v1/me")).json()["csrf"]}
        nowhere = await client.post(f"{API}/test", headers=csrf)
        assert (nowhere.status_code, nowhere.json()["detail"][:19]) == (409, "there is no address")
        await client.put(API, json={"apprise": "tgram://token/chat"}, headers=csrf)
        for _ in range(2):
            answer = await client.post(f"{API}/test", headers={**csrf, "Idempotency-Key": "one"})
            assert (answer.status_code, answer.json()) == (200, {"outcome": "sent"})
        soon = await client.post(f"{API}/test", headers=csrf)
        assert (soon.status_code, "half a minute" in soon.json()["detail"]) == (409, True)
    waiting = await rig.store.outbox(limit=10, before=None, state=None)
    assert [(message.receiver, message.reason) for message in waiting] == [("kim/apprise", "test")]
    assert [row.action for row in await rig.store.audit(limit=1, before=None)] == ["test_notifications"]


@pytest.mark.parametrize(
    "body",
    [
        {"email": "kim"},
        {"email": "a@example.org\r\nBcc: b@example.org"},
        {"apprise": "json://127.0.0.1/"},
        {"apprise": "mailto://u:p@10.0.0.1"},
        {"timezone": "Mars/Base"},
        {"quiet_hours": "at night"},
        {"digest_at": "8"},
        {"min_severity": "loud"},
        {"language": "tlh"},
        {"webhook": "http://127.0.0.1/"},
    ],
)
async def test_what_cannot_be_used_is_refused(rig: Rig, body: dict[str, str]) -> None:
    async with await rig.client_of("technician") as client:
        assert (await client.put(API, json=body)).status_code == 422


async def test_the_outbox_is_listed_by_state_and_page(rig: Rig) -> None:
    messages = tuple(NewMessage(f"k{n}", "ops", "c-1", "webhook", "new", "{}") for n in range(3))
    await rig.store.apply_plan(NotifyPlan(0, NOW_MS, messages=messages))
    (claimed,) = await rig.store.claim_messages(NOW_MS, NOW_MS + 1, 1, ())
    await rig.store.mark_dead(claimed.message_id, claimed.attempts, NOW_MS, "answered 410")
    async with await rig.client_of("manager") as client:
        page = (await client.get("/api/v1/notifications?limit=2")).json()
        assert [item["key"] for item in page["items"]] == ["k2", "k1"]
        rest = (await client.get(f"/api/v1/notifications?limit=2&cursor={page['next_cursor']}")).json()
        assert [item["key"] for item in rest["items"]] == ["k0"]
        (dead,) = (await client.get("/api/v1/notifications?state=dead")).json()["items"]
        assert (dead["error"], dead["attempts"]) == ("answered 410", 1)
