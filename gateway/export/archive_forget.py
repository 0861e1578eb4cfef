"""Forgetting a clinic in the archive: each file that names it is written anew without it."""

from __future__ import annotations

from pathlib import Path

from gateway.export.files import Writing
from gateway.export.parquet import ParquetFile, require_pyarrow
from gateway.export.tables import SAMPLES


def forget_in_archive(folder: Path, clinic_id: str) -> int:
    """Gives the number of samples that are gone. Killed, it is done again. Raises SilverpointError without pyarrow."""
    require_pyarrow()
    return sum(_forget_in(path, clinic_id) for path in sorted(folder.rglob("*.parquet")))


def _forget_in(path: Path, clinic_id: str) -> int:
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    gone = 0
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            clinics = file.read_row_group(group, columns=["clinic_id"])["clinic_id"]
            gone += clinics.to_pylist().count(clinic_id)
        if not gone:
            return 0
        with Writing(anew := ParquetFile(path, SAMPLES)):
            for group in range(file.num_row_groups):
                table = file.read_row_group(group)
                anew.write_arrow(table.filter(pc.field("clinic_id") != clinic_id))
    return gone
