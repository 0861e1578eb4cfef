"""Lines of demand: one item at one place over the coming weeks, as numbers to show; and as vendors are told them. Pure.

What vendors are told is made of whole cells (`privacy`), by item, then region; the fleet's line of an item is the sum
of its cells, so that no two lines differ by a few clinics.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from gateway.analytics.demand_draws import Cell, Counts
from gateway.analytics.demand_scores import LEVELS
from gateway.analytics.local_days import Floats
from gateway.analytics.privacy import DEFAULT_K, UNKNOWN, Labels, Share, published_cells, rounded

_WEEK_LEVELS: Final = (0.1, 0.5, 0.9)


class Need(NamedTuple):
    """The mean, and quantiles at the levels of its kind."""

    mean: float
    quantiles: tuple[int, ...]


class DemandLine(NamedTuple):
    """An item at a place; `place` None: the whole fleet."""

    item: str
    place: str | None
    weeks: tuple[Need, ...]
    """At 10, 50 and 90 %."""
    total: Need
    """At the levels of `demand_scores`."""


def demand_line(item: str, place: str | None, counts: Floats) -> DemandLine:
    """From counts (weeks, scenarios)."""
    weeks = np.quantile(counts, _WEEK_LEVELS, axis=1, method="inverted_cdf").T
    total = counts.sum(axis=0)
    return DemandLine(
        item,
        place,
        tuple(
            Need(float(mean), tuple(int(value) for value in row))
            for mean, row in zip(counts.mean(axis=1), weeks, strict=True)
        ),
        Need(float(total.mean()), tuple(int(v) for v in np.quantile(total, LEVELS, method="inverted_cdf"))),
    )


def summed(parts: Sequence[Counts]) -> Floats:
    """Counts (weeks, scenarios) of several cells together."""
    total = np.zeros(parts[0].shape)
    for part in parts:
        total += part
    return total


def told_lines(counts: Mapping[Cell, Counts], region_of: Callable[[str], str], k: int = DEFAULT_K) -> list[DemandLine]:
    """What vendors are told: each item in the fleet, and in the regions that are large enough."""
    labels = {cell: (cell.item, region_of(cell.clinic_id) or UNKNOWN) for cell in counts}
    shares = [Share(labels[cell], cell.clinic_id, float(number.mean())) for cell, number in counts.items()]
    cells = published_cells(shares, k)
    by_cell: dict[Labels, list[Counts]] = {}
    by_item: dict[str, list[Counts]] = {}
    for cell, number in counts.items():
        told = cells.cell_of(labels[cell])
        if told:
            by_item.setdefault(told[0], []).append(number)
            if len(told) > 1:
                by_cell.setdefault(told, []).append(number)
    lines = [demand_line(item, None, summed(parts)) for item, parts in sorted(by_item.items())]
    lines += [demand_line(told[0], told[1], summed(parts)) for told, parts in sorted(by_cell.items())]
    return [_rounded(line) for line in lines]


def _rounded(line: DemandLine) -> DemandLine:
    return line._replace(weeks=tuple(_told(need) for need in line.weeks), total=_told(line.total))


def _told(need: Need) -> Need:
    return Need(rounded(need.mean), tuple(int(rounded(value)) for value in need.quantiles))


def lines_document(as_of_ms: int, lines: Iterable[DemandLine]) -> str:
    """To be kept: what vendors are told of a month's demand is made once."""
    return json.dumps([as_of_ms, list(lines)], separators=(",", ":"))


def document_lines(document: str) -> tuple[int, list[DemandLine]]:
    """What was kept: when it was made, and the lines."""
    as_of_ms, lines = json.loads(document)
    return as_of_ms, [
        DemandLine(item, place, tuple(_need(need) for need in weeks), _need(total))
        for item, place, weeks, total in lines
    ]


def _need(told: Sequence[object]) -> Need:
    mean, quantiles = told
    assert isinstance(mean, int | float)
    assert isinstance(quantiles, list)
    return Need(float(mean), tuple(quantiles))
