"""Columns: some rows of a table, column by column, ready to be written in any format. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gateway.export.tables import Field
from gateway.store.export_base import SAMPLE_FIELDS, Names, SampleBlock, SampleMatrix
from gateway.store.sqlite.sample_row import ACTIVE, ESTIMATED, FITTED, MAINS

Mask: TypeAlias = NDArray[np.bool_]

_AT: Final = {name: place for place, name in enumerate(SAMPLE_FIELDS)}
_SOURCES: Final = ("battery", "mains")


class Column(NamedTuple):
    """Values in order. With `names` they are places in it; where `missing` there is none. Without either, Python
    values with None, or an Arrow array as a file had it."""

    values: Any
    missing: Mask | None = None
    names: Sequence[str] | None = None


Columns: TypeAlias = Mapping[str, Column]


def columns_of_rows(fields: Sequence[Field], rows: Iterable[Sequence[object]]) -> Columns:
    """Rows that have the fields in their order."""
    values: list[Sequence[object]] = list(zip(*rows, strict=True)) or [() for _ in fields]
    return {field.name: Column(column) for field, column in zip(fields, values, strict=True)}


def columns_of_samples(block: SampleBlock) -> Columns:
    """The fields of `tables.SAMPLES`."""
    values = block.values
    flags = _of(values, "flags").astype(np.int64)
    event_ms = _of(values, "event_ms").astype(np.int64)
    estimated = (flags & ESTIMATED) != 0
    clock_ms = _of(values, "ts_ms")
    return {
        "device_id": _named(_of(values, "device_no"), block.devices),
        "ts_ms": Column(event_ms),
        "clinic_id": _named(_of(values, "clinic_no"), block.clinics),
        "boot_id": _named(_of(values, "boot_no"), block.boots),
        "seq": _whole(_of(values, "seq")),
        "received_ms": Column(event_ms + _of(values, "delay_ms").astype(np.int64)),
        "estimated": Column(estimated),
        "clock_ms": Column(clock_ms.astype(np.int64), ~estimated | (clock_ms < 0)),
        "up_ms": _whole(_of(values, "up_ms")),
        "power_source": Column(((flags & MAINS) != 0).astype(np.int64), None, _SOURCES),
        "charge": _measured(_of(values, "charge_ratio")),
        "voltage_v": _measured(_of(values, "voltage_v")),
        "health": _measured(_of(values, "health_ratio")),
        "nozzle_fitted": Column((flags & FITTED) != 0),
        "nozzle_serial": _named(_of(values, "nozzle_no"), block.nozzles),
        "strikes": _whole(_of(values, "strikes")),
        "coating": _measured(_of(values, "coating_ratio")),
        "depth_mm": _measured(_of(values, "depth_mm")),
        "sessions_total": _whole(_of(values, "sessions_total")),
        "session_active": Column((flags & ACTIVE) != 0),
    }


def as_list(column: Column) -> list[object]:
    """The values as Python has them, None where there is none."""
    values = column.values
    if not isinstance(values, np.ndarray):
        return values.to_pylist() if hasattr(values, "to_pylist") else list(values)
    found: list[object] = values.tolist()
    if column.names is not None:
        names = column.names
        found = [names[place] for place in values.tolist()]
    if column.missing is not None and column.missing.any():
        for place in np.flatnonzero(column.missing):
            found[place] = None
    return found


def _of(values: SampleMatrix, name: str) -> SampleMatrix:
    return values[:, _AT[name]]


def _whole(values: SampleMatrix) -> Column:
    return Column(values.astype(np.int64), _absent(values))


def _measured(values: SampleMatrix) -> Column:
    return Column(values, _absent(values))


def _absent(values: SampleMatrix) -> Mask | None:
    absent: Mask = values < 0
    return absent if absent.any() else None


def _named(numbers: SampleMatrix, names: Names) -> Column:
    """Numbers by their names. Samples of one device lie side by side, so few runs of equal numbers are looked up."""
    starts = np.concatenate(([0], np.flatnonzero(numbers[1:] != numbers[:-1]) + 1))
    distinct, places = np.unique(numbers[starts], return_inverse=True)
    lengths = np.diff(np.append(starts, len(numbers)))
    told = [names.get(int(number), "") for number in distinct]
    return Column(np.repeat(places, lengths), _absent(numbers), told)
