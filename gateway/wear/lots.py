"""How much a lot's units share their speed: what one bad lot teaches of its next unit.

Drift of unit i in lot g: m + effect_g + own_i, effect ~ N(0, r v), own ~ N(0, (1 - r) v): one-way random effects
(Searle, Casella, McCulloch 1992), r by marginal likelihood over the units' own estimates, each with its variance.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from gateway.wear.paths import Floats

_SHARES: Final = np.linspace(0.0, 0.9, 10)


class LotEffects(NamedTuple):
    """Drift of the fleet and sums of each lot's units: all that the next unit's prior needs."""

    drift: float
    drift_var: float
    share: float
    """r: the part of drift_var that lies between lots; 0 where lots don't matter or aren't known."""
    lots: tuple[str | None, ...]
    off: Floats
    """Each unit's estimated drift less the fleet's."""
    precision: Floats
    """1 / (variance of the unit's own part + that of its estimate)."""

    def prior(self, lot: str | None, without: int | None = None) -> tuple[float, float]:
        """Mean and variance of the drift of a unit of that lot, before its own readings and without one unit's."""
        members = np.array([lot is not None and name == lot for name in self.lots])
        if without is not None:
            members[without] = False
        between = self.share * self.drift_var
        if between <= 0.0 or not members.any():
            return self.drift, self.drift_var
        total = float(self.precision[members].sum()) + 1.0 / between
        effect = float((self.precision * self.off)[members].sum()) / total
        return self.drift + effect, self.drift_var - between + 1.0 / total


def lot_effects(
    lots: Sequence[str | None], estimates: Floats, estimate_vars: Floats, drift: float, drift_var: float
) -> LotEffects:
    """From each unit's own drift and its variance (no prior in them), and the fleet's mean and variance of drift."""
    off = estimates - drift
    names = sorted({lot for lot in lots if lot is not None})
    best, best_share = -np.inf, 0.0
    for share in _SHARES.tolist() if len(names) > 1 else []:
        value = _log_likelihood(lots, names, off, estimate_vars, share, drift_var) + 2.0 * np.log1p(-share)
        if value > best:
            best, best_share = value, share
    precision = 1.0 / ((1.0 - best_share) * drift_var + estimate_vars)
    return LotEffects(drift, drift_var, best_share, tuple(lots), off, precision)


def _log_likelihood(
    lots: Sequence[str | None], names: list[str], off: Floats, variances: Floats, share: float, drift_var: float
) -> float:
    """Of the units' offsets at one share, lots integrated out."""
    between = share * drift_var
    total = (1.0 - share) * drift_var + variances
    value = -0.5 * float(np.sum(np.log(total) + off * off / total))
    for name in names:
        members = np.array([lot == name for lot in lots])
        precision = float(np.sum(1.0 / total[members]))
        pull = float(np.sum(off[members] / total[members]))
        value += 0.5 * pull * pull * between / (1.0 + between * precision) - 0.5 * float(np.log1p(between * precision))
    return value
