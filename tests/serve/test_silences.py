"""Silences and maintenance windows by the API: who may, what is wrong, and what alerts say of them."""

from __future__ import annotations

from tests.serve.rig import CLINICS, MINUTE_MS, NOW_MS, Rig, fill, message, sample

SCOPED = "alsterdorf"
LATER_MS = NOW_MS + 60 * MINUTE_MS


async def worn(rig: Rig) -> int:
    """Fills the fleet; the id of the alert about its worn nozzle."""
    await fill(rig)
    await rig.take(message(CLINICS[0], "d-one", "telemetry", sample(5, NOW_MS, "n-one", 0.05)))
    (alert,) = [alert for alert in rig.engine.firing() if alert.rule == "nozzle_worn_out"]
    return alert.alert_id


async def test_an_alert_is_silenced_for_a_day_or_until_it_resolves(rig: Rig) -> None:
    alert_id = await worn(rig)
    async with await rig.client_of("technician") as client:
        made = await client.post(f"/api/v1/alerts/{alert_id}/silence", json={"comment": "part is ordered"})
        assert made.status_code == 200
        silence = made.json()
        assert (silence["rule"], silence["subject"]) == ("nozzle_worn_out", "n-one")
        assert silence["ends_ms"] - silence["starts_ms"] == 24 * 60 * MINUTE_MS
        assert silence["ends_with_alert"] is True
        alert = (await client.get(f"/api/v1/alerts/{alert_id}")).json()
        assert alert["state"] == "firing"
        assert "part is ordered" in alert["muted"]
        assert alert["stale"] is False
        listed = (await client.get("/api/v1/silences")).json()["items"]
        assert [item["id"] for item in listed] == [silence["id"]]
        ended = await client.delete(f"/api/v1/silences/{silence['id']}")
        assert ended.json()["ended_ms"] == NOW_MS
        assert (await client.get(f"/api/v1/alerts/{alert_id}")).json()["muted"] is None
        assert (await client.delete(f"/api/v1/silences/{silence['id']}")).status_code == 409
        assert (await client.get("/api/v1/silences")).json()["items"] == []
        assert len((await client.get("/api/v1/silences?open=false")).json()["items"]) == 1
    async with await rig.client_of("admin") as admin:
        acts = [row["action"] for row in (await admin.get("/api/v1/audit")).json()["items"]]
        assert acts.count("silence_alerts") == 1
        assert acts.count("end_silence") == 1


async def test_a_repeated_request_makes_one_silence(rig: Rig) -> None:
    alert_id = await worn(rig)
    async with await rig.client_of("manager") as client:
        key = {"Idempotency-Key": "once"}
        asked = {"lasts_s": 600, "at_ms": NOW_MS - MINUTE_MS}
        first, again = [
            (await client.post(f"/api/v1/alerts/{alert_id}/silence", json=asked, headers=key)).json() for _ in range(2)
        ]
        assert first == again
        assert (first["starts_ms"], first["ends_ms"]) == (NOW_MS - MINUTE_MS, NOW_MS + 9 * MINUTE_MS)


async def test_a_maintenance_window_is_planned_ahead_for_a_clinic(rig: Rig) -> None:
    alert_id = await worn(rig)
    async with await rig.client_of("manager") as client:
        window = {"kind": "maintenance", "clinic": CLINICS[0], "starts_ms": LATER_MS, "lasts_s": 3_600}
        assert (await client.post("/api/v1/silences", json=window)).status_code == 200
        assert (await client.get(f"/api/v1/alerts/{alert_id}")).json()["muted"] is None
        rig.clock.step(LATER_MS)
        assert (await client.get(f"/api/v1/alerts/{alert_id}")).json()["muted"].startswith("maintenance until")


async def test_every_mistake_of_a_silence_is_told_at_once(rig: Rig) -> None:
    async with await rig.client_of("manager") as client:
        answer = await client.post("/api/v1/silences", json={"kind": "maintenance", "ends_ms": NOW_MS - 1})
        assert answer.status_code == 422
        told = answer.json()["detail"]
        for part in ("say which alerts are meant", "name one", "must lie after the start"):
            assert part in told


async def test_a_silence_reaches_no_further_than_its_maker_sees(rig: Rig) -> None:
    alert_id = await worn(rig)
    from schemas.access import Scope

    async with await rig.client_of("technician", Scope(clinics=frozenset({CLINICS[1]}))) as client:
        assert (await client.post(f"/api/v1/alerts/{alert_id}/silence")).status_code == 404
        for body in ({"rule": "battery_low"}, {"clinic": CLINICS[0]}, {"device": "d-one"}):
            assert (await client.post("/api/v1/silences", json=body)).status_code == 404
        for body in ({"clinic": CLINICS[1]}, {"device": "d-three", "rule": "battery_low"}):
            assert (await client.post("/api/v1/silences", json=body)).status_code == 200
    async with await rig.client_of("vendor") as vendor:
        assert (await vendor.post("/api/v1/silences", json={"clinic": CLINICS[1]})).status_code == 403
        assert (await vendor.get("/api/v1/silences")).status_code == 403
