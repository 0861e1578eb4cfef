"""What an export reads of a store: columns of samples and rows of the rest, part by part, beside a running gateway.

Plain calls, not awaited: whoever reads so much has a thread or a process of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final, Literal, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gateway.store.archive_base import SampleKey
from gateway.store.rows import LedgerRow
from gateway.store.told_base import ToldDocument

ABSENT: Final = -1
"""In place of a value that is not there; none of the columns can be negative where it is."""

SAMPLE_FIELDS: Final = (
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

SampleMatrix: TypeAlias = NDArray[np.float64]
"""Samples as rows of SAMPLE_FIELDS; all of them are whole numbers below 2^53 or binary64 as they were stored."""

RecordKind: TypeAlias = Literal["sessions", "forecasts", "alerts"]
Names: TypeAlias = Mapping[int, str]
Row: TypeAlias = tuple[Any, ...]


class SampleBlock(NamedTuple):
    """Some samples in order of (device id, event time, boot, seq), with the names of the numbers in them."""

    values: SampleMatrix
    devices: Names
    clinics: Names
    boots: Names
    nozzles: Names


class NozzleSeen(NamedTuple):
    """What one device says of one nozzle: its package, and the last of its strikes and coating."""

    serial: str
    model: str | None
    lot: str | None
    rated_strikes: int | None
    expires_on: str | None
    strikes: int | None
    coating_ratio: float | None
    last_event_ms: int


class DeviceLedger(NamedTuple):
    """One device's swaps in order of key, and the nozzles that it showed."""

    rows: tuple[LedgerRow, ...]
    seen: Mapping[str, NozzleSeen]


class ExportView(Protocol):
    """One state of the store; whatever is read here belongs together."""

    def samples(self, day: int, since_ms: int, until_ms: int, block_rows: int) -> Iterator[SampleBlock]:
        """The day's samples with since <= event time < until, except those that are archived."""
        ...

    def strays(self, before_ms: int, most: int) -> tuple[Sequence[SampleKey], Iterator[SampleBlock]]:
        """At most so many samples out of range from before a time: their keys, and themselves in order."""
        ...

    def archived(self, day: int) -> tuple[str, ...]:
        """The archive's files that have samples of the day."""
        ...

    def sessions(self, since_ms: int, until_ms: int) -> Iterator[Row]:
        """Rows of SESSION_FIELDS with since <= event time < until, in order of (device, event time)."""
        ...

    def ledgers(self) -> Iterator[DeviceLedger]:
        """Of each device that had a nozzle, in order of id."""
        ...

    def forecasts(self, since_ms: int, until_ms: int) -> Iterator[Row]:
        """Rows of FORECAST_FIELDS made in that time, in order of (serial, time)."""
        ...

    def firings(self, since_ms: int, until_ms: int) -> Iterator[Row]:
        """(rule, clinic id) of each time that an alert began to fire in that time."""
        ...

    def alerts(self, since_ms: int, until_ms: int) -> Iterator[Row]:
        """Rows of ALERT_FIELDS that began in that time, in order of (device, time)."""
        ...


class ExportSource(Protocol):
    """A store that is exported."""

    def days(self, since_ms: int, until_ms: int) -> Mapping[int, int]:
        """Every UTC day (since the epoch) that has samples in that time, and about how many, in order."""
        ...

    def record_days(self, kind: RecordKind, since_ms: int, until_ms: int) -> Sequence[int]:
        """Every UTC day that has sessions in that time, or forecasts or alerts of it, in order."""
        ...

    def view(self) -> AbstractContextManager[ExportView]:
        """The store as it stands, until the end of the block."""
        ...

    def told_use(self) -> Mapping[str, ToldDocument]:
        """What vendors were told of use, as `analytics/usage_told` wrote it, by month."""
        ...

    def told(self, name: str) -> Mapping[str, ToldDocument]:
        """What vendors were told in a table's files, as JSON, by window."""
        ...

    def device_facts(self) -> Mapping[str, tuple[str | None, str | None, str | None]]:
        """Model, firmware and form of each device."""
        ...

    def secret(self, name: str) -> bytes | None:
        """A secret of the store; None where there is none yet."""
        ...

    def close(self) -> None: ...
