"""Every error is a problem (RFC 9457), and every response carries the strict headers."""

from __future__ import annotations

import pytest
from fastapi import Request

from gateway.errors import StoreUnavailableError
from tests.serve.rig import Rig

ERRORS = [
    ("GET", "/nowhere", {}, 404),
    ("GET", "/api/v1/nowhere", {}, 404),
    ("DELETE", "/api/v1/devices", {}, 405),
    ("GET", "/api/v1/devices/d-none", {}, 404),
    ("GET", "/api/v1/devices/no%20space", {}, 422),
    ("GET", "/api/v1/devices/%0a", {}, 422),
    ("GET", "/api/v1/devices?limit=0", {}, 422),
    ("GET", "/api/v1/devices?limit=1001", {}, 422),
    ("GET", "/api/v1/devices?limit=x", {}, 422),
    ("GET", "/api/v1/devices?cursor=%21", {}, 422),
    ("GET", "/api/v1/devices?cursor=WzFd", {}, 422),
    ("GET", "/api/v1/alerts?cursor=WzFlOTld", {}, 422),
    ("GET", "/api/v1/devices/d-one/samples?since=yesterday", {}, 422),
    ("GET", "/api/v1/devices/d-one/samples?since=1d&until=2d", {}, 422),
    ("GET", "/api/v1/devices/d-one/samples?points=0", {}, 422),
    ("GET", "/api/v1/nozzles?state=lost", {}, 422),
    ("GET", "/api/v1/nozzles/n-none", {}, 404),
    ("GET", "/api/v1/alerts?rule=nope", {}, 422),
    ("GET", "/api/v1/alerts/0", {}, 422),
    ("GET", "/api/v1/alerts/99999999999999999999", {}, 422),
    ("GET", "/api/v1/alerts/99", {}, 404),
    ("POST", "/api/v1/alerts/99/acknowledge", {}, 404),
    ("GET", "/api/v1/fleet/usage?by=moon", {}, 422),
    ("PATCH", "/api/v1/clinics/alsterdorf", {"json": {"nick": "x"}}, 422),
    ("PATCH", "/api/v1/clinics/alsterdorf", {"json": {"name": 3}}, 422),
    ("PATCH", "/api/v1/clinics/alsterdorf", {"json": {"name": None}}, 422),
    ("PATCH", "/api/v1/clinics/alsterdorf", {"json": {"name": "x" * 201}}, 422),
    ("PATCH", "/api/v1/clinics/alsterdorf", {"json": {"timezone": "Mars/Olympus"}}, 422),
    ("PATCH", "/api/v1/clinics/alsterdorf", {"json": {"opening_hours": "always"}}, 422),
    ("PATCH", "/api/v1/clinics/nowhere", {"json": {"name": "x"}}, 404),
    ("PATCH", "/api/v1/nozzle-models/fine-24", {"json": {"coating_limit": 1}}, 422),
    ("PATCH", "/api/v1/nozzle-models/fine-24", {"content": b"{", "headers": {"content-type": "application/json"}}, 422),
    ("POST", "/api/v1/lots/lot-a/recall", {"json": {"at_ms": 4_000_000_000_000}}, 422),
    ("POST", "/api/v1/lots/lot-a/recall", {"json": {"at_ms": "now"}}, 422),
    ("POST", "/api/v1/quarantine/release", {"json": {"ids": [77]}}, 404),
    ("POST", "/api/v1/lots/lot-a/recall", {"content": b" " * 3_000_000}, 413),
]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("method", "path", "more", "status"), ERRORS)
async def test_every_error_is_a_problem(
    seen_rig: Rig, method: str, path: str, more: dict[str, object], status: int
) -> None:
    async with await seen_rig.client_of("admin") as client:
        answer = await client.request(method, path, **more)  # type: ignore[arg-type]
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert set(body) - {"errors"} == {"type", "title", "status", "detail", "instance"}
    assert body["detail"]


async def test_a_method_that_is_not_there_says_which_are(rig: Rig) -> None:
    async with rig.client() as client:
        answer = await client.request("DELETE", "/api/v1/devices")
    assert answer.headers["allow"] == "GET"


async def test_what_nobody_foresaw_is_a_problem_that_tells_nothing(rig: Rig) -> None:
    @rig.app.get("/broken")
    async def broken(request: Request) -> None:
        raise RuntimeError("the secret plan")

    @rig.app.get("/full")
    async def full(request: Request) -> None:
        raise StoreUnavailableError("the disk is full: make room")

    async with rig.client() as client:
        answer = await client.get("/broken")
        assert answer.status_code == 500
        assert "secret plan" not in answer.text
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-type"] == "application/problem+json"
        assert (await client.get("/full")).status_code == 503


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("path", ["/healthz", "/metrics", "/api/v1/devices", "/nowhere", "/", "/login"])
async def test_every_response_carries_the_strict_headers(seen_rig: Rig, path: str) -> None:
    async with seen_rig.client() as client:
        headers = (await client.get(path)).headers
    policy = headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "style-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert "referrer-policy" in headers
    assert "strict-transport-security" not in headers


async def test_health_says_what_is_wrong(rig: Rig) -> None:
    async with rig.client() as client:
        assert (await client.get("/healthz")).json() == {"status": "ok"}
        assert (await client.get("/readyz")).status_code == 200
        rig.readiness.connected, rig.readiness.fault = False, "the disk is full"
        answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["reasons"] == ["not connected to the broker", "the store can't commit: the disk is full"]
