"""Use as vendors are told it: whole months that are over, in cells that hold enough clinics, each told once for all.

The cells and sums of a month are made when it has settled, kept, and never made again: sessions that come later,
devices that move or get another firmware change nothing that was told, so no two answers differ by them.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from gateway.analytics.local_days import DAY_MS
from gateway.analytics.privacy import (
    DEFAULT_K,
    OTHER,
    UNKNOWN,
    Labels,
    Share,
    Window,
    months_within,
    published_cells,
    rounded,
    rounded_count,
)
from gateway.analytics.usage import Usage, UsageReport
from gateway.analytics.usage_groups import FIELDS, UsageBy, UseGroup, UseTotals
from gateway.clock import Clock
from gateway.ingest.fleet import Fleet
from gateway.store.told_base import ToldDocument
from gateway.store.use_base import UseStore
from gateway.store.use_rows import UseAsk

TOLD_BY: Final[tuple[UsageBy, ...]] = ("model", "firmware")
"""In the order of the labels of a cell."""


class ToldCell(NamedTuple):
    """What one cell did in one month."""

    labels: Labels
    devices: int
    totals: UseTotals


class ToldUse:
    """Makes each settled month once, and answers from what was made."""

    def __init__(self, *, store: UseStore, usage: Usage, fleet: Fleet, clock: Clock, k: int = DEFAULT_K) -> None:
        self._store = store
        self._usage = usage
        self._fleet = fleet
        self._clock = clock
        self._k = k
        self._one_at_a_time = asyncio.Lock()

    async def report(
        self, by: UsageBy, since_ms: int, until_ms: int, models: frozenset[str] | None
    ) -> UsageReport | None:
        """The whole cells by one label, over the settled months within the span; None where there are none.

        Where the least number of clinics was raised, over the months since the last one that was told with a smaller
        one."""
        months = months_within(since_ms, until_ms, self._clock.now_ms())
        if not months:
            return None
        told: dict[Window, Sequence[ToldCell]] = {}
        async with self._one_at_a_time:
            for month in months:
                of_month = await self._month(month)
                if of_month is None:
                    told.clear()
                else:
                    told[month] = of_month
        if not told:
            return None
        first, last = min(told), max(told)
        cells = [cell for of_month in told.values() for cell in of_month]
        if models is not None:
            cells = [cell for cell in cells if cell.labels and cell.labels[0] in models]
        place = TOLD_BY.index(by)
        by_key: dict[str, list[ToldCell]] = {}
        for cell in cells:
            by_key.setdefault(cell.labels[place] if len(cell.labels) > place else OTHER, []).append(cell)
        groups = tuple(self._group(key, by_key[key], len(told)) for key in sorted(by_key))
        total = self._group(None, cells, len(told))
        return UsageReport(first.since_ms // DAY_MS, last.until_ms // DAY_MS, groups, total, ())

    async def _month(self, month: Window) -> Sequence[ToldCell] | None:
        """None: it was told with fewer clinics behind each number, and is told no more."""
        kept = await self._store.told_use(month.name)
        if kept is None:
            await self._store.tell_use(month.name, ToldDocument(_document(await self._made(month)), self._k))
            kept = await self._store.told_use(month.name)
        document = kept.for_k(self._k) if kept is not None else None
        return None if document is None else told_cells(document)

    def _group(self, key: str | None, cells: Sequence[ToldCell], months: int) -> UseGroup:
        totals = _sum([UseTotals(), *(cell.totals for cell in cells)])
        told = UseTotals(*(int(rounded(value)) for value in totals))
        return UseGroup(key, told, rounded_count(sum(cell.devices for cell in cells) // months, self._k))

    async def _made(self, month: Window) -> list[ToldCell]:
        since_day, until_day = month.since_ms // DAY_MS, month.until_ms // DAY_MS
        zones = await asyncio.to_thread(self._usage.zones, since_day, until_day)
        by_labels: dict[Labels, list[str]] = {}
        clinic_of: dict[str, str] = {}
        for state in self._fleet.devices():
            labels: Labels = (state.model or UNKNOWN, state.firmware or UNKNOWN)
            by_labels.setdefault(labels, []).append(state.device_id)
            clinic_of[state.device_id] = state.clinic_id
        clinics = sorted(set(clinic_of.values()))
        shares: list[Share] = []
        sums: dict[Labels, list[UseTotals]] = {}
        for labels, devices in sorted(by_labels.items()):
            ask = UseAsk(
                since_day=since_day,
                until_day=until_day,
                kind="clinic",
                labels={clinic: number for number, clinic in enumerate(clinics)},
                bucket_days=0,
                devices=frozenset(devices),
            )
            async for rows in self._store.use_sums(ask, zones):
                shares += [Share(labels, clinics[row.label], float(row.sessions)) for row in rows]
                sums.setdefault(labels, []).extend(UseTotals(*row[2:]) for row in rows)
        cells = published_cells(shares, self._k)
        told: dict[Labels, ToldCell] = {}
        for labels, totals in sums.items():
            cell = cells.cell_of(labels)
            if cell is not None:
                known = told.get(cell, ToldCell(cell, 0, UseTotals()))
                told[cell] = ToldCell(cell, known.devices + len(by_labels[labels]), _sum([known.totals, *totals]))
        return [told[cell] for cell in sorted(told)]


def _sum(totals: Iterable[UseTotals]) -> UseTotals:
    return UseTotals(*(sum(values) for values in zip(*totals, strict=True)))


def _document(cells: Iterable[ToldCell]) -> str:
    return json.dumps([[cell.labels, cell.devices, cell.totals] for cell in cells], separators=(",", ":"))


def told_cells(document: str) -> list[ToldCell]:
    """What was told of a month, as it was kept."""
    return [
        ToldCell(tuple(labels), devices, UseTotals(*totals[: len(FIELDS)]))
        for labels, devices, totals in json.loads(document)
    ]
