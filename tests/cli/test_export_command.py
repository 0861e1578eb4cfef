"""`silverpoint export`, as a person runs it."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from bench.export_store import make_store
from tests.cli.conftest import Command


async def test_an_export_beside_nothing_says_what_it_wrote(tmp_path: Path, silverpoint: Command) -> None:
    await make_store(tmp_path / "silverpoint.db", devices=4, days=2, samples=0)
    done = silverpoint("export", "--out", "history")
    assert (done.returncode, done.stderr) == (0, "")
    manifest = json.loads((tmp_path / "history/manifest.json").read_text())
    assert (
        done.stdout
        == f"{sum(f['rows'] for f in manifest['files'])} rows in {len(manifest['files'])} files in history\n"
    )
    again = silverpoint("export", "--out", "history")
    assert (again.returncode, again.stderr) == (1, "history has a complete export already: give a new folder\n")
    csv = silverpoint("export", "--format", "csv", "--since", "2026-01-05T00:00:00Z", "--out", "text")
    assert csv.returncode == 0
    assert (tmp_path / "text/samples/day=2026-01-05/part-0.csv").read_text().startswith("device_id,ts_ms,clinic_id,")
    vendor = silverpoint("export", "--role", "vendor", "--out", "told")
    assert (vendor.returncode, vendor.stdout) == (0, "0 rows in 0 files in told\n")


async def test_an_export_that_is_killed_goes_on(tmp_path: Path, silverpoint: Command) -> None:
    store = tmp_path / "silverpoint.db"
    samples = await make_store(store, devices=20, days=5, samples=0)
    command = [sys.executable, "-m", "gateway.cli", "export", "--out", "history"]
    child = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while not list((tmp_path / "history").glob("s*/*/part-0.parquet")) and child.poll() is None:
        assert time.monotonic() < until
        time.sleep(0.002)
    child.send_signal(signal.SIGKILL)
    child.wait()
    done = silverpoint("export", "--out", "history")
    assert done.returncode in (0, 1), done.stderr
    manifest = json.loads((tmp_path / "history/manifest.json").read_text())
    assert manifest["complete"]
    assert sum(entry["rows"] for entry in manifest["files"] if entry["table"] == "samples") == samples
    assert not list((tmp_path / "history").rglob("*.part"))


def test_mistakes_are_told_all_at_once(silverpoint: Command) -> None:
    wrong = silverpoint("export", "--out", "x", "--since", "yesterday", "--until", "1999-01-01T00:00:00Z")
    assert wrong.returncode == 2
    assert [line.partition(":")[0] for line in wrong.stderr.splitlines()] == ["silverpoint export"] * 2
    assert "--since" in wrong.stderr
    assert "--until" in wrong.stderr
    assert silverpoint("export", "--out", "x", "--format", "xls").returncode == 2
    missing = silverpoint("export", "--out", "x")
    assert (missing.returncode, "there is no store" in missing.stderr) == (1, True)


async def test_an_older_store_is_told_to_be_migrated(tmp_path: Path, silverpoint: Command) -> None:
    await make_store(tmp_path / "silverpoint.db", devices=1, days=1, samples=0)
    connection = sqlite3.connect(tmp_path / "silverpoint.db")
    connection.execute("PRAGMA user_version = 3")
    connection.close()
    old = silverpoint("export", "--out", "x")
    assert (old.returncode, "silverpoint store migrate" in old.stderr) == (1, True)
    assert not (tmp_path / "x").exists()
