"""Commands on a store that no gateway runs on, and on one that is held."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pytest
from pydantic import JsonValue

from collectors.simulator import publish
from gateway.cli import execute
from gateway.cli.target import act
from gateway.config import Config, StoreConfig
from gateway.errors import AlreadyRunningError, InvalidInputError
from gateway.lock import StoreLock
from gateway.serve.access import LOCAL
from gateway.serve.control import ControlServer, socket_path
from schemas.access import Viewer
from tests.cli.conftest import Command
from tests.cli.test_usage import SAMPLE
from tests.support.broker import free_port


def delivery(seq: int, **fields: object) -> str:
    return json.dumps(
        {
            "topic": "fleet/v1/c-1/d-1/telemetry",
            "payload": json.dumps(SAMPLE | {"seq": seq} | fields),
            "received_ms": 1_760_000_000_000,
        }
    )


def test_a_user_is_added_once_and_the_store_is_ours_alone(silverpoint: Command, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("correct horse battery\n")
    command = ("user", "add", "kim", "--role", "technician", "--clinics", "c-1,c-2", "--password-file", "password")
    done = silverpoint(*command)
    assert (done.returncode, done.stdout) == (0, "kim may sign in as technician\n")
    again = silverpoint(*command)
    assert again.returncode == 1
    assert len(again.stderr.splitlines()) == 1
    assert stat.S_IMODE((tmp_path / "silverpoint.db").stat().st_mode) == 0o600


def test_people_and_tokens_go_as_they_came(silverpoint: Command, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("correct horse battery\n")
    silverpoint("user", "add", "kim", "--role", "technician", "--password-file", "password")
    changed = silverpoint("user", "password", "kim", "--password-file", "password")
    assert (changed.returncode, changed.stdout) == (0, "kim has a new password\n")
    assert silverpoint("user", "remove", "kim").stdout == "kim is removed\n"
    gone = silverpoint("user", "remove", "kim")
    assert (gone.returncode, gone.stderr) == (1, "there is no user kim\n")
    silverpoint("token", "create", "board", "--role", "technician", "--clinics", "c-2,c-1")
    listed = silverpoint("token", "list").stdout
    assert listed.startswith("board  technician  20")
    assert listed.endswith("  clinics c-1,c-2\n")
    assert silverpoint("token", "revoke", "board").stdout == "1 revoked\n"
    assert silverpoint("token", "list").stdout == ""


def test_a_password_is_never_taken_from_nowhere(silverpoint: Command) -> None:
    done = silverpoint("user", "add", "kim", "--role", "admin")
    assert done.returncode == 2
    assert "--password-file" in done.stderr


def test_token_create_prints_the_token_alone(silverpoint: Command) -> None:
    done = silverpoint("token", "create", "prometheus", "--role", "manager", SILVERPOINT_LOG="debug")
    assert done.returncode == 0
    (line,) = done.stdout.splitlines()
    assert line.startswith("spt_")
    assert " " not in line


def test_a_recording_is_replayed_once_and_its_rejects_are_listed_and_released(
    silverpoint: Command, tmp_path: Path
) -> None:
    rejected = delivery(2, patient="never stored")
    (tmp_path / "recording.jsonl").write_text("\n".join([delivery(0), delivery(1), rejected]) + "\n")
    first, second = silverpoint("replay", "recording.jsonl"), silverpoint("replay", "recording.jsonl")
    assert first.stdout == "3 deliveries: 2 records stored, 0 known already, 1 rejected\n", first.stderr
    assert second.stdout == "3 deliveries: 0 records stored, 2 known already, 1 rejected\n"
    listed = silverpoint("quarantine", "list")
    assert "x2  unknown_field  ?  fleet/v1/c-1/d-1/telemetry" in listed.stdout
    (entry,) = [json.loads(line) for line in silverpoint("quarantine", "list", "--json").stdout.splitlines()]
    assert "never stored" not in json.dumps(entry)
    assert silverpoint("quarantine", "release", str(entry["id"] + 1)).returncode == 1
    released = silverpoint("quarantine", "release")
    assert (released.returncode, released.stdout) == (0, "1 released, 0 kept because they are not complete\n")
    assert silverpoint("quarantine", "list").stdout == ""
    assert "(released)" in silverpoint("quarantine", "list", "--all").stdout


def test_lines_that_are_no_deliveries_are_all_named_and_the_others_taken_in(
    silverpoint: Command, tmp_path: Path
) -> None:
    noted_more = json.dumps(json.loads(delivery(1)) | {"recorded_by": "probe"})
    (tmp_path / "torn.jsonl").write_text("\n".join([delivery(0), "{", noted_more, '{"topic": 1}', delivery(2)[:40]]))
    done = silverpoint("replay", "torn.jsonl")
    assert done.returncode == 2
    assert done.stdout == "2 deliveries: 2 records stored, 0 known already, 0 rejected\n"
    assert [line.split(" of ")[0] for line in done.stderr.splitlines()] == ["line 2", "line 4", "line 5"]


def test_the_registry_goes_out_and_in_again(silverpoint: Command, tmp_path: Path) -> None:
    header = silverpoint("registry", "export").stdout.splitlines()[0]
    columns = header.split(",")
    row = dict.fromkeys(columns, "") | {"kind": "nozzle_model", "model": "M-1", "rated_strikes": "900000"}
    (tmp_path / "in.csv").write_text(f"{header}\n{','.join(row[name] for name in columns)}\n")
    done = silverpoint("registry", "import", "in.csv")
    assert (done.returncode, done.stdout) == (0, "0 clinics, 0 devices, 1 nozzle models, 0 lots\n"), done.stderr
    assert "900000" in silverpoint("registry", "export").stdout


def test_a_registry_file_with_mistakes_is_refused_with_all_of_them(silverpoint: Command, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("kind,clinic_id\nclinic,bad/id\nplanet,x\n")
    done = silverpoint("registry", "import", "in.csv")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 2


def test_backup_check_and_restore(silverpoint: Command, tmp_path: Path) -> None:
    assert silverpoint("store", "check").returncode == 1
    silverpoint("token", "create", "t", "--role", "manager")
    assert silverpoint("store", "backup", "copy.db").returncode == 0
    assert silverpoint("store", "backup", "copy.db").returncode == 1
    assert silverpoint("store", "check").stdout == "no faults found\n"
    (tmp_path / "copy.db").with_suffix(".bad").write_bytes(b"no database")
    assert silverpoint("store", "restore", "copy.bad").returncode == 1
    assert silverpoint("store", "restore", "copy.db").returncode == 0


def test_a_store_in_a_folder_that_is_not_there_fails_in_one_line(silverpoint: Command) -> None:
    done = silverpoint("quarantine", "list", SILVERPOINT_STORE__URL="sqlite:////nowhere/at/all.db")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


def config_in(directory: Path) -> Config:
    return Config(store=StoreConfig(url=f"sqlite:///{directory / 's.db'}"))


def test_the_lock_names_the_process_that_holds_it(tmp_path: Path) -> None:
    import os

    with (
        StoreLock(tmp_path / "s.db"),
        pytest.raises(AlreadyRunningError, match=str(os.getpid())),
        StoreLock(tmp_path / "s.db"),
    ):
        pass
    with StoreLock(tmp_path / "s.db"):
        assert (tmp_path / "s.db.lock").exists()


async def test_a_running_gateway_is_asked_through_its_socket(tmp_path: Path) -> None:
    asked: list[tuple[str, Mapping[str, JsonValue], str]] = []

    async def answer(action: str, args: Mapping[str, JsonValue], actor: Viewer) -> dict[str, JsonValue]:
        asked.append((action, args, actor.role))
        if action == "user_add":
            raise InvalidInputError(["one", "two"])
        return {"token": "spt_x"}

    config = config_in(tmp_path)
    server = ControlServer(socket_path(config.store.path), answer)
    await server.open()
    try:
        with StoreLock(config.store.path):
            assert await act(config, "token_create", {"name": "x"}) == {"token": "spt_x"}
            with pytest.raises(InvalidInputError) as caught:
                await act(config, "user_add", {})
    finally:
        await server.close()
    assert caught.value.mistakes == ["one", "two"]
    assert asked[0] == ("token_create", {"name": "x"}, LOCAL.role)
    assert not config.store.path.exists()


async def test_a_command_waits_for_a_gateway_that_is_just_ending(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    lock = StoreLock(config.store.path)
    lock.__enter__()
    waiting = asyncio.create_task(act(config, "quarantine_list", {}))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    lock.__exit__(None, None, None)
    assert (await waiting)["items"] == []


def test_a_device_is_enrolled_beside_the_store_where_no_broker_files_are_named(
    silverpoint: Command, tmp_path: Path
) -> None:
    done = silverpoint("device", "enrol", "c-1", "d-1")
    assert (done.returncode, len(done.stdout.split())) == (0, 1), done.stderr
    assert "silverpoint.passwords (password_file)" in done.stderr
    assert (tmp_path / "silverpoint.passwords").read_text().startswith("d-1:$7$")
    assert (tmp_path / "silverpoint.acl").read_text().splitlines() == [
        "user d-1",
        *(f"topic write fleet/v1/c-1/d-1/{kind}" for kind in ("telemetry", "session", "nozzle", "status")),
        "topic read fleet/v1/c-1/d-1/advice",
    ]
    assert silverpoint("device", "revoke", "d/1").returncode == 2
    assert silverpoint("device", "revoke", "d-1").returncode == 0
    assert silverpoint("device", "revoke", "d-1").returncode == 1


def test_a_file_of_devices_with_a_column_twice_enrols_none(silverpoint: Command, tmp_path: Path) -> None:
    (tmp_path / "devices.csv").write_text("clinic_id,device_id,clinic_id\nc-1,d-1,c-2\n")
    done = silverpoint("device", "enrol", "--from", "devices.csv")
    assert (done.returncode, done.stderr) == (2, "devices.csv:1: column clinic_id is there twice\n")
    assert not (tmp_path / "silverpoint.passwords").exists()


def test_a_simulation_that_no_broker_took_anything_of_has_failed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(publish, "run_simulation", partial(publish.run_simulation, drain_s=0.1))
    nowhere = f"mqtt://127.0.0.1:{free_port()}"
    ended = execute(["simulate", "--broker", nowhere, "--devices", "5", "--speed", "600", "--duration", "1"])
    told = capsys.readouterr().out
    assert ended == 1, told
    assert told.startswith("0 messages published, ")
