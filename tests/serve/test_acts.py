"""What people do: written once, remembered by key, left in the audit trail, seen at once."""

from __future__ import annotations

import asyncio

from schemas.registry import Lot
from tests.serve.rig import CLINICS, NOW_MS, Rig, message


async def test_a_post_that_is_sent_again_is_done_once_and_answered_the_same(rig: Rig) -> None:
    async with await rig.client_of("manager") as client:
        key = {"Idempotency-Key": "phone-1-0001"}
        body = {"note": "bad plating", "at_ms": NOW_MS - 60_000}
        first = await client.post("/api/v1/lots/lot-a/recall", json=body, headers=key)
        rig.clock.advance(5_000)
        again = await client.post("/api/v1/lots/lot-a/recall", json=body, headers=key)
        assert first.status_code == again.status_code == 200
        assert first.json() == again.json()
        assert first.json()["recalled_ms"] == NOW_MS - 60_000
        other = await client.post("/api/v1/lots/lot-b/recall", json=body, headers=key)
        assert other.status_code == 422
    rows = [row for row in await rig.store.audit(limit=50, before=None) if row.action == "recall_lot"]
    assert [(row.subject, row.at_ms, row.recorded_ms) for row in rows] == [("lot-a", NOW_MS - 60_000, NOW_MS)]


async def test_a_key_belongs_to_one_viewer_and_a_failure_may_be_tried_again(rig: Rig) -> None:
    key = {"Idempotency-Key": "k"}
    async with await rig.client_of("manager") as client:
        assert (await client.post("/api/v1/alerts/99/acknowledge", headers=key)).status_code == 404
        assert (await client.post("/api/v1/alerts/1/acknowledge", headers=key)).status_code == 200
        assert (await client.post("/api/v1/alerts/1/acknowledge", headers={"Idempotency-Key": ""})).status_code == 422
    async with await rig.client_of("technician") as client:
        assert (await client.post("/api/v1/lots/lot-a/recall", headers=key)).status_code == 403


async def test_the_same_post_at_the_same_time_is_done_once(rig: Rig) -> None:
    key = {"Idempotency-Key": "twice"}
    async with await rig.client_of("manager") as client:
        answers = await asyncio.gather(
            *(client.post("/api/v1/lots/lot-a/recall", json={}, headers=key) for _ in range(5))
        )
    assert {answer.status_code for answer in answers} <= {200, 409}
    rows = [row for row in await rig.store.audit(limit=50, before=None) if row.action == "recall_lot"]
    assert len(rows) == 1


async def test_an_acknowledgement_shows_at_once_and_leaves_the_state(rig: Rig) -> None:
    async with await rig.client_of("technician") as client:
        done = await client.post("/api/v1/alerts/1/acknowledge", json={"at_ms": NOW_MS - 1_000})
        assert done.json() == {
            "alert_id": 1,
            "acknowledged_by": "token:technician-0",
            "acknowledged_ms": NOW_MS - 1_000,
        }
        alert = (await client.get("/api/v1/alerts/1")).json()
        assert (alert["state"], alert["acknowledged_ms"]) == ("firing", NOW_MS - 1_000)
    assert rig.services.parts.board.firing()[0].acknowledged_by == "token:technician-0"


async def test_a_patch_changes_what_it_names_and_nothing_else(rig: Rig) -> None:
    async with await rig.client_of("manager") as client:
        path = f"/api/v1/clinics/{CLINICS[0]}"
        hours = "08:00-18:00,08:00-18:00,closed,08:00-18:00,08:00-18:00,closed,closed"
        entry = (await client.patch(path, json={"opening_hours": hours})).json()
        assert (entry["opening_hours"], entry["timezone"], entry["discovered"]) == (hours, "Europe/Berlin", False)
        state = (await client.patch("/api/v1/devices/d-two", json={"state": "repair"})).json()["state"]
        assert state == (await client.get("/api/v1/devices/d-two")).json()["state"] == "repair"
        model = await client.patch("/api/v1/nozzle-models/fine-24", json={"coating_limit": 0.5, "fits": ["pen-2"]})
        assert model.json()["rated_strikes"] == 1_000_000
        wear = (await client.get("/api/v1/devices/d-three")).json()["nozzle"]["wear"]
        assert wear == 1.0
    actions = {(row.action, row.subject, row.detail_json) for row in await rig.store.audit(limit=50, before=None)}
    assert ("edit_nozzlemodel", "fine-24", '{"fields":["coating_limit","fits"]}') in actions


async def test_a_registry_change_is_told_to_whoever_follows_the_fleet(rig: Rig) -> None:
    follower = rig.services.parts.feed.follow()
    async with await rig.client_of("manager") as client:
        await client.patch(f"/api/v1/clinics/{CLINICS[0]}", json={"name": "New"})
        assert (await follower.next()).device_ids == {"d-one", "d-two"}
        await client.post("/api/v1/lots/lot-b/recall")
        assert (await follower.next()).device_ids == {"d-two", "d-three"}
    assert rig.services.parts.registry.lot("lot-b") == Lot(lot="lot-b", recalled_ms=NOW_MS)


async def test_quarantine_is_listed_and_what_is_complete_is_released(rig: Rig) -> None:
    whole = {
        "boot_id": "b1", "seq": 9, "ts_ms": NOW_MS, "power": {"source": "mains", "charge": None, "voltage_v": None},
        "nozzle": None, "sessions": {"total": 50, "active": False},
    }  # fmt: skip
    await rig.take(message(CLINICS[0], "d-two", "telemetry", whole | {"colour": "red"}))
    async with await rig.client_of("admin") as client:
        listed = (await client.get("/api/v1/quarantine")).json()["items"]
        assert [entry["reason"] for entry in listed] == ["unknown_field", "missing_field"]
        assert "colour" not in str(listed)
        done = (await client.post("/api/v1/quarantine/release", json={"at_ms": NOW_MS})).json()
        assert done == {"released": [listed[0]["id"]], "kept": [listed[1]["id"]]}
        assert (await client.get("/api/v1/devices/d-two")).json()["sessions"]["total"] == 50
        still = (await client.get("/api/v1/quarantine", params={"released": "false"})).json()["items"]
        assert [entry["id"] for entry in still] == [listed[1]["id"]]
        twice = await client.post("/api/v1/quarantine/release", json={"ids": [listed[0]["id"]]})
        assert twice.status_code == 404


async def test_a_large_quarantine_is_released_some_at_a_time_each_with_its_audit_row(rig: Rig) -> None:
    poison = [
        {
            "boot_id": "b7", "seq": seq, "ts_ms": NOW_MS, "nozzle": None, "sessions": {"total": 50, "active": False},
            "power": {"source": "mains", "charge": None, "voltage_v": None}, "colour": "red",
        }
        for seq in range(600)
    ]  # fmt: skip
    await rig.take(*(message(CLINICS[0], "d-two", "telemetry", sample) for sample in poison))
    async with await rig.client_of("admin") as client:
        first = (await client.get("/api/v1/quarantine", params={"limit": 1})).json()["items"][0]["id"]
        some = (await client.post("/api/v1/quarantine/release", json={"ids": [first, first - 400]})).json()
        assert some == {"released": [first - 400, first], "kept": []}
        rest = (await client.post("/api/v1/quarantine/release")).json()
        assert (len(rest["released"]), len(rest["kept"])) == (598, 1)
        assert rest["released"] == sorted(rest["released"])
        audit = (await client.get("/api/v1/audit")).json()["items"]
        rows = [row["detail"]["released"] for row in audit if row["action"] == "release_quarantine"]
        assert sum(map(len, rows)) == 600
        assert max(map(len, rows)) <= 250
