"""Remaining life as a distribution on a grid: quantiles, probability integral transform, CRPS."""

from __future__ import annotations

from typing import Final

import numpy as np

from gateway.wear.paths import Floats

LONGEST: Final = 10.0
"""The grid's end, and the cap of every quantile, in mean lives."""

AHEAD: Final = np.concatenate(
    [np.linspace(0.0, 0.2, 41)[:-1], np.linspace(0.2, 1.5, 105)[:-1], np.geomspace(1.5, LONGEST, 40)]
)
"""Remaining life in mean lives, fine near 0: the grid of every cumulative distribution here."""


def quantiles(cdf: Floats, levels: Floats) -> Floats:
    """Where each row of cumulative probabilities (rows, grid) reaches each level: (rows, levels), in mean lives.

    Finite, monotone, at least 0, at most LONGEST, whatever the row.
    """
    rows = np.maximum.accumulate(np.clip(np.nan_to_num(np.atleast_2d(cdf), nan=0.0), 0.0, 1.0), axis=1)
    rows = rows + np.linspace(0.0, 1e-9, rows.shape[1])
    out = [np.interp(levels, row, AHEAD, right=LONGEST) for row in rows]
    return np.asarray(out, dtype=float)


def probability_at(cdf: Floats, came: Floats) -> Floats:
    """The probability integral transform: what each row (rows, grid) gave to a life no longer than came (rows,)."""
    at = np.clip(np.searchsorted(AHEAD, came, side="right") - 1, 0, AHEAD.size - 2)
    rows = np.arange(len(came))
    share = np.clip((came - AHEAD[at]) / (AHEAD[at + 1] - AHEAD[at]), 0.0, 1.0)
    return np.asarray(cdf[rows, at] * (1.0 - share) + cdf[rows, at + 1] * share)


def crossed_scores(cdfs: Floats, came: Floats) -> Floats:
    """Integrals of (F_i - H)(F_j - H) over remaining life, H the step at what came: (rows, models, models).

    `cdfs` is (models, rows, grid). The diagonal is the CRPS of each model (Matheson and Winkler 1976; Gneiting and
    Raftery 2007), and the CRPS of a linear pool with weights w is w' A w.
    """
    middle = 0.5 * (cdfs[:, :, 1:] + cdfs[:, :, :-1])
    width = np.diff(AHEAD)
    after = np.clip((AHEAD[1:] - came[:, None]) / width, 0.0, 1.0)
    before = np.einsum("irg,jrg,rg->rij", middle, middle, width * (1.0 - after))
    return np.asarray(before + np.einsum("irg,jrg,rg->rij", 1.0 - middle, 1.0 - middle, width * after))
