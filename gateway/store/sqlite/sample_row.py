"""A sample as a row: the same seventeen columns in the hot tables, the days' tables and the device states.

`ts_ms` is kept only where it is not the event time; the receipt as its distance from the event time. Columns that
are mostly empty have NONE for NULL: sqlite3 takes ten times as long to bind None as a number.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from typing import Any, Final

from gateway.store.rows import SamplePoint, TimedSample
from gateway.store.sqlite.connection import Row
from gateway.store.sqlite.numbers import Numbers
from schemas.records import PowerSource, Sample

ESTIMATED: Final = 1
MAINS: Final = 2
FITTED: Final = 4
ACTIVE: Final = 8

NONE: Final = -1
"""In place of NULL in the columns that are mostly empty."""

_COLUMN_NAMES: Final = (
    "device_no",
    "event_ms",
    "boot_no",
    "seq",
    "clinic_no",
    "delay_ms",
    "flags",
    "ts_ms",
    "up_ms",
    "charge_ratio",
    "voltage_v",
    "health_ratio",
    "nozzle_no",
    "strikes",
    "coating_ratio",
    "depth_mm",
    "sessions_total",
)
COLUMNS: Final = ", ".join(_COLUMN_NAMES)
COLUMN_COUNT: Final = len(_COLUMN_NAMES)

NAMED: Final = (
    "d.device_id, s.event_ms, b.boot_id, s.seq, c.clinic_id, s.delay_ms, s.flags, s.ts_ms, s.up_ms, s.charge_ratio,"
    " s.voltage_v, s.health_ratio, n.serial, s.strikes, s.coating_ratio, s.depth_mm, s.sessions_total"
)
"""The columns with names for numbers, of `s` joined by NAMES."""

NAMES: Final = (
    " JOIN devices d ON d.device_no = s.device_no JOIN boots b ON b.boot_no = s.boot_no"
    " JOIN clinics c ON c.clinic_no = s.clinic_no LEFT JOIN nozzles n ON n.nozzle_no = s.nozzle_no"
)

NO_SAMPLE: Final = (None,) * (COLUMN_COUNT - 1)
"""In place of a device's latest sample that is not there (its device_no is)."""


def sample_values(samples: Iterable[TimedSample], numbers: Numbers) -> list[object]:
    """The rows of samples, one after the other. Raises KeyError for a name without a number."""
    devices, clinics, nozzles, boots = numbers.devices, numbers.clinics, numbers.nozzles, numbers.boots
    values: list[object] = []
    extend = values.extend
    for event_ms, received_ms, estimated, sample in samples:
        (clinic_id, device_id, boot_id, seq, ts_ms, up_ms, source, charge, voltage, health) = sample[:10]
        (fitted, serial, strikes, coating, depth, total, active) = sample[10:]
        extend(
            (
                devices[device_id],
                event_ms,
                boots[device_id, boot_id],
                seq,
                clinics[clinic_id],
                received_ms - event_ms,
                estimated | (source == "mains") << 1 | fitted << 2 | active << 3,
                ts_ms if estimated and ts_ms is not None else NONE,
                NONE if up_ms is None else up_ms,
                charge,
                voltage,
                NONE if health is None else health,
                nozzles[serial],
                strikes,
                coating,
                depth,
                total,
            )
        )
    return values


class MadeSamples:
    """Rows of samples that were made already, found again by the very sample."""

    def __init__(self, samples: Iterable[TimedSample], values: list[object]) -> None:
        self._values = values
        self._start = {id(timed): start for start, timed in zip(count(0, COLUMN_COUNT), samples, strict=False)}

    def row(self, timed: TimedSample) -> list[object] | None:
        """The row of a sample; None where it is not among them. The samples must be alive still."""
        start = self._start.get(id(timed))
        return None if start is None else self._values[start : start + COLUMN_COUNT]


NOTHING_MADE: Final = MadeSamples((), [])


def estimated_values(samples: Iterable[TimedSample], numbers: Numbers) -> list[object]:
    """(boot_no, seq, event_ms) of those samples whose event time is estimated, one after the other."""
    values: list[object] = []
    for event_ms, _, estimated, sample in samples:
        if estimated:
            values += (numbers.boots[sample.device_id, sample.boot_id], sample.seq, event_ms)
    return values


def named_sample(row: Row) -> TimedSample:
    """The sample of a row of NAMED columns."""
    (device_id, event_ms, boot_id, seq, clinic_id, delay_ms, flags, ts_ms, up_ms) = row[:9]
    (charge, voltage, health, serial, strikes, coating, depth, total) = row[9:17]
    estimated = bool(flags & ESTIMATED)
    return TimedSample(
        event_ms,
        event_ms + delay_ms,
        estimated,
        Sample(
            clinic_id,
            device_id,
            boot_id,
            seq,
            (None if ts_ms == NONE else ts_ms) if estimated else event_ms,
            None if up_ms == NONE else up_ms,
            _source(flags),
            charge,
            voltage,
            None if health == NONE else health,
            bool(flags & FITTED),
            serial,
            strikes,
            coating,
            depth,
            total,
            bool(flags & ACTIVE),
        ),
    )


def point(row: tuple[Any, ...]) -> SamplePoint:
    """The point of a row of NAMED columns."""
    flags: int = row[6]
    return SamplePoint(
        ts_ms=row[1],
        clinic_id=row[4],
        power_source=_source(flags),
        charge_ratio=row[9],
        voltage_v=row[10],
        health_ratio=None if row[11] == NONE else row[11],
        nozzle_serial=row[12],
        strikes=row[13],
        coating_ratio=row[14],
        depth_mm=row[15],
        sessions_total=row[16],
        session_active=bool(flags & ACTIVE),
        estimated=bool(flags & ESTIMATED),
        received_ms=row[1] + row[5],
        clock_ms=row[1] if not flags & ESTIMATED else (None if row[7] == NONE else row[7]),
    )


def _source(flags: int) -> PowerSource:
    return "mains" if flags & MAINS else "battery"
