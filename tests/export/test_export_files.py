"""An export has every row of the store once, in order, and is whole or goes on."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest

from gateway.errors import ConflictError, SilverpointError
from gateway.export import exporter
from gateway.export.exporter import export
from gateway.export.manifest import Format, Manifest, read_manifest
from gateway.export.tables import TABLES
from gateway.store.open import open_export
from gateway.store.rows import Batch
from gateway.store.service_rows import AlertChange
from gateway.store.sqlite import SqliteStore
from tests.export.conftest import DEVICES
from tests.store.store_records import DAY_MS, NOW_MS, alert, settle

BEGIN_MS, END_MS = 946_684_800_000, 4_102_444_800_000


def exported(
    tmp_path: Path, form: Format = "parquet", since_ms: int = BEGIN_MS, until_ms: int = END_MS, out: str = "out"
) -> Manifest:
    source = open_export(f"sqlite:///{tmp_path / 'store.db'}")
    try:
        asked = Manifest(form, None, (None, None), since_ms, until_ms)
        return export(source, tmp_path / out, asked, None, lambda done, total: None)
    finally:
        source.close()


async def stored(store: SqliteStore, since_ms: int = BEGIN_MS, until_ms: int = END_MS) -> list[dict[str, Any]]:
    """What the store says through its own reads, in the order of the files."""
    rows: list[dict[str, Any]] = []
    for device_id in sorted(DEVICES):
        history = await store.device_history(device_id)
        for event_ms, received_ms, estimated, said in history.samples:
            if since_ms <= event_ms < until_ms:
                rows.append(
                    {
                        "device_id": device_id, "ts_ms": event_ms, "clinic_id": said.clinic_id,
                        "boot_id": said.boot_id, "seq": said.seq, "received_ms": received_ms,
                        "estimated": estimated, "clock_ms": said.ts_ms if estimated else None,
                        "up_ms": said.up_ms, "power_source": said.power_source, "charge": said.charge_ratio,
                        "voltage_v": said.voltage_v, "health": said.health_ratio,
                        "nozzle_fitted": said.nozzle_fitted, "nozzle_serial": said.nozzle_serial,
                        "strikes": said.strikes, "coating": said.coating_ratio, "depth_mm": said.depth_mm,
                        "sessions_total": said.sessions_total, "session_active": said.session_active,
                    }
                )  # fmt: skip
    return rows


def by_key(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: (row["device_id"], row["ts_ms"], row["boot_id"], row["seq"]))


def files_of(folder: Path, table: str, form: str = "parquet") -> list[Path]:
    return sorted((folder / table).rglob(f"*.{form}"))


async def test_every_sample_of_every_place_is_in_a_file_once_to_the_last_bit(
    store: SqliteStore, tmp_path: Path
) -> None:
    done = exported(tmp_path)
    found = [row for path in files_of(tmp_path / "out", "samples") for row in pq.read_table(path).to_pylist()]
    for row in found:
        row.pop("day", None)
    expected = await stored(store)
    assert len(expected) == 300
    assert by_key(found) == by_key(expected)
    assert sum(entry.rows for entry in done.files if entry.table == "samples") == 300
    for path in files_of(tmp_path / "out", "samples"):
        rows = pq.ParquetFile(path).read(columns=["device_id", "ts_ms"]).to_pylist()
        assert rows == sorted(rows, key=lambda row: (row["device_id"], row["ts_ms"]))
        days = {row["ts_ms"] // DAY_MS for row in rows}
        assert [f"day={exporter.day_name(day)}" for day in days] == [path.parent.name]


async def test_csv_says_the_same(store: SqliteStore, tmp_path: Path) -> None:
    exported(tmp_path, "csv")
    read: dict[str, Callable[[str], Any]] = {"true": lambda _: True, "false": lambda _: False}
    found: list[dict[str, Any]] = []
    for path in files_of(tmp_path / "out", "samples", "csv"):
        with path.open(newline="") as file:
            found += csv.DictReader(file)
    for row, meant in zip(by_key(found), by_key(await stored(store)), strict=True):
        for name, value in row.items():
            expected = meant[name]
            said = None if value == "" else read.get(value, type(expected))(value)
            assert said == expected, name


async def test_a_span_of_time_is_cut_to_the_millisecond(store: SqliteStore, tmp_path: Path) -> None:
    since_ms, until_ms = NOW_MS - 2 * DAY_MS - 12_345, NOW_MS - DAY_MS // 3
    exported(tmp_path, since_ms=since_ms, until_ms=until_ms)
    found = [row for path in files_of(tmp_path / "out", "samples") for row in pq.ParquetFile(path).read().to_pylist()]
    assert by_key(found) == by_key(await stored(store, since_ms, until_ms))


async def test_the_other_tables_are_there(store: SqliteStore, tmp_path: Path) -> None:
    await store.apply_alerts([AlertChange(alert(), None, NOW_MS, "began")], 1)
    done = exported(tmp_path)
    assert {entry.table: 0 for entry in done.files} == dict.fromkeys(
        ("nozzle_lives", "alerts", "sessions", "samples"), 0
    )
    (life,) = pq.read_table(tmp_path / "out/nozzle_lives").to_pylist()
    assert (life["nozzle_serial"], life["model"], life["lot"], life["strikes_at_start"]) == ("noz-1", "SN-9", "L-1", 12)
    assert (life["removed_ms"], life["strikes_at_end"]) == (None, 7_000)
    sessions = [row for path in files_of(tmp_path / "out", "sessions") for row in pq.read_table(path).to_pylist()]
    assert [row["session_id"] for row in sessions] == ["03ea", "03e9", "03e8"]


async def test_duckdb_pandas_and_polars_read_it(store: SqliteStore, tmp_path: Path) -> None:
    exported(tmp_path)
    everything = f"{tmp_path}/out/samples/*/*.parquet"
    expected = sum(row["strikes"] or 0 for row in await stored(store))
    by_duckdb = duckdb.sql(f"SELECT sum(strikes), count(DISTINCT day) FROM read_parquet('{everything}')").fetchall()[0]
    assert by_duckdb[0] == expected
    assert pd.read_parquet(tmp_path / "out/samples")["strikes"].sum() == expected
    assert pl.read_parquet(everything)["strikes"].sum() == expected


class PowerCutError(Exception):
    pass


@pytest.mark.parametrize("after", [0, 1, 3, 5])
async def test_an_export_that_was_cut_off_goes_on(
    store: SqliteStore, tmp_path: Path, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, count = exporter._write_block, 0

    def cut(*given: Any) -> None:
        nonlocal count
        count += 1
        if count > after:
            raise PowerCutError
        write(*given)

    monkeypatch.setattr(exporter, "_write_block", cut)
    with pytest.raises(PowerCutError):
        exported(tmp_path)
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("part-*.parquet")}
    stray = tmp_path / "out/samples/day=2026-02-28/part-0.parquet.part"
    stray.parent.mkdir(parents=True, exist_ok=True)
    stray.write_bytes(b"half")
    monkeypatch.setattr(exporter, "_write_block", write)
    done = exported(tmp_path)
    assert done.complete
    assert not stray.exists()
    assert all(path.stat().st_mtime_ns == at for path, at in kept.items())
    assert sum(entry.rows for entry in done.files if entry.table == "samples") == 300
    with pytest.raises(ConflictError, match="complete"):
        exported(tmp_path)


async def test_a_folder_with_something_else_is_left_alone(store: SqliteStore, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/letter.txt").write_text("dear")
    with pytest.raises(ConflictError, match="not empty"):
        exported(tmp_path)


async def test_sealing_between_two_parts_loses_and_doubles_nothing(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The export is planned, then the tables turn and late samples come, then it goes on."""
    source = open_export(f"sqlite:///{tmp_path / 'store.db'}")
    expected = {(row["boot_id"], row["seq"]) for row in await stored(store)}
    days = source.days(BEGIN_MS, END_MS)
    late = [timed._replace(sample=timed.sample._replace(seq=timed.sample.seq + 5_000)) for timed in samples(100)]
    await store.commit(Batch(samples=tuple(late)))
    await settle(store)
    found: list[tuple[str, int]] = []
    for day in days:
        with source.view() as view:
            for block in view.samples(day, BEGIN_MS, END_MS, 1_000):
                found += [(block.boots[int(row[2])], int(row[3])) for row in block.values]
    source.close()
    assert len(found) == len(set(found))
    assert expected <= set(found)


def samples(count: int) -> Any:
    from tests.export.conftest import samples_of

    return samples_of(7, count)


async def test_without_pyarrow_it_says_what_to_install_and_csv_works(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(SilverpointError, match=r"pip install 'silverpoint\[export\]'"):
        exported(tmp_path)
    assert exported(tmp_path, "csv", out="csv").complete


def test_the_manifest_of_an_export_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert read_manifest(tmp_path) is None
    (tmp_path / "manifest.json").write_text(json.dumps({"format": "xls"}))
    with pytest.raises(SilverpointError, match="another folder"):
        read_manifest(tmp_path)


def test_every_column_has_a_meaning() -> None:
    for shape in TABLES:
        assert len({field.name for field in shape.fields}) == len(shape.fields)
        assert all(field.meaning for field in shape.fields)
