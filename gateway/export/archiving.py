"""Archiving: one file at a time, in a process of its own, so that the gateway's loop goes on.

A file is whole and on disk before the store notes it, and only what is noted may go. Killed anywhere, the same file is
written again in the same place: nothing is lost, and nothing is in two files.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Iterable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final, NamedTuple

from gateway.errors import SilverpointError
from gateway.export.columns import columns_of_samples
from gateway.export.exporter import day_name
from gateway.export.files import Writing, make_folder
from gateway.export.parquet import ParquetFile
from gateway.export.tables import SAMPLES
from gateway.store.archive_base import STRAYS, ArchivedFile, ArchiveJob, SampleKey
from gateway.store.export_base import SAMPLE_FIELDS, SampleBlock
from gateway.store.open import open_export

_BLOCK_ROWS: Final = 65_536
_END_OF_TIME: Final = 1 << 62
_STRAYS_AT_ONCE: Final = 4_000
_NICE: Final = 10
_END_WITHIN_S: Final = 2.0


class Archived(NamedTuple):
    """What was written: the file, and the keys of the strays in it."""

    file: ArchivedFile
    keys: tuple[SampleKey, ...]


def archive_file(store_url: str, folder: Path, job: ArchiveJob) -> Archived:
    """Writes the file of a job and gives what is in it. Raises SilverpointError where it can't be written."""
    source = open_export(store_url)
    try:
        with source.view() as view:
            if job.day == STRAYS:
                keys, blocks = view.strays(job.before_ms, _STRAYS_AT_ONCE)
                name = f"strays/{job.number:06d}.parquet"
                return Archived(_written(folder, name, job.day, blocks), tuple(keys))
            name = f"day={day_name(job.day)}/samples.parquet"
            samples = view.samples(job.day, -_END_OF_TIME, _END_OF_TIME, _BLOCK_ROWS)
            return Archived(_written(folder, name, job.day, samples), ())
    except OSError as error:
        raise SilverpointError(f"the archive {folder} can't be written: {error.strerror}") from error
    finally:
        source.close()


async def archive_apart(store_url: str, folder: Path, job: ArchiveJob) -> Archived:
    """`archive_file` in a spawned process. Cancelled, it ends the process. Raises SilverpointError where it fails."""
    ours, theirs = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(
        target=_main, args=(theirs, store_url, folder, job), name="archive", daemon=True
    )
    await asyncio.to_thread(process.start)
    theirs.close()
    try:
        answer = await asyncio.to_thread(ours.recv)
    except (EOFError, OSError):
        raise SilverpointError("archiving ended before it was done") from None
    finally:
        process.terminate()
        await asyncio.shield(asyncio.to_thread(process.join, _END_WITHIN_S))
        ours.close()
    if isinstance(answer, Archived):
        return answer
    raise SilverpointError(f"archiving failed: {answer}")


def _main(pipe: Connection, store_url: str, folder: Path, job: ArchiveJob) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent ends us in order
    os.nice(_NICE)
    try:
        pipe.send(archive_file(store_url, folder, job))
    except SilverpointError as error:
        pipe.send(str(error))


def _written(folder: Path, name: str, day: int, blocks: Iterable[SampleBlock]) -> ArchivedFile:
    path = folder / name
    make_folder(path.parent)
    first_ms, last_ms = _END_OF_TIME, -_END_OF_TIME
    with Writing(ParquetFile(path, SAMPLES)) as writing:
        for block in blocks:
            times = block.values[:, SAMPLE_FIELDS.index("event_ms")]
            first_ms, last_ms = min(first_ms, int(times.min())), max(last_ms, int(times.max()))
            writing.file.write(columns_of_samples(block))
    return ArchivedFile(name, day, writing.file.rows, first_ms, last_ms)
