"""The export: part by part from the store into files, in constant memory.

A part is a table's day, or a table that has no days. Each is read in one snapshot of its own, beside a running gateway;
its file has its name once it is whole, then the manifest has it. Reading and writing go on side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

from gateway.errors import SilverpointError
from gateway.export.columns import Columns, columns_of_rows, columns_of_samples
from gateway.export.files import CsvFile, TableFile, Writing, make_folder
from gateway.export.lives import life_rows
from gateway.export.manifest import FileEntry, Format, Manifest, begun, write_manifest
from gateway.export.parquet import ParquetFile, columns_of_arrow, read_range, require_pyarrow
from gateway.export.record_rows import alert_row, forecast_row, session_row
from gateway.export.tables import ALERTS, FORECASTS, NOZZLE_LIVES, SAMPLES, SESSIONS, TableShape
from gateway.store.export_base import ExportSource, ExportView

DAY_MS: Final = 86_400_000
_BLOCK_ROWS: Final = 65_536
_ROWS_AT_ONCE: Final = 20_000

Tell: TypeAlias = Callable[[int, int], None]
"""(rows done, rows in all, as far as they are known)."""


class Part(NamedTuple):
    """A table's day, or all of a table (`day` None)."""

    shape: TableShape
    day: int | None
    rows: int
    """About how many."""

    @property
    def name(self) -> str:
        return self.shape.name if self.day is None else f"{self.shape.name}/day={day_name(self.day)}"


def export(source: ExportSource, folder: Path, new: Manifest, archive: Path | None, tell: Tell) -> Manifest:
    """Writes all that the manifest asks for, or what is left of it, and gives the manifest with its files.

    Raises SilverpointError where the folder or the archive can't be used.
    """
    if new.format == "parquet":
        require_pyarrow()
    make_folder(folder)
    manifest = begun(folder, new)
    write_manifest(folder, manifest)
    parts = _parts(source, manifest)
    expected, rows = sum(part.rows for part in parts), sum(entry.rows for entry in manifest.files)
    for part in parts:
        if part.name in manifest.done:
            continue
        entries = _write_part(source, part, folder, manifest, archive, _on_top_of(rows, expected, tell))
        rows += sum(entry.rows for entry in entries)
        manifest = replace(manifest, files=(*manifest.files, *entries), done=(*manifest.done, part.name))
        write_manifest(folder, manifest)
        tell(rows, max(rows, expected))
    manifest = replace(manifest, complete=True)
    write_manifest(folder, manifest)
    return manifest


def _on_top_of(rows: int, expected: int, tell: Tell) -> Callable[[int], None]:
    return lambda more: tell(rows + more, expected)


def day_name(day: int) -> str:
    """A UTC day as people write it."""
    return f"{datetime.fromtimestamp(day * DAY_MS / 1_000, UTC):%Y-%m-%d}"


def table_file(path: Path, shape: TableShape, form: Format) -> TableFile:
    """A file of the table to write to, in its folder."""
    make_folder(path.parent)
    return ParquetFile(path, shape) if form == "parquet" else CsvFile(path, shape)


def _parts(source: ExportSource, manifest: Manifest) -> list[Part]:
    since_ms, until_ms = manifest.since_ms, manifest.until_ms
    parts = [Part(NOZZLE_LIVES, None, 0)]
    parts += [Part(FORECASTS, day, 0) for day in source.record_days("forecasts", since_ms, until_ms)]
    parts += [Part(ALERTS, day, 0) for day in source.record_days("alerts", since_ms, until_ms)]
    parts += [Part(SESSIONS, day, 0) for day in source.record_days("sessions", since_ms, until_ms)]
    parts += [Part(SAMPLES, day, samples) for day, samples in source.days(since_ms, until_ms).items()]
    return parts


def _write_part(
    source: ExportSource,
    part: Part,
    folder: Path,
    manifest: Manifest,
    archive: Path | None,
    tell: Callable[[int], None],
) -> list[FileEntry]:
    """The part's files: one of what the store has, one of each file of the archive; none of nothing."""
    entries: list[FileEntry] = []
    with source.view() as view:
        for number, blocks in enumerate(_sources(view, part, manifest, archive)):
            path = folder / part.name / f"part-{number}.{manifest.format}"
            rows = _write_file(blocks, path, part.shape, manifest.format, tell)
            if rows:
                size_bytes = path.stat().st_size
                entries.append(FileEntry(part.shape.name, str(path.relative_to(folder)), rows, size_bytes))
    return entries


def _write_file(
    blocks: Iterable[Callable[[], Columns]], path: Path, shape: TableShape, form: Format, tell: Callable[[int], None]
) -> int:
    """Writes each block in a thread while the next is read; gives the rows. No rows, no file."""
    ahead = iter(blocks)
    first = next(ahead, None)
    if first is None:
        return 0
    with Writing(table_file(path, shape, form)) as writing, ThreadPoolExecutor(1) as pool:
        file = writing.file
        written: Future[None] = pool.submit(_write_block, file, first)
        for block in ahead:
            written.result()
            tell(file.rows)
            written = pool.submit(_write_block, file, block)
        written.result()
    return file.rows


def _write_block(file: TableFile, block: Callable[[], Columns]) -> None:
    file.write(block())


def _sources(
    view: ExportView, part: Part, manifest: Manifest, archive: Path | None
) -> Iterator[Iterator[Callable[[], Columns]]]:
    """What makes the part's files: blocks that are still to be turned into columns."""
    since_ms, until_ms = manifest.since_ms, manifest.until_ms
    if part.day is None:
        yield _in_blocks(part.shape, _lives(view, since_ms, until_ms))
        return
    since_ms, until_ms = max(since_ms, part.day * DAY_MS), min(until_ms, (part.day + 1) * DAY_MS)
    if part.shape is not SAMPLES:
        yield _in_blocks(part.shape, _records(view, part.shape, since_ms, until_ms))
        return
    samples = view.samples(part.day, since_ms, until_ms, _BLOCK_ROWS)
    yield ((lambda block=block: columns_of_samples(block)) for block in samples)  # type: ignore[misc]
    for name in view.archived(part.day):
        yield _archived(_archive_file(archive, name), since_ms, until_ms)


def _lives(view: ExportView, since_ms: int, until_ms: int) -> Iterator[tuple[object, ...]]:
    for ledger in view.ledgers():
        yield from life_rows(ledger, since_ms, until_ms)


def _records(view: ExportView, shape: TableShape, since_ms: int, until_ms: int) -> Iterator[tuple[object, ...]]:
    if shape is SESSIONS:
        return map(session_row, view.sessions(since_ms, until_ms))
    if shape is FORECASTS:
        return map(forecast_row, view.forecasts(since_ms, until_ms))
    return map(alert_row, view.alerts(since_ms, until_ms))


def _in_blocks(shape: TableShape, rows: Iterator[tuple[object, ...]]) -> Iterator[Callable[[], Columns]]:
    while block := list(islice(rows, _ROWS_AT_ONCE)):
        yield lambda block=block: columns_of_rows(shape.fields, block)  # type: ignore[misc]


def _archived(path: Path, since_ms: int, until_ms: int) -> Iterator[Callable[[], Columns]]:
    for table in read_range(path, since_ms, until_ms):
        yield lambda table=table: columns_of_arrow(table)  # type: ignore[misc]


def _archive_file(archive: Path | None, name: str) -> Path:
    path = None if archive is None else archive / name
    if path is None or not path.is_file():
        where = "retention.archive_dir is not set" if archive is None else f"{archive} has it not"
        raise SilverpointError(f"older samples are in the archive's file {name}, but {where}")
    require_pyarrow()
    return path
