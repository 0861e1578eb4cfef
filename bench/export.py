"""The export of many samples: how fast, in how much memory, into how many bytes; `python -m bench.export --samples N`.

The store is made of a simulated fleet's deliveries, taken in as always. The export is the real command in a process of
its own. What it takes is held against a plain read of all rows of the same store, in the same run, since both share the
machine with whatever else goes on.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import structlog

from bench.export_store import make_store

_SAMPLES_A_DEVICE_AND_DAY = 600
_MOST_SIMULATED = 20_000_000


@dataclass(frozen=True)
class Took:
    """One child's use of the machine."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.export", description=__doc__)
    parser.add_argument("--samples", type=int, default=2_000_000, help="samples in the store")
    parser.add_argument("--devices", type=int, default=600, help="devices of the fleet")
    parser.add_argument("--store", type=Path, help="a store that is there already, in place of a new one")
    parser.add_argument("--format", choices=("parquet", "csv"), default="parquet")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory(prefix="silverpoint-bench-") as directory:
        folder = Path(directory)
        store = options.store or folder / "store.db"
        if options.store is None:
            days = max(5, min(options.samples, _MOST_SIMULATED) // (options.devices * _SAMPLES_A_DEVICE_AND_DAY))
            asyncio.run(make_store(store, devices=options.devices, days=days, samples=options.samples))
        measure(store, folder / "out", options.format)


def measure(store: Path, out: Path, form: str) -> None:
    """Reads all rows plainly, exports, and prints both."""
    plain = _run([sys.executable, "-c", f"from bench.export import read_plainly; read_plainly({str(store)!r})"])
    config = store.with_suffix(".bench.toml")
    config.write_text(f'[store]\nurl = "sqlite:///{store.resolve()}"\n')
    command = ["export", "--format", form, "--out", str(out), "--config", str(config)]
    took = _run([sys.executable, "-m", "gateway.cli", *command])
    config.unlink()
    files = json.loads((out / "manifest.json").read_text())["files"]
    samples = [entry for entry in files if entry["table"] == "samples"]
    rows, size = sum(entry["rows"] for entry in samples), sum(entry["size_bytes"] for entry in samples)
    print(f"{rows:,} samples in {len(samples)} files, {size / rows:.2f} bytes a sample")
    print(f"export: {_speed(rows, took)}, peak {took.peak_mb:.0f} MB")
    print(f"reading all rows plainly: {_speed(rows, plain)}")
    print(f"export / plain read: wall {took.wall_s / plain.wall_s:.2f}, CPU {took.cpu_s / plain.cpu_s:.2f}")


def read_plainly(store: str) -> None:
    """All columns of all sealed samples, a row at a time, and nothing done with them."""
    connection = sqlite3.connect(f"{Path(store).resolve().as_uri()}?mode=ro", uri=True)
    tables = connection.execute("SELECT name FROM sqlite_schema WHERE name GLOB 'samples_[0-9]*' ORDER BY name")
    for (table,) in tables.fetchall():
        for _ in connection.execute(f"SELECT * FROM {table}"):
            pass


def _speed(rows: int, took: Took) -> str:
    wall, cpu = rows / took.wall_s, rows / took.cpu_s
    return f"{took.wall_s:.1f} s ({wall:,.0f} rows/s), CPU {took.cpu_s:.1f} s ({cpu:,.0f} rows a CPU second)"


def _run(command: list[str]) -> Took:
    started = time.monotonic()
    child = subprocess.Popen(command, cwd=Path(__file__).parents[1])
    _, status, usage = os.wait4(child.pid, 0)
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"{command} failed")
    return Took(time.monotonic() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


if __name__ == "__main__":
    main()
