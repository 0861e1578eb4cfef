"""Who may do what: every endpoint against every role."""

from __future__ import annotations

from typing import Any, Final, get_args

import pytest

from gateway.errors import ForbiddenError
from gateway.serve.roles import ACTS, ALLOWED, WHOLE_FLEET, Act, require
from schemas.access import ROLES, Role, Scope, Viewer
from tests.serve.rig import Rig

STAFF: Final = {"admin", "manager", "technician"}
ALL: Final = {*STAFF, "vendor"}
OFFICE: Final = {"admin", "manager"}
ADMIN: Final = {"admin"}

ENDPOINTS: Final[list[tuple[str, str, dict[str, Any] | None, set[str]]]] = [
    ("GET", "/devices", None, STAFF),
    ("GET", "/devices/d-one", None, STAFF),
    ("GET", "/devices/d-one/samples", None, STAFF),
    ("GET", "/devices/d-one/sessions", None, STAFF),
    ("GET", "/nozzles", None, STAFF),
    ("GET", "/nozzles/n-one", None, STAFF),
    ("GET", "/forecasts/coverage", None, STAFF),
    ("GET", "/alerts", None, STAFF),
    ("GET", "/alerts/1", None, STAFF),
    ("GET", "/fleet/summary", None, STAFF),
    ("GET", "/fleet/usage?by=day", None, ALL),
    ("GET", "/fleet/lots", None, ALL),
    ("GET", "/fleet/demand", None, ALL),
    ("GET", "/me", None, ALL),
    ("GET", "/clinics", None, STAFF),
    ("GET", "/nozzle-models", None, STAFF),
    ("GET", "/quarantine", None, ADMIN),
    ("GET", "/audit", None, ADMIN),
    ("GET", "/me/notifications", None, STAFF),
    ("PUT", "/me/notifications", {"email": "kim@example.org", "quiet_hours": "22:00-07:00"}, STAFF),
    ("GET", "/notifications", None, OFFICE),
    ("PATCH", "/clinics/alsterdorf", {"name": "A"}, OFFICE),
    ("PATCH", "/devices/d-one", {"label": "A"}, STAFF),
    ("PATCH", "/nozzle-models/fine-24", {"lead_days": 3}, OFFICE),
    ("POST", "/lots/lot-a/recall", {"note": "bad plating"}, OFFICE),
    ("POST", "/alerts/1/acknowledge", {}, STAFF),
    ("POST", "/alerts/1/silence", {}, STAFF),
    ("GET", "/silences", None, STAFF),
    ("POST", "/silences", {"clinic": "alsterdorf"}, STAFF),
    ("DELETE", "/silences/1", None, STAFF),
    ("POST", "/quarantine/release", {}, ADMIN),
    ("GET", "/visits", None, STAFF),
    ("GET", "/spares", None, STAFF),
    ("PUT", "/spares/clinic/alsterdorf/fine-24", {"on_hand": 3}, STAFF),
    ("POST", "/devices/d-one/swaps", {"serial": "n-new"}, STAFF),
    ("GET", "/work-orders", None, STAFF),
    ("POST", "/work-orders", {"kind": "device", "subject": "d-one", "note": "display"}, STAFF),
    ("GET", "/work-orders/1", None, STAFF),
    ("POST", "/work-orders/1/assign", {"assignee": None}, STAFF),
    ("POST", "/work-orders/1/notes", {"text": "key at reception"}, STAFF),
    ("POST", "/work-orders/1/claim", {"reason": "worn"}, STAFF),
    ("POST", "/work-orders/1/close", {"reason": "done"}, OFFICE),
]


PEOPLE_ONLY: Final = {("GET", "/calendar"), ("POST", "/calendar/renew"), ("POST", "/me/notifications/test")}
"""Refused to every token: only people have a calendar (tests/work) and are told of alerts (tests/notify)."""


@pytest.mark.parametrize("role", ROLES)
async def test_each_role_may_do_what_the_table_says_and_nothing_else(rig: Rig, role: Role) -> None:
    async with await rig.client_of(role) as client:
        for method, path, body, allowed in ENDPOINTS:
            answer = await client.request(method, f"/api/v1{path}", json=body)
            assert answer.status_code == (200 if role in allowed else 403), (method, path, answer.text)


async def test_nobody_may_do_anything(rig: Rig) -> None:
    async with rig.client() as client:
        for method, path, body, _ in ENDPOINTS:
            answer = await client.request(method, f"/api/v1{path}", json=body)
            assert answer.status_code == 401, (method, path)
            assert answer.headers["www-authenticate"] == "Bearer"


async def test_the_table_above_has_every_route_of_the_api(rig: Rig) -> None:
    tabled = {(method, path.partition("?")[0]) for method, path, _, _ in ENDPOINTS} | {("GET", "/events"), *PEOPLE_ONLY}
    async with rig.client() as client:
        document = (await client.get("/api/v1/openapi.json")).json()
    routes = {
        (method.upper(), path.removeprefix("/api/v1"))
        for path, methods in document["paths"].items()
        if path.startswith("/api/v1/")
        for method in methods
    }
    examples = {
        "{device_id}": "d-one", "{serial}": "n-one", "{clinic_id}": "alsterdorf", "{model}": "fine-24",
        "{lot}": "lot-a", "{alert_id}": "1", "{silence_id}": "1", "{order_id}": "1",
        "{place_kind}": "clinic", "{place}": "alsterdorf",
    }  # fmt: skip
    filled = set()
    for method, path in routes:
        given = path
        for name, example in examples.items():
            given = given.replace(name, example)
        filled.add((method, given))
    assert filled == tabled


def test_every_act_has_roles() -> None:
    assert set(ALLOWED) == set(ACTS) == set(get_args(Act))
    assert all("admin" in roles for roles in ALLOWED.values())
    assert all("vendor" not in roles for act, roles in ALLOWED.items() if not act.startswith("read_p"))


@pytest.mark.parametrize("act", sorted(WHOLE_FLEET))
def test_what_reaches_the_whole_fleet_is_not_for_who_sees_a_part(act: Act) -> None:
    with pytest.raises(ForbiddenError, match="all clinics"):
        require(Viewer("anna", "admin", Scope(clinics=frozenset({"a"}))), act)
    require(Viewer("anna", "admin"), act)
