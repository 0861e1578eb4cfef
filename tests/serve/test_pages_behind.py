"""What stands behind the pages about one thing: the same scopes, roles and checks as the API's, over a real store."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.errors import ForbiddenError, NotFoundError
from gateway.serve.operator import quantile_ms
from schemas.access import Scope, Viewer
from schemas.page_views import AlertsAsked
from tests.serve.rig import CLINICS, CONTACT, MINUTE_MS, NOW_MS, Rig, fill, opened_rig

ADMIN = Viewer("admin", "admin")
MANAGER = Viewer("manager", "manager")
VENDOR = Viewer("vendor", "vendor")
NEIGHBOUR = Viewer("neighbour", "manager", Scope(clinics=frozenset({CLINICS[1]})))
WORKING = {"silence", "work", "do_work", "close_work"}
SINCE_MS = NOW_MS - 240 * MINUTE_MS


async def filled(directory: Path) -> Rig:
    rig = await opened_rig(directory, open_as=MANAGER)
    await fill(rig)
    return rig


async def test_a_device_has_its_series_sessions_and_ledger(tmp_path: Path) -> None:
    rig = await filled(tmp_path)
    pages = rig.services.page_reader
    series = await pages.series(MANAGER, "d-one", SINCE_MS, NOW_MS + 1, 100)
    assert [round(point.wear or 0, 4) for point in series] == [1.1875, 1.1875]
    marks = await pages.session_marks(MANAGER, "d-one", SINCE_MS, NOW_MS + 1)
    assert [(mark.duration_ms, mark.strikes) for mark in marks] == [(30 * MINUTE_MS, 9000)]
    assert [entry.serial for entry in await pages.ledger(MANAGER, "d-one")] == ["n-one"]
    assert not await pages.series(NEIGHBOUR, "d-one", SINCE_MS, NOW_MS + 1, 100)
    assert not await pages.ledger(NEIGHBOUR, "d-one")
    await rig.store.close()


async def test_roles_and_scopes_say_which_pages_there_are(tmp_path: Path) -> None:
    rig = await filled(tmp_path)
    pages = rig.services.page_reader
    assert pages.may(VENDOR) == {"product"}
    assert "operator" in pages.may(ADMIN)
    assert pages.may(NEIGHBOUR) == WORKING | {
        "acknowledge",
        "registry",
        "edit_clinic",
        "edit_device",
        "product",
        "reports",
        "notifications",
    }
    assert [clinic.clinic_id for clinic in pages.registry(NEIGHBOUR).clinics] == [CLINICS[1]]
    assert [device.device_id for device in pages.registry(NEIGHBOUR).devices] == ["d-three"]
    with pytest.raises(ForbiddenError):
        await pages.operator(MANAGER)
    await rig.store.close()


async def test_the_operator_view_counts_what_came_and_why_it_was_rejected(tmp_path: Path) -> None:
    rig = await filled(tmp_path)
    view = await rig.services.page_reader.operator(ADMIN)
    assert (view.messages_per_s, sum(view.received.values()), sum(view.rejected.values())) == (None, 16, 1)
    assert [entry.reason for entry in view.quarantine] == list(view.rejected)
    rig.clock.advance(10_000)
    assert (await rig.services.page_reader.operator(ADMIN)).messages_per_s == 0.0
    await rig.store.close()


async def test_a_form_changes_the_registry_within_role_and_scope(tmp_path: Path) -> None:
    rig = await filled(tmp_path)
    acts, registry = rig.services.page_acts, rig.services.parts.registry
    assert (
        await acts.save_entry(MANAGER, "clinic", CLINICS[1], {"name": " Barmbek ", "timezone": "Europe/Berlin"}) == ()
    )
    saved = registry.clinic(CLINICS[1])
    assert (saved.name, saved.discovered) == ("Barmbek", False)
    assert (
        await acts.save_entry(MANAGER, "nozzle_model", "fine-24", {"rated_strikes": "", "fits": "pen-2, pen-3"}) == ()
    )
    model = registry.model("fine-24")
    assert model is not None
    assert (model.rated_strikes, model.fits) == (None, ("pen-2", "pen-3"))
    mistakes = await acts.save_entry(MANAGER, "clinic", CLINICS[1], {"timezone": "Mars/Olympus"})
    assert [mistake.partition(":")[0] for mistake in mistakes] == ["timezone"]
    with pytest.raises(NotFoundError):
        await acts.save_entry(NEIGHBOUR, "clinic", CLINICS[0], {"name": "x"})
    with pytest.raises(ForbiddenError):
        await acts.save_entry(VENDOR, "device", "d-one", {"label": "x"})
    await rig.store.close()


async def test_an_alert_is_acknowledged_on_its_page_with_the_token_that_the_page_carries(tmp_path: Path) -> None:
    rig = await filled(tmp_path)
    found = await rig.services.page_reader.alerts(MANAGER, AlertsAsked(device_id="d-one", state="firing"), 10, None)
    alert_id = found.items[0].id
    client = rig.client(host="127.0.0.1")
    client.base_url = "http://127.0.0.1"  # type: ignore[assignment]
    page = (await client.get("/devices/d-one")).text
    csrf = re.search(r'name="csrf" value="([^"]+)"', page)
    assert csrf is not None
    form = {"next": "/devices/d-one"}
    assert (await client.post(f"/alerts/{alert_id}/acknowledge", data=form)).status_code == 403
    done = await client.post(f"/alerts/{alert_id}/acknowledge", data={**form, "csrf": csrf.group(1)})
    assert (done.status_code, done.headers["location"]) == (303, "/devices/d-one")
    assert "Acknowledged by" in (await client.get("/alerts")).text
    assert CONTACT in (await client.get(f"/clinics/{CLINICS[0]}")).text
    await rig.store.close()


@pytest.mark.parametrize(
    "path",
    [
        "/alerts/{}/acknowledge",
        "/silences/{}/end",
        "/operator/quarantine/{}/release",
        "/operator/messages/{}/again",
    ],
)
async def test_a_number_that_no_row_can_have_is_refused_like_any_mistake(rig: Rig, path: str) -> None:
    async with await rig.client_of("admin") as client:
        for number in ("0", "9" * 16, "9" * 30):
            assert (await client.post(path.format(number))).status_code == 422
        assert (await client.get(f"/work/orders/{'9' * 30}")).status_code == 422


def test_a_quantile_lies_within_its_bucket() -> None:
    buckets = [(0.01, 0.0), (0.02, 50.0), (0.05, 100.0), (float("inf"), 100.0)]
    assert quantile_ms(buckets, 0.5) == pytest.approx(20)
    assert quantile_ms(buckets, 0.75) == pytest.approx(35)
    assert quantile_ms([(0.01, 0.0), (float("inf"), 4.0)], 0.5) == pytest.approx(10)
    assert quantile_ms([(0.01, 0.0), (float("inf"), 0.0)], 0.5) is None
