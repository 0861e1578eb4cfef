"""Scopes filter everything that a person sees; a vendor never sees who a clinic is."""

from __future__ import annotations

import json

import pytest

from gateway.serve.pseudonyms import Pseudonyms
from schemas.access import Role, Scope
from tests.serve.rig import CLINIC_NAME, CLINICS, CONTACT, NOW_MS, Rig, message, sample

NORTH = Scope(clinics=frozenset({CLINICS[0]}))
SOUTH = Scope(clinics=frozenset({CLINICS[1]}))

GETS = [
    "/devices", "/devices/d-one", "/devices/d-one/samples", "/devices/d-one/sessions", "/devices/d-three",
    "/devices/d-three/sessions", "/nozzles", "/nozzles/n-one", "/nozzles/n-three", "/clinics", "/nozzle-models",
    "/alerts", "/alerts/1", "/fleet/summary", "/fleet/usage?by=day", "/fleet/usage?by=clinic", "/fleet/lots", "/me",
]  # fmt: skip


async def test_a_clinics_viewer_sees_nothing_of_another_clinic(rig: Rig) -> None:
    async with await rig.client_of("manager", SOUTH) as client:
        for path in GETS:
            answer = await client.get(f"/api/v1{path}")
            for hidden in (CLINICS[0], CLINIC_NAME, "d-two", "n-one", "n-two"):
                body = json.dumps(
                    {key: value for key, value in answer.json().items() if key not in ("instance", "detail")}
                )
                assert hidden not in body, (path, hidden)
        for path in (
            "/devices/d-one",
            "/devices/d-one/samples",
            "/devices/d-one/sessions",
            "/nozzles/n-one",
            "/alerts/1",
        ):
            assert (await client.get(f"/api/v1{path}")).status_code == 404, path
        summary = (await client.get("/api/v1/fleet/summary")).json()
        assert (summary["devices"], summary["alerts_firing"], summary["sessions_today"]) == (1, 0, 1)
        assert summary["records_missing"] is None
        assert (await client.patch(f"/api/v1/clinics/{CLINICS[0]}", json={"name": "X"})).status_code == 404
        assert (await client.patch("/api/v1/devices/d-one", json={"label": "X"})).status_code == 404
        assert (await client.post("/api/v1/alerts/1/acknowledge")).status_code == 404


async def test_a_models_viewer_sees_what_belongs_to_the_models(rig: Rig) -> None:
    await rig.take(
        message(CLINICS[0], "d-four", "status", {"state": "online", "boot_id": "b1", "model": "pen-9"}),
        message(CLINICS[0], "d-four", "telemetry", sample(0, NOW_MS, "n-four", 0.5)),
    )
    async with await rig.client_of("manager", Scope(models=frozenset({"pen-9"}))) as client:
        devices = (await client.get("/api/v1/devices")).json()["items"]
        assert [device["id"] for device in devices] == ["d-four"]
        nozzles = (await client.get("/api/v1/nozzles")).json()["items"]
        assert [nozzle["serial"] for nozzle in nozzles] == ["n-four"]
        summary = (await client.get("/api/v1/fleet/summary")).json()
        assert (summary["devices"], summary["alerts_firing"], summary["sessions_today"]) == (1, 0, 0)
        assert (await client.get("/api/v1/alerts")).json()["items"] == []
    async with await rig.client_of("technician", Scope(models=frozenset({"fine-24"}))) as client:
        devices = (await client.get("/api/v1/devices")).json()["items"]
        assert {device["id"] for device in devices} == {"d-one", "d-two", "d-three"}
        assert (await client.get("/api/v1/fleet/summary")).json()["sessions_today"] == 3


async def test_history_in_a_clinic_out_of_scope_stays_hidden_when_the_device_moves(rig: Rig) -> None:
    await rig.take(message(CLINICS[1], "d-one", "telemetry", sample(5, NOW_MS, "n-one", 0.04)))
    async with await rig.client_of("manager", SOUTH) as client:
        samples = (await client.get("/api/v1/devices/d-one/samples")).json()["items"]
        assert [point["clinic_id"] for point in samples] == [CLINICS[1]]
        assert (await client.get("/api/v1/devices/d-one/sessions")).json() == {"items": [], "next_cursor": None}
        life = (await client.get("/api/v1/nozzles/n-one")).json()
        assert all(event["clinic_id"] == CLINICS[1] for event in (*life["events"], *life["fittings"]))
    async with await rig.client_of("manager", NORTH) as client:
        assert (await client.get("/api/v1/devices/d-one")).status_code == 404


@pytest.mark.parametrize("scope", [Scope(), NORTH, Scope(models=frozenset({"fine-24"}))])
async def test_a_vendor_never_sees_a_clinics_id_name_or_contact(rig: Rig, scope: Scope) -> None:
    async with await rig.client_of("admin") as client:
        await client.patch("/api/v1/devices/d-one", json={"label": f"Room 1, {CLINIC_NAME}"})
        await client.post("/api/v1/alerts/1/acknowledge")
    async with await rig.client_of("vendor", scope) as client:
        for path in [*GETS, "/quarantine", "/audit", "/openapi.json", "/devices?limit=1", "/nozzles?limit=1"]:
            answer = await client.get(f"/api/v1{path}")
            whole = answer.text + json.dumps(dict(answer.headers))
            for hidden in (*CLINICS, CLINIC_NAME, CONTACT):
                assert hidden not in whole, (path, hidden)
        page = await client.get("/", follow_redirects=True)
        assert page.status_code == 200
        assert not any(hidden in page.text for hidden in (*CLINICS, CLINIC_NAME, CONTACT))


@pytest.mark.parametrize("scope", [Scope(), NORTH, Scope(models=frozenset({"fine-24"}))])
async def test_a_vendor_sees_no_single_device_nozzle_alert_or_session(rig: Rig, scope: Scope) -> None:
    async with await rig.client_of("vendor", scope) as client:
        for path in GETS:
            answer = await client.get(f"/api/v1{path}")
            told = path == "/me" or path.startswith(("/fleet/usage", "/fleet/lots"))
            assert answer.status_code == (200 if told else 403), path
        page = (await client.get("/", follow_redirects=True)).text
        assert not any(row in page for row in ("d-one", "d-two", "d-three", "n-one"))
        for path in ("/devices/d-one", "/devices/d-one/charts/wear.json", "/live/snapshot"):
            answer = await client.get(path)
            assert "d-one" not in answer.text.replace(path, ""), path


@pytest.mark.parametrize("role", ["admin", "technician"])
async def test_pages_of_a_list_join_to_the_whole_of_it(rig: Rig, role: Role) -> None:
    async with await rig.client_of(role) as client:
        for path in ("/devices", "/nozzles", "/alerts", "/devices/d-one/sessions"):
            whole = (await client.get(f"/api/v1{path}")).json()["items"]
            joined, cursor = [], None
            while True:
                query = {"limit": "1"} | ({"cursor": cursor} if cursor else {})
                page = (await client.get(f"/api/v1{path}", params=query)).json()
                joined += page["items"]
                cursor = page["next_cursor"]
                if cursor is None:
                    break
            assert joined == whole, path


def test_pseudonyms_are_stable_keyed_and_different() -> None:
    ours, others = Pseudonyms(b"a" * 32), Pseudonyms(b"b" * 32)
    assert ours.of("x") == Pseudonyms(b"a" * 32).of("x") != others.of("x")
    assert len({ours.of(f"clinic-{number}") for number in range(10_000)}) == 10_000
