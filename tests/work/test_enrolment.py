"""Enrolled devices at a real mosquitto: each writes its four kinds, reads its advice, and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gateway.cli import execute
from gateway.enrolment import BrokerFiles, device_entries, enrol, password_hash, revoke, with_entries, with_login
from gateway.errors import ConflictError, InvalidInputError, NotFoundError, SilverpointError
from tests.support.broker import BrokerOptions, Mosquitto, running_mosquitto

ACL = "# Everybody who is no device\nuser gateway\ntopic read fleet/#\ntopic write fleet/v1/+/+/advice\n"
SECRET = "gateway-password"


@pytest.fixture
def files(tmp_path: Path) -> BrokerFiles:
    found = BrokerFiles(tmp_path / "passwords", tmp_path / "acl")
    found.passwords.write_text(f"gateway:{password_hash(SECRET)}\n")
    found.acl.write_text(ACL)
    return found


@pytest.fixture
def broker(tmp_path: Path, files: BrokerFiles) -> Iterator[Mosquitto]:
    options = BrokerOptions(
        extra=("allow_anonymous false", f"password_file {files.passwords}", f"acl_file {files.acl}")
    )
    with running_mosquitto(tmp_path / "broker", options) as running:
        yield running


def reload(broker: Mosquitto) -> None:
    """mosquitto says so as it begins, and does nothing else until it has read its files."""
    before = broker.log.read_text().count("Reloading config")
    os.kill(broker.pid, signal.SIGHUP)
    until = time.monotonic() + 60
    while broker.log.read_text().count("Reloading config") == before:
        assert time.monotonic() < until
        time.sleep(0.01)


def may_write(broker: Mosquitto, user: str, password: str, topic: str) -> bool:
    """By the broker's own answer to a QoS 1 publication over MQTT 5."""
    command = ["mosquitto_pub", "-V", "5", "-p", str(broker.port), "-u", user, "-P", password, "-q", "1", "-d"]
    said = subprocess.run([*command, "-t", topic, "-m", "{}"], capture_output=True, text=True, timeout=60, check=False)
    return said.returncode == 0 and "RC:135" not in said.stdout and "Not authorized" not in said.stdout + said.stderr


def heard(broker: Mosquitto, user: str, password: str, *topics: str, first: int = 1) -> list[str]:
    """Of which topics the first retained messages are that come to who asks for all of these, in this order."""
    command = ["mosquitto_sub", "-V", "5", "-p", str(broker.port), "-u", user, "-P", password, "-F", "%t"]
    asked = [*command, "-W", "60", "-C", str(first), *(part for topic in topics for part in ("-t", topic))]
    return subprocess.run(asked, capture_output=True, text=True, timeout=90, check=True).stdout.split()


@pytest.mark.mosquitto
def test_a_device_writes_its_four_kinds_reads_its_advice_and_nothing_else(
    broker: Mosquitto, files: BrokerFiles
) -> None:
    (login,) = enrol(files, [("c-1", "d-1")], "fleet")
    assert login.password is not None
    reload(broker)
    own = "fleet/v1/c-1/d-1"
    publish = ["mosquitto_pub", "-V", "5", "-p", str(broker.port), "-u", "gateway", "-P", SECRET, "-r", "-m", "{}"]
    for topic in (f"{own}/advice", "fleet/v1/c-1/d-2/advice"):
        subprocess.run([*publish, "-t", topic], check=True, timeout=60)
    for kind in ("telemetry", "session", "nozzle", "status"):
        assert may_write(broker, "d-1", login.password, f"{own}/{kind}"), kind
    for topic in (f"{own}/advice", "fleet/v1/c-2/d-1/telemetry", "fleet/v1/c-1/d-2/telemetry", "other"):
        assert not may_write(broker, "d-1", login.password, topic), topic
    advice = f"{own}/advice"
    for topic in ("fleet/v1/c-1/d-2/advice", f"{own}/telemetry"):
        assert heard(broker, "d-1", login.password, topic, advice) == [advice], topic
    assert heard(broker, "d-1", login.password, "fleet/v1/c-1/+/advice", advice, first=2) == [advice, advice]
    assert not may_write(broker, "d-1", "wrong", f"{own}/status")
    revoke(files, ["d-1"], "fleet")
    reload(broker)
    assert not may_write(broker, "d-1", login.password, f"{own}/telemetry")
    assert files.acl.read_text() == ACL
    everybodys = heard(broker, "gateway", SECRET, "fleet/v1/c-1/+/advice", first=2)
    assert sorted(everybodys) == [advice, "fleet/v1/c-1/d-2/advice"]


@pytest.mark.mosquitto
def test_a_device_that_moves_keeps_its_password_and_loses_its_old_clinic(broker: Mosquitto, files: BrokerFiles) -> None:
    (login,) = enrol(files, [("c-1", "d-1")], "fleet")
    (moved,) = enrol(files, [("c-2", "d-1")], "fleet")
    assert login.password is not None
    assert (moved.password, moved.changed) == (None, True)
    reload(broker)
    assert may_write(broker, "d-1", login.password, "fleet/v1/c-2/d-1/status")
    assert not may_write(broker, "d-1", login.password, "fleet/v1/c-1/d-1/status")


def test_enrolling_again_changes_nothing_and_renewing_changes_the_password(files: BrokerFiles) -> None:
    enrol(files, [("c-1", "d-1"), ("c-1", "d-2")], "fleet")
    before = (files.passwords.read_text(), files.acl.read_text(), files.acl.stat().st_ino)
    again = enrol(files, [("c-1", "d-1"), ("c-1", "d-2")], "fleet")
    assert [(login.password, login.changed) for login in again] == [(None, False), (None, False)]
    assert (files.passwords.read_text(), files.acl.read_text(), files.acl.stat().st_ino) == before
    (renewed,) = enrol(files, [("c-1", "d-2")], "fleet", renew=True)
    assert renewed.password is not None
    assert files.acl.read_text() == before[1]
    assert files.passwords.read_text() != before[0]


def test_no_name_of_a_person_or_program_becomes_a_device(files: BrokerFiles) -> None:
    for name in ("gateway",):
        with pytest.raises(ConflictError):
            enrol(files, [("c-1", name)], "fleet")
        with pytest.raises(ConflictError):
            revoke(files, [name], "fleet")
    with pytest.raises(NotFoundError):
        revoke(files, ["d-9"], "fleet")
    with pytest.raises(InvalidInputError) as caught:
        enrol(files, [("c/1", "d-1"), ("c-1", "#"), ("c-1", "d-2"), ("c-2", "d-2")], "fleet")
    assert len(caught.value.mistakes) == 3
    assert files.acl.read_text() == ACL


def test_entries_written_by_hand_after_a_gap_never_fall_to_the_name_before(files: BrokerFiles) -> None:
    text = (
        ACL + "\nuser d-1\ntopic write fleet/v1/c-1/d-1/status\n\n# more of d-1\ntopic write fleet/v1/c-1/d-1/session\n"
    )
    assert with_entries(text, "d-1", ()) == ACL + "\n\n# more of d-1\n"
    assert with_login("a:1\nb:2\n", "a", None) == "b:2\n"
    assert "#" not in "".join(device_entries("c-1", "d-1", "fleet"))


def test_many_who_enrol_at_once_all_get_in(files: BrokerFiles) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: enrol(files, [("c-1", f"d-{number}")], "fleet"), range(24)))
    assert len(files.passwords.read_text().splitlines()) == 25
    assert files.acl.read_text().count("user d-") == 24


def test_files_keep_their_rights_and_faults_are_told(files: BrokerFiles, tmp_path: Path) -> None:
    files.acl.chmod(0o640)
    enrol(files, [("c-1", "d-1")], "fleet")
    assert files.acl.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["acl", "passwords"]
    with pytest.raises(SilverpointError, match="can't use"):
        enrol(BrokerFiles(tmp_path / "no" / "x", tmp_path / "no" / "y"), [("c-1", "d-1")], "fleet")


def test_the_command_prints_passwords_alone(
    files: BrokerFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SILVERPOINT_BROKER__PASSWORD_FILE", str(files.passwords))
    monkeypatch.setenv("SILVERPOINT_BROKER__ACL_FILE", str(files.acl))
    assert execute(["device", "enrol", "c-1", "d-1"]) == 0
    out, err = capsys.readouterr()
    assert len(out.split()) == 1
    assert "reload" in err
    (tmp_path / "devices.csv").write_text("device_id,clinic_id\nd-2,c-1\nd-3,c-2\n")
    assert execute(["device", "enrol", "--from", "devices.csv"]) == 0
    assert [line.partition(",")[0] for line in capsys.readouterr().out.splitlines()] == ["d-2", "d-3"]
    assert execute(["device", "revoke", "d-2", "d-3"]) == 0
    assert execute(["device", "enrol", "c-1"]) == 2
    assert execute(["device", "enrol", "c 1", "d-1"]) == 2
    assert execute(["device", "revoke", "d-2"]) == 1
