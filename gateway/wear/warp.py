"""The scales on which a fleet's mean path is a straight line.

Level warp: z = tau(w)/tau(D), tau(w) the fleet's mean use to reach w, for units that go one way at their own speeds.
Use warp: s = g(x)/g(life), g(x) the fleet's mean wear at use x, for units that one calendar pushes.
Both are the same two-way fit: what one unit spends in one cell is its own factor times the cell's (the chain ladder of
actuaries, Mack 1993; iterative proportional fitting, Deming and Stephan 1940). Units that cover only a part of the
cells (worn at the start, not worn out yet) count where they were, without pulling the mean towards the quick ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from gateway.wear.paths import Floats, Path

CELLS: Final = 96
_ROUNDS: Final = 24
_STRAIGHT: Final = 0.1


class Scale(NamedTuple):
    """A piecewise linear, increasing scale; straight on beyond its ends."""

    places: Floats
    values: Floats
    slope_below: float
    slope_above: float

    def at(self, x: Floats | float) -> Floats:
        """The scale's value."""
        x = np.asarray(x, dtype=float)
        inside = np.interp(x, self.places, self.values)
        below, above = np.minimum(x - self.places[0], 0.0), np.maximum(x - self.places[-1], 0.0)
        out: Floats = inside + below * self.slope_below + above * self.slope_above
        return out


def spent(paths: Sequence[Path], edges: Floats, *, by_level: bool) -> Floats:
    """What each unit spent in each cell between the edges, NaN in cells that it does not cover whole: (units, cells).

    By level the edges are wear and use is spent; otherwise the edges are use and wear is spent.
    """
    out = np.full((len(paths), edges.size - 1), np.nan)
    for row, path in enumerate(paths):
        along, value = (path.wear, path.usage) if by_level else (path.usage, path.wear)
        if along.size < 2:
            continue
        inside = np.interp(edges, along, value)
        covered = (edges[:-1] >= along[0]) & (edges[1:] <= along[-1])
        out[row, covered] = np.diff(inside)[covered]
    return out


def two_way(table: Floats) -> Floats:
    """The cells' factors of a fit unit x cell to a table with gaps (NaN): (cells,), NaN where no unit is."""
    known = np.isfinite(table)
    filled = np.where(known, table, 0.0)
    column = filled.sum(axis=0)
    seen = known.any(axis=0)
    cell = np.ones(table.shape[1])
    for _ in range(_ROUNDS):
        base = (known * cell).sum(axis=1)
        factor = np.divide(filled.sum(axis=1), base, out=np.zeros(len(base)), where=base > 0.0)
        weight = factor @ known
        cell = np.divide(column, weight, out=np.zeros_like(cell), where=weight > 0.0)
        total = cell.sum()
        if total <= 0.0:
            break
        cell *= seen.sum() / total
    return np.where(seen, cell, np.nan)


def scale_from_cells(edges: Floats, cells: Floats, units: int) -> Scale:
    """The scale that grows by each cell's share, 0 at the first edge and 1 at the last.

    Cells that no unit covered take the mean of the others. A trace of the straight line is mixed in, the less the more
    units there are, so that the scale never stands still.
    """
    known = np.isfinite(cells)
    if not known.any() or np.nansum(cells) <= 0.0:
        cells = np.ones_like(cells)
        known = np.ones(cells.size, dtype=bool)
    cells = np.where(known, cells, cells[known].mean())
    share = _STRAIGHT / (1.0 + units)
    cells = (1.0 - share) * cells / cells.mean() + share
    values = np.concatenate([[0.0], np.cumsum(cells)])
    values /= values[-1]
    end = max(cells.size // 8, 1)
    width = edges[-1] - edges[0]
    return Scale(
        edges,
        values,
        float((values[end] - values[0]) / (edges[end] - edges[0])) if width > 0 else 1.0,
        float((values[-1] - values[-1 - end]) / (edges[-1] - edges[-1 - end])) if width > 0 else 1.0,
    )
