"""The local socket: commands on a running gateway."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import stat
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from pydantic import JsonValue

from gateway.errors import (
    AlreadyRunningError,
    ConflictError,
    InvalidInputError,
    ListenError,
    NotRunningError,
    SilverpointError,
)
from gateway.serve.control import ControlServer, call, socket_path
from gateway.serve.dispatch import ACTIONS, dispatch
from schemas.access import Viewer
from tests.serve.rig import PASSWORD, Rig


@pytest.fixture
async def path(rig: Rig, tmp_path: Path) -> AsyncIterator[Path]:
    at = socket_path(tmp_path / "silverpoint.db")
    server = ControlServer(at, lambda name, args, actor: dispatch(rig.services.actions, name, args, actor))
    await server.open()
    yield at
    await server.close()
    assert not at.exists()


async def test_commands_act_on_the_running_gateway(rig: Rig, path: Path) -> None:
    assert await call(path, "ping", {}) == {"status": "running"}
    made = await call(path, "token_create", {"name": "grafana", "role": "manager", "clinics": ["barmbek"]})
    async with rig.client(str(made["token"])) as client:
        assert (await client.get("/api/v1/fleet/summary")).json()["devices"] == 1
    await call(path, "user_add", {"name": "anna", "role": "admin", "password": PASSWORD})
    async with rig.client() as client:
        answer = await client.post("/login", data={"username": "anna", "password": PASSWORD})
        assert answer.headers["location"] == "/"
    exported = await call(path, "registry_export", {})
    assert await call(path, "registry_import", {"csv": exported["csv"]}) == {
        "clinics": 2, "devices": 3, "nozzle_models": 1, "lots": 0,
    }  # fmt: skip
    listed = await call(path, "quarantine_list", {})
    assert len(listed["items"]) == 1  # type: ignore[arg-type]
    audit = await rig.store.audit(limit=50, before=None)
    assert {row.actor for row in audit if row.action == "create_token"} == {f"local:{os.getuid()}"}


async def test_errors_come_back_as_what_they_are(rig: Rig, path: Path) -> None:
    with pytest.raises(InvalidInputError) as raised:
        await call(path, "registry_import", {"csv": "kind,lot\nlot,no spaces\ngadget,x\n"})
    assert len(raised.value.mistakes) == 2
    args: Mapping[str, JsonValue] = {"name": "anna", "role": "admin", "password": PASSWORD}
    await call(path, "user_add", args)
    with pytest.raises(ConflictError, match="anna"):
        await call(path, "user_add", args)
    with pytest.raises(InvalidInputError, match="there is no action"):
        await call(path, "self_destruct", {})
    with pytest.raises(InvalidInputError, match="role"):
        await call(path, "token_create", {"name": "x", "role": "king"})


@pytest.mark.parametrize("line", [b"\n", b"[]\n", b"\xff\n", b'{"action": 3}\n', b'{"action": "ping", "args": []}\n'])
async def test_a_line_that_is_no_request_is_answered_with_a_mistake(path: Path, line: bytes) -> None:
    reader, writer = await asyncio.open_unix_connection(str(path))
    writer.write(line)
    answer = json.loads(await reader.readline())
    writer.close()
    assert answer["ok"] is False
    assert answer["mistakes"]


async def test_only_its_owner_may_use_the_socket(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_second_gateway_is_refused_and_a_stale_socket_is_taken_over(path: Path, tmp_path: Path) -> None:
    async def answer(name: str, args: Mapping[str, JsonValue], actor: Viewer) -> dict[str, JsonValue]:
        return {}

    with pytest.raises(AlreadyRunningError):
        await ControlServer(path, answer).open()
    stale = tmp_path / "stale.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(stale))
    server = ControlServer(stale, answer)
    await server.open()
    assert await call(stale, "anything", {}) == {}
    await server.close()


async def test_where_none_runs_the_caller_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotRunningError):
        await call(tmp_path / "none.sock", "ping", {})


async def test_a_directory_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    async def answer(name: str, args: Mapping[str, JsonValue], actor: Viewer) -> dict[str, JsonValue]:
        return {}

    with pytest.raises(ListenError, match=r"can't listen on .*gone.*\.sock: No such file"):
        await ControlServer(tmp_path / "gone" / "x.sock", answer).open()


async def test_a_deep_directory_works(tmp_path: Path) -> None:
    async def answer(name: str, args: Mapping[str, JsonValue], actor: Viewer) -> dict[str, JsonValue]:
        return {"name": name}

    deep = tmp_path / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    server = ControlServer(deep / "silverpoint.db.sock", answer)
    await server.open()
    assert await call(deep / "silverpoint.db.sock", "ping", {}) == {"name": "ping"}
    await server.close()


async def test_a_gateway_that_ends_before_it_answers_is_an_error(tmp_path: Path) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.close()

    server = await asyncio.start_unix_server(hang_up, str(tmp_path / "x.sock"))
    with pytest.raises(SilverpointError, match="before it answered"):
        await call(tmp_path / "x.sock", "ping", {})
    server.close()


def test_every_act_of_the_contract_has_a_name() -> None:
    assert set(ACTIONS) >= {
        "user_add",
        "user_remove",
        "token_create",
        "token_revoke",
        "quarantine_list",
        "quarantine_release",
    }
    assert set(ACTIONS) >= {"registry_import", "registry_export", "quarantine_release", "replay"}
