"""What somebody who has only read the contract would try, and how it is answered."""

from __future__ import annotations

import csv
import io

from gateway.forecasting.board import NozzleForecast, Remaining
from gateway.ingest.fleet import NozzleState
from gateway.serve.access import LOCAL
from gateway.serve.action_shapes import Nothing, RegistryImport
from gateway.serve.device_views import nozzle_view
from tests.serve.rig import NOW_MS, Rig, message


async def test_a_nozzle_that_only_a_person_told_of_has_its_life_too(rig: Rig) -> None:
    swap = {"serial": "n-told", "lot": "lot-9", "reason": "worn", "at_ms": NOW_MS}
    async with await rig.client_of("technician") as client:
        assert (await client.post("/api/v1/devices/d-two/swaps", json=swap)).status_code == 200
        life = (await client.get("/api/v1/nozzles/n-told")).json()
        assert (life["device_id"], life["lot"], life["fitted"], life["strikes"]) == ("d-two", "lot-9", True, None)
        assert [(event["action"], event["made_by"]) for event in life["events"]] == [("fitted", "person")]
        assert [fitting["fitted_by"] for fitting in life["fittings"]] == ["person"]
        listed = (await client.get("/api/v1/nozzles?lot=lot-9&state=fitted")).json()["items"]
        assert [nozzle["serial"] for nozzle in listed] == ["n-told"]
        shown = (await client.get("/api/v1/devices/d-two")).json()["nozzle"]
        assert (shown["serial"], shown["lot"], shown["strikes"], shown["coating"]) == ("n-told", "lot-9", None, None)
    assert [nozzle.serial for nozzle in rig.services.parts.fleet.nozzles_told()] == ["n-told"]


async def test_a_nozzle_that_a_device_has_shown_is_listed_once(rig: Rig) -> None:
    async with await rig.client_of("technician") as client:
        swap = {"serial": "n-three", "at_ms": NOW_MS}
        assert (await client.post("/api/v1/devices/d-three/swaps", json=swap)).status_code == 200
        listed = (await client.get("/api/v1/nozzles")).json()["items"]
    serials = [nozzle["serial"] for nozzle in listed]
    assert len(serials) == len(set(serials))


def test_without_wear_there_are_no_bounds_of_it() -> None:
    nozzle = NozzleState("n", "d", "c", True, 500, None, 1, 2, None, None, None, None)
    guessed = Remaining(1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0)
    forecast = NozzleForecast(
        serial="n", as_of_ms=2, model=None, lot=None, device_id="d", clinic_id="c", strikes=500, wear=0.1,
        wear_low=0.05, wear_high=0.15, remaining_strikes=guessed, remaining_sessions=None, remaining_days=None,
        replace_by=None, chance_before_next=None, group="fleet", fit_no=1, lives=0, fitted=True, measured=False,
    )  # fmt: skip
    view = nozzle_view(nozzle, None, forecast)
    assert (view.wear, view.wear_low, view.wear_high) == (None, None, None)


async def test_an_order_needs_no_note_and_its_end_no_reason(rig: Rig) -> None:
    async with await rig.client_of("manager") as client:
        opened = await client.post("/api/v1/work-orders", json={"kind": "battery", "subject": "d-two"})
        assert opened.status_code == 200
        assert opened.json()["summary"] == "Replace the battery of d-two"
        closed = await client.post(f"/api/v1/work-orders/{opened.json()['id']}/close", json={})
        assert (closed.status_code, closed.json()["state"]) == (200, "closed")


async def test_the_registry_is_exported_with_what_was_only_discovered(rig: Rig) -> None:
    clinic, device = "new-clinic", "d-new"
    await rig.take(message(clinic, device, "status", {"state": "online"}))
    actions = rig.services.actions
    exported = (await actions.registry_export(LOCAL, Nothing())).csv
    rows = list(csv.DictReader(io.StringIO(exported)))
    assert [row["discovered"] for row in rows if row["clinic_id"] == clinic] == ["true"]
    assert [row["state"] for row in rows if row["device_id"] == device] == ["discovered"]

    await actions.registry_import(LOCAL, RegistryImport(csv=exported))
    assert (await actions.registry_export(LOCAL, Nothing())).csv == exported
    assert rig.services.parts.registry.clinic(clinic).discovered

    named = exported.replace(f"clinic,{clinic},,", f"clinic,{clinic},Praxis,")
    await actions.registry_import(LOCAL, RegistryImport(csv=named))
    written = rig.services.parts.registry.clinic(clinic)
    assert (written.name, written.discovered) == ("Praxis", False)


async def test_a_device_that_only_a_retained_status_told_of_was_never_seen(rig: Rig) -> None:
    told = message("new-clinic", "d-new", "status", {"state": "online", "model": "pen-9"})
    await rig.take(told._replace(retained=True))
    async with await rig.client_of("manager") as client:
        device = (await client.get("/api/v1/devices/d-new")).json()
        metrics = (await client.get("/metrics")).text
    assert (device["model"], device["online"], device["last_seen_ms"]) == ("pen-9", False, None)
    assert 'silverpoint_device_online{clinic="new-clinic",device="d-new"} 0' in metrics
    assert 'last_seen_timestamp_seconds{clinic="new-clinic"' not in metrics


async def test_health_is_told_to_who_asks_for_the_head_alone(rig: Rig) -> None:
    async with rig.client() as client:
        assert (await client.head("/healthz")).status_code == 200
        assert (await client.head("/readyz")).status_code == 200
        rig.readiness.connected = False
        assert (await client.head("/readyz")).status_code == 503


async def test_the_instance_of_a_problem_is_a_uri_reference(rig: Rig) -> None:
    async with await rig.client_of("manager") as client:
        problem = (await client.get("/api/v1/devices/a%20b%C3%BC")).json()
    assert (problem["status"], problem["instance"]) == (422, "/api/v1/devices/a%20b%C3%BC")
