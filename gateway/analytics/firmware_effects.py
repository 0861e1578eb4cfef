"""What a firmware goes with, all else alike: lives and pace of wear by firmware, adjusted for use, form and lot. Pure.

Devices that are used more, or mobile, may well have another firmware, and other lots. So lives (Weibull regression) and
paces (weighted least squares) are explained by all of it at once, and what is left to the firmware is told, against the
most common one. A life's firmware is that which its device had for most of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

from gateway.analytics.life_groups import columns
from gateway.analytics.lot_comparison import by_model, paces, paces_of
from gateway.analytics.nozzle_lives import NozzleLife
from gateway.survival.lifetimes import Floats
from gateway.survival.regression import independent, least_squares, weibull_regression
from gateway.survival.wear_pace import within_lots
from schemas.lifetime_views import EffectView, EstimateView

ALPHA: Final = 0.05
LEAST_OF_LEVEL: Final = 5
"""Nozzles of a firmware, or of a lot, that are told apart; a lot with fewer counts with the other small ones."""


class _Effect(NamedTuple):
    """Log of life over that with the baseline, and its standard error."""

    value: float
    error: float

    @property
    def p_value(self) -> float:
        return float(2.0 * ndtr(-abs(self.value) / self.error))


class _Design(NamedTuple):
    """Traits by column: ones, the firmwares but the baseline, then what is adjusted for."""

    traits: Floats
    levels: tuple[str, ...]


def firmware_effects(lives: Sequence[NozzleLife], alpha: float = ALPHA) -> tuple[EffectView, ...]:
    """Every firmware against the most common one, for each nozzle model in which it can be told."""
    found: list[EffectView] = []
    for model, part in by_model(lives).items():
        found += _of_model(model, [life for life in part if life.firmware is not None], alpha)
    return tuple(found)


def _of_model(model: str, lives: Sequence[NozzleLife], alpha: float) -> list[EffectView]:
    counts = Counter(life.firmware for life in lives if life.firmware is not None)
    enough = [name for name, count in counts.most_common() if count >= LEAST_OF_LEVEL]
    if len(enough) < 2:
        return []
    baseline, chosen = enough[0], [life for life in lives if life.firmware in enough]
    by_lives, by_wear = _by_lives(chosen, baseline), _by_wear(chosen, baseline)
    told = [name for name in sorted(enough[1:]) if name in by_lives or name in by_wear]
    # Two looks at each firmware, and all firmwares of the model: each is allowed its share.
    tries = 2 * len(told)
    views = []
    for name in told:
        seen = [effect for effect in (by_lives.get(name), by_wear.get(name)) if effect is not None]
        p_value = min(1.0, tries * min(effect.p_value for effect in seen))
        views.append(
            EffectView(
                model=model,
                level=name,
                baseline=baseline,
                nozzles=counts[name],
                by_lives=_estimate(by_lives.get(name)),
                by_wear=_estimate(by_wear.get(name)),
                p_value=p_value,
                clear=p_value <= alpha,
            )
        )
    return views


def _by_lives(lives: Sequence[NozzleLife], baseline: str) -> dict[str, _Effect]:
    counted = [life for life in lives if life.counts]
    # A firmware or lot without an end has no finite effect.
    ended = [life for life in counted if life.state == "ended"]
    firmwares = Counter(life.firmware for life in ended)
    lots = Counter(life.lot for life in ended)
    kept = [life for life in counted if firmwares[life.firmware] >= LEAST_OF_LEVEL]
    if baseline not in firmwares or len({life.firmware for life in kept}) < 2:
        return {}
    design = _design(kept, baseline, {lot for lot, count in lots.items() if count >= LEAST_OF_LEVEL and lot})
    table = columns(kept)
    fit = weibull_regression(table, design.traits) if table.ends > 2 * design.traits.shape[1] else None
    return {} if fit is None else _effects(design.levels, fit.effects, fit.errors)


def _by_wear(lives: Sequence[NozzleLife], baseline: str) -> dict[str, _Effect]:
    paced = paces_of(lives)
    firmwares = Counter(life.firmware for life in paced)
    kept = [life for life in paced if firmwares[life.firmware] >= LEAST_OF_LEVEL]
    if firmwares[baseline] < LEAST_OF_LEVEL or len({life.firmware for life in kept}) < 2:
        return {}
    lots = Counter(life.lot for life in kept)
    design = _design(kept, baseline, {lot for lot, count in lots.items() if count >= LEAST_OF_LEVEL and lot})
    told = paces(kept)
    one_group = np.zeros(len(kept), dtype=np.int64)
    fit = least_squares(-told.log_pace, design.traits, 1.0 / (within_lots(told, one_group) + told.variance))
    return {} if fit is None else _effects(design.levels, fit.effects, fit.errors)


def _design(lives: Sequence[NozzleLife], baseline: str, lots: set[str]) -> _Design:
    levels = tuple(sorted({life.firmware for life in lives if life.firmware not in (None, baseline)}, key=str))
    parts = [np.ones(len(lives))]
    parts += [np.array([life.firmware == level for life in lives], dtype=np.float64) for level in levels]
    rates = np.array([life.strikes_per_day or np.nan for life in lives], dtype=np.float64)
    use = np.log(np.where(np.isnan(rates), np.nanmedian(rates), rates)) if np.isfinite(rates).any() else None
    adjusting = [] if use is None else [use - use.mean()]
    adjusting.append(np.array([life.form == "mobile" for life in lives], dtype=np.float64))
    # The first lot is what the others are told against.
    adjusting += [np.array([life.lot == lot for life in lives], dtype=np.float64) for lot in sorted(lots)[1:]]
    table = np.column_stack([*parts, *adjusting])
    return _Design(table[:, independent(table)], tuple(str(level) for level in levels))


def _effects(levels: Sequence[str], effects: Floats, errors: Floats) -> dict[str, _Effect]:
    found = {level: _Effect(float(effects[place]), float(errors[place])) for place, level in enumerate(levels, 1)}
    return {level: effect for level, effect in found.items() if effect.error > 0.0 and np.isfinite(effect.error)}


def _estimate(effect: _Effect | None) -> EstimateView | None:
    if effect is None:
        return None
    half = float(ndtri(0.975)) * effect.error
    value, low, high = np.exp([effect.value, effect.value - half, effect.value + half]).tolist()
    return EstimateView(value=value, low=low, high=high)
