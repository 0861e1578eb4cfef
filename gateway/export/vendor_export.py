"""The vendor's export: the same history as numbers about k clinics and more; see `analytics/privacy`.

Whatever is read is summed by window, labels and clinic at once, so that it takes little memory, and is told by cells.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np

from gateway.analytics.privacy import OTHER, UNKNOWN, Labels, Window, months_within, quarter_before, rounded
from gateway.analytics.usage_told import told_cells
from gateway.export.columns import columns_of_rows
from gateway.export.exporter import DAY_MS, table_file
from gateway.export.files import Writing, make_folder
from gateway.export.lives import life_rows
from gateway.export.manifest import FileEntry, Manifest, begun, write_manifest
from gateway.export.parquet import require_pyarrow
from gateway.export.tables import NOZZLE_LIVES, TableShape
from gateway.export.vendor_tables import (
    VENDOR_ALERTS,
    VENDOR_FORECASTS,
    VENDOR_LIVES,
    VENDOR_SAMPLES,
    VENDOR_SESSIONS,
    EndedLife,
    Tally,
    counted_and_meant,
    life_groups,
    ratio,
)
from gateway.store.export_base import SAMPLE_FIELDS, ExportSource, Row, SampleBlock
from gateway.store.sqlite.sample_row import ACTIVE, MAINS
from gateway.store.told_base import ToldDocument

RowsOf: TypeAlias = Callable[[Window], Iterator[Row]]

_KEPT_UNDER: Final = "pseudonym"
_AT: Final = {name: place for place, name in enumerate(SAMPLE_FIELDS)}
_LIFE: Final = {field.name: place for place, field in enumerate(NOZZLE_LIVES.fields)}
_BLOCK_ROWS: Final = 65_536
_BEGIN_MS: Final = 946_684_800_000
_LONGEST_WINDOW_MS: Final = 92 * DAY_MS


Keep: TypeAlias = Callable[[str, Mapping[str, ToldDocument]], Mapping[str, ToldDocument]]
"""Keeps a table's documents by window; gives what was told of these windows first."""
TellUse: TypeAlias = Callable[[int, int], None]
"""Has made what vendors are told of use in the months between two times."""


def export_for_vendor(
    source: ExportSource, folder: Path, new: Manifest, keep: Keep, tell_use: TellUse, *, k: int, now_ms: int
) -> Manifest:
    """Writes every table that has enough clinics in it; gives the manifest with its files.

    What was told of a window before is told again: neither late records nor a clinic that is forgotten can be found by
    subtraction. Raises SilverpointError where the folder can't be used.
    """
    if new.format == "parquet":
        require_pyarrow()
    make_folder(folder)
    manifest = begun(folder, new)
    telling = _Telling(source, manifest, k, now_ms)
    for month in telling.months:
        if month.name not in source.told_use():
            tell_use(month.since_ms, month.until_ms)
    for shape, windows, rows_of in telling.tables():
        rows = _told(source, shape, windows, rows_of, keep, k)
        if rows:
            path = folder / shape.name / f"part-0.{manifest.format}"
            with Writing(table_file(path, shape, manifest.format)) as writing:
                writing.file.write(columns_of_rows(shape.fields, rows))
            entry = FileEntry(shape.name, str(path.relative_to(folder)), len(rows), path.stat().st_size)
            manifest = replace(manifest, files=(*manifest.files, entry))
    manifest = replace(manifest, complete=True)
    write_manifest(folder, manifest)
    return manifest


def _told(
    source: ExportSource, shape: TableShape, windows: Sequence[Window], rows_of: RowsOf, keep: Keep, k: int
) -> list[Row]:
    """The rows of all windows, in order: those told before as they were (none, where that was with a smaller k), the
    others made now and kept."""
    told = dict(source.told(shape.name))
    made = {window.name: list(rows_of(window)) for window in windows if window.name not in told}
    # Of a window that nothing could be told of, something may be told later: there is nothing to subtract it from.
    new = {name: ToldDocument(json.dumps(rows), k) for name, rows in made.items() if rows}
    if new:
        told.update(keep(shape.name, new))
    documents = (told[window.name].for_k(k) for window in windows if window.name in told)
    return [tuple(row) for document in documents for row in json.loads(document or "[]")]


class _Telling:
    """One export's windows and labels."""

    def __init__(self, source: ExportSource, manifest: Manifest, k: int, now_ms: int) -> None:
        self._source = source
        self._k = k
        until_ms = min(manifest.until_ms, now_ms)
        since_ms = max(manifest.since_ms, self._first_ms(now_ms))
        self.months = tuple(months_within(since_ms, until_ms, now_ms))
        self._quarters = _quarters(since_ms, until_ms, now_ms)
        self._models = {device: facts[0] or UNKNOWN for device, facts in source.device_facts().items()}
        self._secret = source.secret(_KEPT_UNDER) or secrets.token_bytes(32)
        self._lives: list[Row] | None = None

    def tables(self) -> Iterator[tuple[TableShape, Sequence[Window], RowsOf]]:
        """Every table with its windows, and what makes the rows of one."""
        yield VENDOR_LIVES, self._quarters, self._ended_lives
        yield VENDOR_FORECASTS, self.months, self._forecasts
        yield VENDOR_ALERTS, self.months, self._alerts
        yield VENDOR_SESSIONS, self.months, self._sessions
        yield VENDOR_SAMPLES, self.months, self._samples

    def _all_lives(self) -> list[Row]:
        if self._lives is None:
            with self._source.view() as view:
                self._lives = [row for ledger in view.ledgers() for row in life_rows(ledger, _BEGIN_MS, 1 << 62)]
        return self._lives

    def _first_ms(self, now_ms: int) -> int:
        """No window that begins before has anything."""
        days = [*self._source.days(_BEGIN_MS, now_ms), *self._source.record_days("sessions", _BEGIN_MS, now_ms)]
        return min(days, default=now_ms // DAY_MS) * DAY_MS - _LONGEST_WINDOW_MS

    def _sessions(self, month: Window) -> Iterator[Row]:
        """As the API tells them: two partitions of the same sums could be held against each other."""
        told = self._source.told_use().get(month.name)
        document = told.for_k(self._k) if told is not None else None
        for labels, _, sums in told_cells(document or "[]"):
            named = (*labels, OTHER, OTHER)[:2]
            means = (ratio(sums.depth_um / 1_000, sums.depths), ratio(sums.on_battery, sums.sessions))
            totals = (rounded(sums.sessions), rounded(sums.strikes))
            yield (month.name, *named, *totals, *means, ratio(sums.cut, sums.sessions))

    def _alerts(self, month: Window) -> Iterator[Row]:
        tally = Tally(1)
        with self._source.view() as view:
            for rule, clinic_id in view.firings(month.since_ms, month.until_ms):
                if clinic_id:
                    tally.add((rule,), clinic_id, (1.0,))
        yield from counted_and_meant(month.name, tally, self._k, ())

    def _forecasts(self, month: Window) -> Iterator[Row]:
        about = {str(row[_LIFE["nozzle_serial"]]): (_nozzle(row), _clinic(row)) for row in self._all_lives()}
        tally = Tally(2)
        with self._source.view() as view:
            for row in view.forecasts(month.since_ms, month.until_ms):
                serial, inside_80 = row[0], row[12]
                if inside_80 is not None and serial in about:
                    tally.add(*about[serial], (1.0, inside_80))
        yield from counted_and_meant(month.name, tally, self._k, ((1, 0),))

    def _ended_lives(self, quarter: Window) -> Iterator[Row]:
        ended = (_ended(row, quarter) for row in self._all_lives())
        return life_groups(quarter.name, (life for life in ended if life), self._secret, self._k)

    def _samples(self, month: Window) -> Iterator[Row]:
        tally = Tally(5)
        for day in self._source.days(month.since_ms, month.until_ms):
            with self._source.view() as view:
                for block in view.samples(day, month.since_ms, month.until_ms, _BLOCK_ROWS):
                    self._add_block(tally, block, month)
        yield from counted_and_meant(month.name, tally, self._k, ((1, 0), (2, 3), (4, 0)))

    def _add_block(self, tally: Tally, block: SampleBlock, month: Window) -> None:
        values = block.values
        values = values[values[:, _AT["event_ms"]] + values[:, _AT["delay_ms"]] < month.settled_ms]
        if not len(values):
            return
        pairs = values[:, _AT["device_no"]] * 2.0**26 + values[:, _AT["clinic_no"]]
        distinct, places = np.unique(pairs, return_inverse=True)
        flags, charge = values[:, _AT["flags"]].astype(np.int64), values[:, _AT["charge_ratio"]]
        has_charge = charge >= 0
        charges = np.where(has_charge, charge, 0.0)
        parts = (np.ones(len(values)), (flags & MAINS) != 0, charges, has_charge, (flags & ACTIVE) != 0)
        sums = np.stack([np.bincount(places, part, len(distinct)) for part in parts], axis=1)
        for pair, row in zip(distinct, sums.tolist(), strict=True):
            device_no, clinic_no = divmod(int(pair), 1 << 26)
            tally.add(self._device(block.devices[device_no]), block.clinics[clinic_no], row)

    def _device(self, device_id: str) -> Labels:
        return (self._models.get(device_id, UNKNOWN),)


def _quarters(since_ms: int, until_ms: int, now_ms: int) -> tuple[Window, ...]:
    """The settled quarters that lie wholly in the span, oldest first; at most ten years of them."""
    found: list[Window] = []
    quarter = quarter_before(until_ms, now_ms)
    while quarter.since_ms >= since_ms and len(found) < 40:
        found.append(quarter)
        quarter = quarter_before(quarter.since_ms, now_ms)
    return tuple(reversed(found))


def _ended(row: Row, quarter: Window) -> EndedLife | None:
    removed_ms, strikes = row[_LIFE["removed_ms"]], row[_LIFE["strikes_at_end"]]
    if removed_ms is None or strikes is None or not quarter.since_ms <= removed_ms < quarter.until_ms:
        return None
    days = (removed_ms - row[_LIFE["fitted_ms"]]) / DAY_MS
    return EndedLife(_nozzle(row), _clinic(row), row[_LIFE["nozzle_serial"]], float(strikes), days)


def _nozzle(row: Row) -> Labels:
    return (row[_LIFE["model"]] or UNKNOWN, row[_LIFE["lot"]] or UNKNOWN)


def _clinic(row: Row) -> str:
    return str(row[_LIFE["clinic_id"]])
