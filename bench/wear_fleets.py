"""Simulated fleets of wearing units, of kinds that no single model fits: what the forecast must not fall over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np

from gateway.wear.history import Unit, unit
from gateway.wear.paths import Floats

Random = np.random.Generator
_STEPS: Final = 400


class Fleet(NamedTuple):
    """Simulated units and the limit at which they count as worn out."""

    kind: str
    units: list[Unit]
    limit: float


def _scaled(shape: Callable[[Floats], Floats], spread: float, walk: float) -> Callable[[Random, Floats], Floats]:
    """A common shape run through at each unit's own speed, with a random walk in its progress."""

    def path(rng: Random, x: Floats) -> Floats:
        progress = x * np.exp(spread * rng.standard_normal())
        steps = rng.standard_normal(x.size) * np.sqrt(np.diff(x, prepend=0.0)) * walk
        return shape(np.maximum(progress + np.cumsum(steps), 0.0))

    return path


def _gamma(rng: Random, x: Floats) -> Floats:
    """A gamma process: wear in jumps, never back."""
    rate = np.exp(0.2 * rng.standard_normal())
    steps: Floats = rng.gamma(np.diff(x, prepend=0.0) * 30.0, 1.0 / 30.0) * rate
    return np.cumsum(steps)


def _crack(rng: Random, x: Floats) -> Floats:
    """A crack by Paris' law, da/dx = C a^m: slow for long, then quick; it starts at a length of its own."""
    m, start = 1.6 + 0.1 * rng.standard_normal(), 0.3 * np.exp(0.1 * rng.standard_normal())
    speed = 1.35 * np.exp(0.12 * rng.standard_normal())
    inside = start ** (1.0 - m) - (m - 1.0) * speed * x
    length = np.maximum(inside, 0.05) ** (1.0 / (1.0 - m))
    return np.asarray(length, dtype=float)


def _plateau(rng: Random, x: Floats) -> Floats:
    """Running in, a plateau, then wearing out, by about the same calendar; each unit its own running in."""
    offset, size = 0.1 * rng.standard_normal(), np.exp(0.15 * rng.standard_normal())
    speed = np.exp(0.08 * rng.standard_normal())
    t = x * speed
    path: Floats = (
        size * (0.35 * (1.0 - np.exp(-8.0 * t)) + 0.1 * t + 0.55 * np.maximum(t - 0.3, 0.0) ** 2 / 0.49) + 0.1 * offset
    )
    return path


KINDS: Final[dict[str, Callable[[Random, Floats], Floats]]] = {
    "linear": _scaled(lambda t: t, 0.25, 0.04),
    "convex": _scaled(lambda t: t**2.5, 0.2, 0.04),
    "concave": _scaled(lambda t: t**0.5, 0.3, 0.06),
    "s-shaped": _scaled(lambda t: 1.15 / (1.0 + np.exp(-7.0 * (t - 0.6))) - 0.015, 0.2, 0.03),
    "exponential": _scaled(lambda t: np.expm1(3.0 * t) / np.expm1(3.0), 0.2, 0.03),
    "rough": _scaled(lambda t: t, 0.1, 0.2),
    "alike": _scaled(lambda t: t**1.5, 0.05, 0.02),
    "gamma": _gamma,
    "crack": _crack,
    "plateau": _plateau,
}


def fleet(
    kind: str, units: int, seed: int, *, noise: float = 0.02, readings: int = 40, censored: float = 0.15
) -> Fleet:
    """So many units of a kind, read at irregular uses with noise (share of the limit); some are taken out early.

    The scales of wear and use are drawn over many decades.
    """
    rng = np.random.default_rng([seed, sorted(KINDS).index(kind)])
    wear_scale, use_scale = 10.0 ** rng.uniform(-4.0, 6.0, 2)
    x = np.linspace(0.0, 4.0, _STEPS * 2)
    made = []
    for number in range(units):
        path = KINDS[kind](rng, x)
        over = np.flatnonzero(path >= 1.0)
        end = min(float(x[over[0]]) if over.size else 4.0, 4.0) * rng.uniform(1.02, 1.15)
        if units > 3 and rng.random() < censored:
            end *= rng.uniform(0.4, 0.95)
        at = np.append(np.sort(rng.uniform(0.0, end, max(int(readings * rng.uniform(0.6, 1.4)), 4))), end)
        seen = np.interp(at, x, path) + noise * rng.standard_normal(at.size)
        made.append(unit(f"{kind}-{number}", at * use_scale, seen * wear_scale))
    return Fleet(kind, made, wear_scale)
