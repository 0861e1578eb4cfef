"""A nozzle that has been in several clinics: each clinic's people are told what was there, and what the nozzle is."""

from __future__ import annotations

from typing import Any

from gateway.serve.nozzle_stays import Stays, stays_of
from schemas.access import Scope, Viewer
from schemas.alert_facts import AlertFacts
from schemas.delivery import Delivery
from schemas.page_views import AlertsAsked
from tests.serve.rig import CLINICS, MINUTE_MS, NOW_MS, Rig, device_start, message, sample

NORTH = Scope(clinics=frozenset({CLINICS[0]}))
SOUTH = Scope(clinics=frozenset({CLINICS[1]}))
REMOVED_MS, CAME_MS = NOW_MS - 50_000, NOW_MS - 40_000


def swap(seq: int, event: str, serial: str, ts_ms: int) -> dict[str, Any]:
    return {"boot_id": "b1", "seq": seq, "ts_ms": ts_ms, "event": event, "serial": serial, "strikes": 500_004}


def handed_over() -> list[Delivery]:
    """The north's nozzle is taken off there and fitted in the south."""
    return [
        message(CLINICS[0], "d-one", "nozzle", swap(5, "removed", "n-one", REMOVED_MS)),
        message(CLINICS[1], "d-three", "nozzle", swap(4, "fitted", "n-one", CAME_MS)),
        message(CLINICS[1], "d-three", "telemetry", sample(5, NOW_MS, "n-one", 0.04)),
    ]


async def told(rig: Rig, scope: Scope, serial: str) -> dict[str, Any]:
    """The nozzle by the list, which agrees with its own page."""
    async with await rig.client_of("manager", scope) as client:
        listed = (await client.get("/api/v1/nozzles")).json()["items"]
        (found,) = (nozzle for nozzle in listed if nozzle["serial"] == serial)
        life = (await client.get(f"/api/v1/nozzles/{serial}")).json()
        assert {name: life[name] for name in found} == found
    return dict(found)


def stays(rig: Rig, scope: Scope) -> Stays:
    services = rig.services
    return stays_of(services.parts.fleet, services.sight, Viewer("m", "manager", scope), "n-one")


async def test_when_a_nozzle_was_first_seen_is_told_of_the_clinics_in_scope_only(rig: Rig) -> None:
    await rig.take(*handed_over())
    assert (await told(rig, Scope(), "n-one"))["first_seen_ms"] == NOW_MS - 120 * MINUTE_MS
    south = await told(rig, SOUTH, "n-one")
    assert (south["first_seen_ms"], south["last_seen_ms"]) == (CAME_MS, NOW_MS)
    assert south["strikes"] == 500_005


async def test_a_nozzle_that_came_on_a_device_that_moved_was_first_seen_nobody_knows_when(rig: Rig) -> None:
    await rig.take(message(CLINICS[1], "d-one", "telemetry", sample(5, NOW_MS, "n-one", 0.04)))
    assert (await told(rig, SOUTH, "n-one"))["first_seen_ms"] is None
    assert not stays(rig, SOUTH).covers(NOW_MS - 60 * MINUTE_MS)


async def test_forecasts_and_readings_of_another_clinics_time_are_not_told(rig: Rig) -> None:
    await rig.take(*handed_over())
    north, south, whole = stays(rig, NORTH), stays(rig, SOUTH), stays(rig, Scope())
    before_ms, since_ms = NOW_MS - 60 * MINUTE_MS, NOW_MS - 1
    assert (north.covers(before_ms), north.covers(since_ms)) == (True, False)
    assert (south.covers(before_ms), south.covers(since_ms)) == (False, True)
    assert (whole.covers(before_ms), whole.covers(since_ms)) == (True, True)
    assert (north.covers_use(400_000), south.covers_use(400_000), south.covers_use(500_005)) == (True, False, True)


async def test_an_alert_names_no_device_of_another_clinic(rig: Rig) -> None:
    """One serial in use in two clinics at the same time."""
    await rig.take(*device_start(CLINICS[1], "d-six", "n-one", lot="lot-a", coating=0.05))
    said = {}
    for scope in (Scope(), SOUTH):
        async with await rig.client_of("manager", scope) as client:
            (alert,) = (await client.get("/api/v1/alerts?rule=nozzle_duplicate")).json()["items"]
            page = await rig.services.page_reader.alerts(
                Viewer("m", "manager", scope), AlertsAsked(rule="nozzle_duplicate"), 9, None
            )
            said[scope] = (alert["summary"], page.items[0].facts)
    in_use = "Nozzle n-one is in use on d-six and on {} at the same time"
    assert said[Scope()] == (in_use.format("d-one"), AlertFacts(others=("d-one",)))
    assert said[SOUTH] == (in_use.format("another device"), AlertFacts())


async def test_the_registry_lists_no_model_that_only_another_clinic_has(rig: Rig) -> None:
    fitted = swap(5, "fitted", "n-new", NOW_MS) | {"model": "rare-9", "lot": "lot-r"}
    await rig.take(message(CLINICS[0], "d-one", "nozzle", fitted))
    pages = rig.services.page_reader
    north, south = (pages.registry(Viewer("m", "manager", scope)) for scope in (NORTH, SOUTH))
    assert "rare-9" in {entry.model for entry in north.nozzle_models}
    assert "rare-9" not in {entry.model for entry in south.nozzle_models}
