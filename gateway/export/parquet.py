"""Parquet: files that DuckDB, pandas and polars read, with the encoding that suits each column.

What is sorted by device changes little from row to row: whole numbers are kept as their differences, names and
measurements (which have few digits) as places in a dictionary, and zstd takes the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from gateway.errors import SilverpointError
from gateway.export.columns import Column, Columns
from gateway.export.files import finish, part_of
from gateway.export.tables import Kind, TableShape

if TYPE_CHECKING:
    import pyarrow as pa

_INSTALL: Final = "Parquet needs pyarrow: pip install 'silverpoint[export]' (CSV works without it: --format csv)"
_ROWS_A_GROUP: Final = 1 << 20


def require_pyarrow() -> None:
    """Raises SilverpointError, with what to install, where there is no pyarrow."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError:
        raise SilverpointError(_INSTALL) from None


def arrow_schema(shape: TableShape) -> pa.Schema:
    """The table's columns as Arrow has them."""
    import pyarrow as pa

    types: dict[Kind, pa.DataType] = {
        "text": pa.string(),
        "int": pa.int64(),
        "float": pa.float64(),
        "bool": pa.bool_(),
        "floats": pa.list_(pa.float64()),
    }
    return pa.schema([pa.field(field.name, types[field.kind]) for field in shape.fields])


class ParquetFile:
    """A Parquet file being written, a row group for each block of rows."""

    def __init__(self, path: Path, shape: TableShape) -> None:
        import pyarrow.parquet as pq

        self.rows = 0
        self._path = path
        self._schema = arrow_schema(shape)
        steps = [field.name for field in shape.fields if field.steps]
        self._writer = pq.ParquetWriter(
            part_of(path),
            self._schema,
            compression="zstd",
            use_dictionary=[  # type: ignore[arg-type]
                field.name for field in shape.fields if not field.steps and field.kind != "bool"
            ],
            column_encoding=dict.fromkeys(steps, "DELTA_BINARY_PACKED"),
            write_statistics=[field.name for field in shape.fields if field.kind != "floats"],
        )

    def write(self, columns: Columns) -> None:
        import pyarrow as pa

        arrays = [_array(columns[field.name], field.type) for field in self._schema]
        self.write_arrow(pa.Table.from_arrays(arrays, schema=self._schema))

    def write_arrow(self, table: pa.Table) -> None:
        """Rows as Arrow has them already."""
        self._writer.write_table(table, row_group_size=_ROWS_A_GROUP)
        self.rows += table.num_rows

    def close(self) -> None:
        self._writer.close()
        finish(self._path)

    def discard(self) -> None:
        self._writer.close()
        part_of(self._path).unlink(missing_ok=True)


def read_range(path: Path, since_ms: int, until_ms: int) -> Iterator[pa.Table]:
    """The rows of a file of samples with since <= `ts_ms` < until, in their order, a row group at a time."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            table = file.read_row_group(group)
            times = table["ts_ms"]
            inside = pc.and_(
                pc.greater_equal(times, pa.scalar(since_ms, pa.int64())),
                pc.less(times, pa.scalar(until_ms, pa.int64())),
            )
            kept = table.filter(inside)
            if kept.num_rows:
                yield kept


def columns_of_arrow(table: pa.Table) -> Columns:
    """The same rows for whoever writes another format."""
    return {name: Column(table[name].combine_chunks()) for name in table.column_names}


def _array(column: Column, kind: pa.DataType) -> Any:
    import pyarrow as pa

    if isinstance(column.values, pa.Array):
        return column.values
    if not isinstance(column.values, np.ndarray):
        return pa.array(list(column.values), kind)
    if column.names is not None:
        places = pa.array(column.values.astype(np.int32), pa.int32(), mask=column.missing)
        return pa.array(list(column.names), kind).take(places)
    return pa.array(column.values, kind, mask=column.missing)
