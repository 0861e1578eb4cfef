"""Simulated fleets of several lots, one of them perhaps bad: what the comparison of lots must get right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from gateway.survival.flags import LivesOfLots, PacesOfLots
from gateway.survival.lifetimes import Bools, Floats, Ints, lifetimes
from gateway.survival.wear_pace import Paces

BAD: Final = "L0"
BAD_LIVES: Final = 0.7
_PACE_NOISE: Final = 0.15
_READ_FROM: Final = 0.15


@dataclass(frozen=True, slots=True)
class FleetKind:
    """What the lives of a fleet are like. `frailty`: standard deviation of log life from lot to lot."""

    name: str
    shape: float = 3.2
    failed: float = 0.5
    frailty: float = 0.0
    bad: bool = True
    one_end: bool = False
    """Whether all are watched up to one age; otherwise each up to its own."""
    staggered: bool = False
    """Whether later lots have been in use for less, and part of the early ones is first seen in mid-life."""
    lots: int = 8
    nozzles: int = 40
    lives: bool = True
    wear: bool = False
    """Whether the ends of lives, and the pace of wear, are looked at."""


@dataclass(frozen=True, slots=True)
class SimulatedLots:
    """One fleet; `true_lives`: of each lot over the usual."""

    lives: LivesOfLots
    wear: PacesOfLots
    true_lives: dict[str, float]


def draw_fleet(kind: FleetKind, seed: int) -> SimulatedLots:
    """One fleet of a kind."""
    rng = np.random.default_rng([seed, 77])
    factor = np.exp(kind.frailty * rng.standard_normal(kind.lots))
    factor[0] *= BAD_LIVES if kind.bad else 1.0
    lot = np.repeat(np.arange(kind.lots), kind.nozzles)
    life = rng.weibull(kind.shape, lot.size) * factor[lot]
    horizon = np.ones(lot.size) if kind.one_end else rng.uniform(0.0, 1.0, lot.size)
    if kind.staggered:
        horizon *= 1.2 - 0.1 * lot
    watched = horizon * _reach(life, horizon, kind.failed)
    entry = _entries(rng, kind, lot, life, watched)
    seen = entry < np.minimum(life, watched)
    names = [f"L{number}" for number in lot[seen]]
    lives = lifetimes(np.minimum(life, watched)[seen], (life <= watched)[seen], entry[seen])
    return SimulatedLots(
        LivesOfLots(lives, names),
        _paces(rng, life[seen], lives.exit, names),
        {f"L{number}": float(one) for number, one in enumerate(factor)},
    )


def _reach(life: Floats, horizon: Floats, failed: float) -> float:
    """How far all must be watched, so that the given share fails."""
    return float(np.quantile(life / np.maximum(horizon, 1e-9), failed))


def _entries(rng: np.random.Generator, kind: FleetKind, lot: Ints, life: Floats, watched: Floats) -> Floats:
    late: Bools = (lot < kind.lots // 2) & (rng.random(lot.size) < 0.5)
    if not kind.staggered:
        late[:] = False
    return np.where(late, rng.uniform(0.0, 0.6, lot.size) * np.median(watched), 0.0)


def _paces(rng: np.random.Generator, life: Floats, reached: Floats, names: list[str]) -> PacesOfLots:
    """Wear read once, at the end: the less there is of it, the less exactly it tells the pace."""
    worn = np.minimum(reached / life, 1.0)
    told = worn >= _READ_FROM
    variance = (_PACE_NOISE * _READ_FROM / worn[told]) ** 2
    log_pace = -np.log(life[told]) + np.sqrt(variance) * rng.standard_normal(int(told.sum()))
    lots = [name for name, known in zip(names, told.tolist(), strict=True) if known]
    return PacesOfLots(Paces(log_pace, variance), lots)
