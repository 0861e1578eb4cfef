"""The sample archive, as pages and the API read it: a device's series from files of days that have left the store."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from gateway.store.archive_base import ArchivedFile, ArchiveStore
from gateway.store.rows import SamplePoint

_BUCKET_MS: Final = 900_000
_MOST_FILES: Final = 35
"""A longer look back is drawn from rollups, as without an archive."""
_COLUMNS: Final = (
    "ts_ms", "clinic_id", "power_source", "charge", "voltage_v", "health", "nozzle_serial", "strikes", "coating",
    "depth_mm", "sessions_total", "session_active", "estimated", "received_ms", "clock_ms",
)  # fmt: skip
"""In the order of `SamplePoint`."""


class SampleArchive:
    """Reads files beside the event loop; those that are not there just now are left out."""

    def __init__(self, store: ArchiveStore, folder: Path) -> None:
        self._store = store
        self._folder = folder

    async def with_archived(
        self, series: Sequence[SamplePoint], device_id: str, since_ms: int, until_ms: int, points: int
    ) -> Sequence[SamplePoint]:
        """The series, at most `points` long, with archived samples in place of the rollups that stood for them."""
        files = [file for file in await self._store.archives() if file.first_ms < until_ms and file.last_ms >= since_ms]
        if not files or len(files) > _MOST_FILES:
            return series
        archived = await asyncio.to_thread(self._read, files, device_id, since_ms, until_ms)
        return merged(series, archived, since_ms, until_ms, points)

    def _read(self, files: Sequence[ArchivedFile], device_id: str, since_ms: int, until_ms: int) -> list[SamplePoint]:
        import pyarrow.parquet as pq

        found: list[SamplePoint] = []
        for file in files:
            path = self._folder / file.name
            if not path.is_file():
                continue
            filters: Any = [("device_id", "=", device_id), ("ts_ms", ">=", since_ms), ("ts_ms", "<", until_ms)]
            table = pq.read_table(path, columns=list(_COLUMNS), filters=filters)
            found += map(_point, zip(*(table[name].to_pylist() for name in _COLUMNS), strict=True))
        return sorted(found, key=lambda point: point.ts_ms)


def _point(row: Iterable[Any]) -> SamplePoint:
    point = SamplePoint._make(row)
    # The file leaves the device's clock out where the event time is just that.
    return point if point.estimated else point._replace(clock_ms=point.ts_ms)


def merged(
    series: Sequence[SamplePoint], archived: Sequence[SamplePoint], since_ms: int, until_ms: int, points: int
) -> list[SamplePoint]:
    """Both in order of time, the last of each of `points` equal steps where they are more. Rollups stand at the start
    of their quarter of an hour, and go where a sample of the archive lies in it. Pure."""
    covered = {point.ts_ms // _BUCKET_MS for point in archived}
    kept = [point for point in series if point.ts_ms % _BUCKET_MS or point.ts_ms // _BUCKET_MS not in covered]
    both = sorted((*kept, *archived), key=lambda point: point.ts_ms)
    if len(both) <= points:
        return both
    step_ms = -(-(until_ms - since_ms) // points)
    return list({(point.ts_ms - since_ms) // step_ms: point for point in both}.values())
