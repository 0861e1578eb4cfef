"""Signing in, browser sessions, CSRF, and the demo's open door."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from gateway.config import HttpConfig
from gateway.errors import ConflictError, InvalidInputError, NotFoundError
from gateway.serve.access import LOCAL, SESSION_MS
from gateway.store.sqlite import SqliteStore
from schemas.access import Scope, Viewer
from tests.serve.rig import PASSWORD, Rig, fill, opened_rig


async def sign_in(client: httpx.AsyncClient, name: str = "anna", password: str = PASSWORD) -> httpx.Response:
    return await client.post("/login", data={"username": name, "password": password, "next": "/?clinic=x"})


@pytest.fixture
async def anna(rig: Rig) -> Rig:
    await rig.services.access.add_user(LOCAL, "anna", "manager", Scope(), PASSWORD)
    return rig


async def test_a_session_signs_in_reads_changes_with_its_csrf_token_and_signs_out(anna: Rig) -> None:
    async with anna.client() as client:
        answer = await sign_in(client)
        assert (answer.status_code, answer.headers["location"]) == (303, "/?clinic=x")
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert "secure" not in cookie
        me = (await client.get("/api/v1/me")).json()
        assert (me["name"], me["role"]) == ("anna", "manager")
        refused = await client.patch("/api/v1/devices/d-one", json={"label": "A"})
        assert refused.status_code == 403
        wrong = await client.patch("/api/v1/devices/d-one", json={"label": "A"}, headers={"X-CSRF-Token": "guess"})
        assert wrong.status_code == 403
        token = {"X-CSRF-Token": me["csrf"]}
        assert (await client.patch("/api/v1/devices/d-one", json={"label": "A"}, headers=token)).status_code == 200
        elsewhere = token | {"Sec-Fetch-Site": "cross-site"}
        assert (await client.patch("/api/v1/devices/d-one", json={"label": "B"}, headers=elsewhere)).status_code == 403
        held = dict(client.cookies)
        assert (await client.post("/logout")).status_code == 303
        assert (await client.get("/api/v1/me")).status_code == 401
    async with anna.client() as thief:
        thief.cookies.update(held)
        assert (await thief.get("/api/v1/me")).status_code == 401


async def test_the_store_keeps_no_password_cookie_or_token(anna: Rig, tmp_path: Path) -> None:
    async with anna.client() as client:
        await sign_in(client)
        cookie = client.cookies["silverpoint_session"]
    token = await anna.token("admin")
    await anna.store.backup(str(tmp_path / "copy.db"))
    kept = (tmp_path / "copy.db").read_bytes()
    for secret in (PASSWORD, cookie, token):
        assert secret.encode() not in kept


async def test_a_session_ends_after_its_time(anna: Rig) -> None:
    async with anna.client() as client:
        await sign_in(client)
        anna.clock.advance(SESSION_MS)
        assert (await client.get("/api/v1/me")).status_code == 401


@pytest.mark.parametrize(
    ("name", "password"), [("anna", "wrong"), ("nobody", PASSWORD), ("", ""), ("anna\n", PASSWORD)]
)
async def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(anna: Rig, name: str, password: str) -> None:
    async with anna.client() as client:
        answer = await sign_in(client, name, password)
        assert answer.headers["location"] == "/login?error=1&next=%2F%3Fclinic%3Dx"
        assert "set-cookie" not in answer.headers


async def test_what_was_typed_as_an_unknown_name_is_not_kept(anna: Rig) -> None:
    async with anna.client() as client:
        await sign_in(client, "hunter2hunter2", "x")
    assert "hunter2" not in "".join(row.subject for row in await anna.store.audit(limit=10, before=None))


async def test_guessing_is_throttled_even_for_the_right_password(anna: Rig) -> None:
    async with anna.client() as client:
        for _ in range(5):
            await sign_in(client, "anna", "wrong")
        assert "error=throttled" in (await sign_in(client)).headers["location"]
        anna.clock.advance(1_000)
        assert (await sign_in(client)).headers["location"] == "/?clinic=x"


async def test_another_site_cannot_sign_a_browser_in_or_out(anna: Rig) -> None:
    async with anna.client() as client:
        for path in ("/login", "/logout"):
            answer = await client.post(path, headers={"Origin": "https://evil.example"})
            assert answer.status_code == 403
        answer = await client.post("/logout", headers={"Origin": "http://gateway.test"})
        assert answer.status_code == 303


async def test_a_sign_in_leads_nowhere_else(anna: Rig) -> None:
    async with anna.client() as client:
        answer = await client.post("/login", data={"username": "anna", "password": PASSWORD, "next": "//evil.example"})
        assert answer.headers["location"] == "/"


async def test_over_tls_the_cookie_travels_encrypted_only(tmp_path: Path) -> None:
    rig = await opened_rig(tmp_path, http=HttpConfig(public_url="https://silverpoint.example.org"))
    await rig.services.access.add_user(LOCAL, "anna", "manager", Scope(), PASSWORD)
    async with rig.client() as client:
        answer = await sign_in(client)
        assert answer.headers["set-cookie"].startswith("__Host-silverpoint_session=")
        assert "secure" in answer.headers["set-cookie"].lower()
        assert "strict-transport-security" in answer.headers
    await rig.store.close()


async def test_a_token_counts_at_once_and_an_unknown_one_never(rig: Rig) -> None:
    async with rig.client(await rig.token("technician")) as client:
        assert (await client.get("/api/v1/me")).json()["role"] == "technician"
    for wrong in ("spt_guess", "x" * 5_000):
        async with rig.client(wrong) as client:
            assert (await client.get("/api/v1/me")).status_code == 401
    async with rig.client() as client:
        assert (await client.get("/api/v1/me", headers={"Authorization": "Basic YTpi"})).status_code == 401


async def test_a_name_is_taken_once_and_a_short_password_not_at_all(anna: Rig) -> None:
    with pytest.raises(ConflictError, match="anna"):
        await anna.services.access.add_user(LOCAL, "anna", "admin", Scope(), PASSWORD)
    with pytest.raises(InvalidInputError, match="8 to 1024"):
        await anna.services.access.add_user(LOCAL, "boris", "admin", Scope(), "short")
    with pytest.raises(InvalidInputError, match="a name has"):
        await anna.services.access.add_user(LOCAL, "no spaces", "admin", Scope(), PASSWORD)


async def test_who_is_removed_is_out_at_once_and_so_is_a_token_that_is_revoked(anna: Rig) -> None:
    access = anna.services.access
    token = await access.create_token(LOCAL, "board", "manager", Scope())
    async with anna.client() as person, anna.client(token) as program:
        await sign_in(person)
        assert [(await client.get("/api/v1/me")).status_code for client in (person, program)] == [200, 200]
        await access.remove_user(LOCAL, "anna")
        assert await access.revoke_tokens(LOCAL, "board") == 1
        assert [(await client.get("/api/v1/me")).status_code for client in (person, program)] == [401, 401]
        assert (await sign_in(person)).headers["location"].startswith("/login?error=1")
    acts = {row.action for row in await anna.store.audit(limit=20, before=None)}
    assert acts >= {"remove_user", "revoke_token"}
    with pytest.raises(NotFoundError, match="there is no user anna"):
        await access.remove_user(LOCAL, "anna")
    with pytest.raises(NotFoundError, match="there is no token board"):
        await access.revoke_tokens(LOCAL, "board")


async def test_a_new_password_ends_what_the_old_one_began(anna: Rig) -> None:
    async with anna.client() as client:
        await sign_in(client)
        await anna.services.access.change_password(LOCAL, "anna", "battery staple")
        assert (await client.get("/api/v1/me")).status_code == 401
        assert "error" in (await sign_in(client)).headers["location"]
        assert (await sign_in(client, password="battery staple")).headers["location"] == "/?clinic=x"
        assert (await client.get("/api/v1/me")).json()["role"] == "manager"
    with pytest.raises(InvalidInputError, match="8 to 1024"):
        await anna.services.access.change_password(LOCAL, "anna", "short")
    with pytest.raises(NotFoundError, match="there is no user boris"):
        await anna.services.access.change_password(LOCAL, "boris", "battery staple")


async def test_the_last_administrator_of_the_whole_fleet_stays(anna: Rig) -> None:
    access = anna.services.access
    await access.add_user(LOCAL, "ada", "admin", Scope(), PASSWORD)
    await access.add_user(LOCAL, "carl", "admin", Scope(clinics=frozenset({"c-1"})), PASSWORD)
    with pytest.raises(ConflictError, match="ada is the last administrator"):
        await access.remove_user(LOCAL, "ada")
    await access.remove_user(LOCAL, "carl")
    await access.add_user(LOCAL, "dora", "admin", Scope(), PASSWORD)
    await access.remove_user(LOCAL, "ada")


class OpenRig:
    """The demo: browsers on this machine are taken for a manager."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.store: SqliteStore = rig.store

    def client(self, host: str, base: str, **headers: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.rig.app, client=(host, 5000))
        return httpx.AsyncClient(transport=transport, base_url=base, headers=headers)


@pytest.fixture
async def demo(tmp_path: Path) -> OpenRig:
    rig = await opened_rig(tmp_path, open_as=Viewer("demo", "manager"))
    await fill(rig)
    return OpenRig(rig)


async def test_the_demo_opens_signed_in_on_this_machine_only(demo: OpenRig) -> None:
    local = "http://127.0.0.1:8080"
    async with demo.client("127.0.0.1", local) as client:
        me = (await client.get("/api/v1/me")).json()
        assert me["role"] == "manager"
        assert (await client.get("/")).status_code == 200
        assert (await client.get("/login")).status_code == 200
        assert (await client.patch("/api/v1/devices/d-one", json={})).status_code == 403
        ours = {"X-CSRF-Token": me["csrf"]}
        assert (await client.patch("/api/v1/devices/d-one", json={}, headers=ours)).status_code == 200
    for client in (
        demo.client("10.0.0.7", local),
        demo.client("127.0.0.1", "http://rebound.example:8080"),
        demo.client("127.0.0.1", local, **{"X-Forwarded-For": "10.0.0.7"}),
        demo.client("127.0.0.1", local, Authorization="Bearer wrong"),
    ):
        async with client:
            assert (await client.get("/api/v1/me")).status_code == 401
    await demo.store.close()
