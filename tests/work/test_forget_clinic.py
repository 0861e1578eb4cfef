"""Forgetting a clinic: nothing that names it is left in the store's files, and its nozzles' lives still are."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from pathlib import Path

import pytest

from gateway.cli import execute
from gateway.lock import StoreLock
from gateway.serve.access import LOCAL, Access, audit_row
from gateway.store.sqlite import SqliteStore
from gateway.work.orders import Asked
from schemas.access import Scope
from schemas.alert import Matchers, Silence
from schemas.delivery import Delivery
from schemas.registry import Clinic, DeviceEntry
from tests.alerts.site import Device, open_site
from tests.support.broker import free_port
from tests.work.workshop import at, open_workshop

LEFT, STAYED = "clinic-leaving", "clinic-staying"
NAME, LABEL = "Praxis Windhuk", "Room behind the stairs"


async def lived(path: Path) -> None:
    """A clinic that has left with one device of its own, and one that moved away from it before."""
    own, moved, moved_on = (
        Device("d-own", LEFT, "board-77"),
        Device("d-moved", LEFT, "b-1"),
        Device("d-moved", STAYED, "b-2"),
    )
    elsewhere = Device("d-other", STAYED)
    async with open_workshop(path) as shop:
        await shop.site.registry.save(
            [
                Clinic(clinic_id=LEFT, name=NAME, contact="office@windhuk.example"),
                DeviceEntry(device_id="d-own", label=LABEL),
            ]
        )
        await shop.say(
            own.fitted(0, "N1", model="M", lot="L"), *(own.sample(hour, "N1", hour / 8) for hour in range(1, 11))
        )
        await shop.say(moved.fitted(0, "N5", model="M"), moved.sample(1, "N5", 0.2), moved_on.sample(20, "N6", 0.1))
        await shop.say(elsewhere.fitted(0, "N8"), elsewhere.sample(1, "N8", 0.3))
        await shop.site.ingest(Delivery(f"fleet/v1/{LEFT}/d-own/telemetry", b"{}", at(11)))
        order = await shop.desk.ask(
            Asked("device", "d-own", LEFT, "d-own", "kim", at(12), f"ask at {NAME}"), shop.audit("open", 12)
        )
        assert order.clinic_id == LEFT
        silence = Silence(
            silence_id=0, kind="silence", matchers=Matchers(device_id="d-own"), starts_ms=at(12), ends_ms=at(13),
            ends_with_alert=False, comment="noted", created_by="kim", created_ms=at(12),
        )  # fmt: skip
        await shop.site.engine.add_silence(silence, shop.audit("silence", 12))
        await shop.site.store.remember_response("k", "kim", f'{{"clinic_id":"{LEFT}"}}', at(12))
        access = Access(shop.site.store, shop.site.clock, None)  # type: ignore[arg-type]
        await access.create_token(LOCAL, "both", "manager", Scope(clinics=frozenset({LEFT, STAYED})))


def on_disk(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.glob("silverpoint.db*") if "backup" not in file.name)


@pytest.fixture
def store_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    asyncio.run(lived(tmp_path / "silverpoint.db"))
    return tmp_path / "silverpoint.db"


def test_nothing_that_names_the_clinic_is_left_and_the_lives_are(
    store_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert NAME.encode() in on_disk(store_path.parent)
    monkeypatch.setenv("SILVERPOINT_BROKER__URL", f"mqtt://127.0.0.1:{free_port()}")
    assert execute(["clinic", "forget", LEFT]) == 0
    told = capsys.readouterr().err
    assert "d-own" in told
    assert "The broker may retain advice to its devices until that runs out" in told
    database = sqlite3.connect(store_path)
    audit = database.execute("SELECT subject FROM audit WHERE action = 'forget_clinic'").fetchall()
    assert audit == [(LEFT,)]
    database.execute("PRAGMA secure_delete = ON")
    database.execute("DELETE FROM audit")
    database.commit()
    database.execute("VACUUM")
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    database.close()
    left = on_disk(store_path.parent)
    for word in (LEFT, NAME, LABEL, "windhuk.example", "d-own", "board-77"):
        assert word.encode() not in left, word
    assert b"d-moved" in left

    async def look() -> None:
        async with open_site(store_path) as site:
            assert {state.device_id for state in site.fleet.devices()} == {"d-moved", "d-other"}
            nozzle = site.fleet.nozzle("N1")
            assert nozzle is not None
            assert nozzle.device_id.startswith("forgotten-device-")
            assert nozzle.clinic_id.startswith("forgotten-clinic-")
            assert (nozzle.model, nozzle.lot, nozzle.strikes) == ("M", "L", 1_000)
            assert not nozzle.fitted
            assert [row.action for row in await site.store.ledger(serial="N1")] == ["fitted", "removed"]
            rows = await site.store.ledger(serial="N5")
            assert [row.action for row in rows] == ["fitted", "removed"]
            assert all(row.device_id.startswith("forgotten-device-") for row in rows)
            assert [row.serial for row in site.fleet.ledger("d-moved")] == ["N6"]
            assert await site.store.live_orders() == ()
            assert await site.store.check() == ()
            await site.say(Device("d-other", STAYED, "boot-9").sample(30, "N8", 0.4))
            assert site.fleet.device("d-other") is not None

    asyncio.run(look())


def test_a_scope_that_named_the_clinic_sees_the_others_only(store_path: Path) -> None:
    assert execute(["clinic", "forget", LEFT]) == 0
    database = sqlite3.connect(store_path)
    assert database.execute("SELECT clinics FROM tokens").fetchall() == [(f'["{STAYED}"]',)]
    database.close()


def test_it_is_refused_for_an_unknown_clinic_and_while_a_gateway_runs(
    store_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["gateway.cli.target"], "_BETWEEN_TRIES_S", 0.01)
    assert execute(["clinic", "forget", "nobody"]) == 1
    assert execute(["clinic", "forget", "no/body"]) == 2
    with StoreLock(store_path):
        assert execute(["clinic", "forget", LEFT]) == 1
    assert "stop it first" in capsys.readouterr().err

    async def still_there() -> None:
        store = await SqliteStore.open(str(store_path))
        assert await store.clinic(LEFT) is not None
        await store.add_audit(audit_row(at(13), "kim", "look", LEFT, {}))
        await store.close()

    asyncio.run(still_there())
