"""`silverpoint report`, beside a gateway's store that is open, and without one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.store.sqlite import SqliteStore
from tests.alerts.site import Device
from tests.cli.conftest import Command

SINCE, UNTIL = "2025-10-09T00:00:00Z", "2025-10-12T00:00:00Z"


@pytest.fixture
def recorded(tmp_path: Path, silverpoint: Command) -> Path:
    device = Device()
    said = [device.online(0, form="mobile"), device.fitted(0.1, "n-1", model="M1")]
    said += [device.sample(hour, "n-1", hour / 40, strikes=1_000 * hour) for hour in range(1, 30)]
    said += [device.removed(30, "n-1"), device.fitted(30.1, "n-2", model="M1"), device.sample(31, "n-2", 0.0)]
    rows = ({"topic": d.topic, "payload": d.payload.decode(), "received_ms": d.received_ms} for d in said)
    (tmp_path / "r.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    (tmp_path / "silverpoint.toml").write_text("[retention]\nsamples_days = 3650\n")
    assert silverpoint("replay", "r.jsonl").returncode == 0
    return tmp_path


async def test_it_works_beside_a_store_that_is_in_use(recorded: Path, silverpoint: Command) -> None:
    store = await SqliteStore.open(str(recorded / "silverpoint.db"))
    done = silverpoint("report", "--out", "r.html", "--since", SINCE, "--until", UNTIL)
    assert done.returncode == 0, done.stderr
    html = (recorded / "r.html").read_text()
    assert "1 nozzle replaced; past the limit: 0." in html
    assert "9 Oct 2025 to 11 Oct 2025" in html
    await store.close()


def test_a_clinics_report_is_a_pdf_in_the_language_that_was_asked_for(recorded: Path, silverpoint: Command) -> None:
    done = silverpoint(
        "report", "--out", "r.pdf", "--since", SINCE, "--until", UNTIL, "--clinic", "c-1", "--language", "de"
    )
    assert done.returncode == 0, done.stderr
    assert (recorded / "r.pdf").read_bytes().startswith(b"%PDF-")
    assert done.stdout.startswith("r.pdf: ")
    unknown = silverpoint("report", "--out", "r.pdf", "--clinic", "nowhere")
    assert unknown.returncode == 1
    assert "no clinic nowhere" in unknown.stderr


def test_every_mistake_is_told_at_once(silverpoint: Command) -> None:
    done = silverpoint("report", "--out", "r.txt", "--since", "yesterday", "--role", "king", "--language", "tlh")
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    for line, option in zip(lines, ("--out", "--since", "--role", "--language"), strict=True):
        assert line.startswith(f"silverpoint report: Invalid value for '{option}': ")


def test_without_a_store_it_says_what_to_do(silverpoint: Command) -> None:
    done = silverpoint("report", "--out", "r.html")
    assert done.returncode == 1
    assert "there is no store silverpoint.db yet" in done.stderr


def test_the_vendors_report_needs_no_gateway(recorded: Path, silverpoint: Command) -> None:
    done = silverpoint("report", "--role", "vendor", "--out", "v.html")
    assert done.returncode == 0, done.stderr
    html = (recorded / "v.html").read_text()
    assert "The product in the field" in html
    assert "c-1" not in html
