"""How long lives last by several traits at once: a Weibull regression with censoring and left truncation. Pure.

log T = x b + e / k, e the smallest extreme value: exp(b) of a trait is by how much lives with it last longer, all other
traits alike (the accelerated failure time model, Kalbfleisch and Prentice 1980). By Newton's method, whose last
curvature gives the standard errors.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from gateway.survival.lifetimes import Floats, Lifetimes

_ROUNDS: Final = 100
_TRIES: Final = 40
_DONE: Final = 1e-10
_ALIKE: Final = 1e-9


class Regression(NamedTuple):
    """Coefficients of log life and their standard errors, in order of the traits."""

    effects: Floats
    errors: Floats
    shape: float
    log_likelihood: float


def weibull_regression(lives: Lifetimes, traits: Floats) -> Regression | None:
    """The fit over traits (lives, traits), which must hold a column of ones.

    None where the traits do not tell apart what is asked (a column that others give, a trait without an end)."""
    unit = float(np.exp(np.mean(np.log(lives.exit))))
    scaled = Lifetimes(lives.entry / unit, lives.exit / unit, lives.ended)
    if not told_apart(traits[lives.ended]):
        return None
    theta = _climbed(scaled, traits)
    if theta is None:
        return None
    value, _, curve = _likelihood(scaled, traits, theta)
    covariance = np.linalg.inv(-curve)
    effects = theta[:-1].copy()
    effects[_ones(traits)] += np.log(unit)
    errors = np.sqrt(np.diag(covariance)[:-1])
    return Regression(effects, errors, float(np.exp(theta[-1])), value - lives.ends * float(np.log(unit)))


def told_apart(traits: Floats) -> bool:
    """Whether no trait is made up of others."""
    return len(independent(traits)) == int(traits.shape[1])


def independent(traits: Floats) -> list[int]:
    """The traits, from the first on, that those before them do not make up."""
    size = np.sqrt(np.sum(traits * traits, axis=0))
    scale = np.where(size > 0.0, size, 1.0)
    alike = (traits.T @ traits) / np.outer(scale, scale)
    kept: list[int] = []
    for place in np.flatnonzero(size > 0.0).tolist():
        wider = [*kept, place]
        if np.linalg.eigvalsh(alike[np.ix_(wider, wider)])[0] > _ALIKE:
            kept = wider
    return kept


class LeastSquares(NamedTuple):
    """Coefficients and standard errors of a weighted regression, the errors robust to unequal spread."""

    effects: Floats
    errors: Floats


def least_squares(values: Floats, traits: Floats, weights: Floats) -> LeastSquares | None:
    """Weighted least squares with errors after MacKinnon and White (1985, HC3); None where a trait can't be told."""
    root = np.sqrt(weights)
    x, y = traits * root[:, None], values * root
    if x.shape[0] <= x.shape[1] or not told_apart(x):
        return None
    inverse = np.linalg.inv(x.T @ x)
    effects = inverse @ (x.T @ y)
    hat = np.sum((x @ inverse) * x, axis=1)
    off = (y - x @ effects) / np.maximum(1.0 - hat, 1e-6)
    meat = (x * off[:, None]).T @ (x * off[:, None])
    return LeastSquares(effects, np.sqrt(np.diag(inverse @ meat @ inverse)))


def _ones(traits: Floats) -> int:
    return int(np.argmax(np.all(traits == 1.0, axis=0)))


def _climbed(lives: Lifetimes, traits: Floats) -> Floats | None:
    theta = np.zeros(traits.shape[1] + 1)
    theta[_ones(traits)] = float(np.log(lives.exit.sum() / lives.ends))
    value, slope, curve = _likelihood(lives, traits, theta)
    for _ in range(_ROUNDS):
        step = _step(curve, slope)
        if float(slope @ step) < _DONE:
            return theta if np.all(np.linalg.eigvalsh(-curve) > 0.0) else None
        for _ in range(_TRIES):
            further = _likelihood(lives, traits, theta + step)
            if further[0] > value:
                break
            step = step / 2.0
        else:
            return theta if np.all(np.linalg.eigvalsh(-curve) > 0.0) else None
        theta = theta + step
        value, slope, curve = further
    return None


def _step(curve: Floats, slope: Floats) -> Floats:
    """Newton's step, made to lead upwards where the likelihood is not yet curved down."""
    values, vectors = np.linalg.eigh(-curve)
    step = vectors @ ((vectors.T @ slope) / np.maximum(np.abs(values), 1e-3 * float(np.abs(values).max())))
    longest = float(np.max(np.abs(step)))
    return np.asarray(step * min(1.0, 2.0 / longest) if longest > 0.0 else step)


def _likelihood(lives: Lifetimes, traits: Floats, theta: Floats) -> tuple[float, Floats, Floats]:
    """Log likelihood with its slope and curvature by (coefficients, log shape)."""
    k, ended = float(np.exp(theta[-1])), lives.ended.astype(np.float64)
    middle = traits @ theta[:-1]
    out = k * (np.log(lives.exit) - middle)
    late = lives.entry > 0.0
    came = np.where(late, k * (np.log(np.where(late, lives.entry, 1.0)) - middle), -np.inf)
    gone, before = np.exp(np.minimum(out, 300.0)), np.exp(np.minimum(came, 300.0))
    came = np.where(late, came, 0.0)
    value = float(ended @ (theta[-1] + out - np.log(lives.exit)) - gone.sum() + before.sum())
    by_effect = k * (gone - before - ended)
    by_shape = float(ended @ (1.0 + out) - gone @ out + before @ came)
    across = k * (gone * (1.0 + out) - before * (1.0 + came) - ended)
    twice = float(ended @ out - gone @ (out + out**2) + before @ (came + came**2))
    size = traits.shape[1]
    curve = np.empty((size + 1, size + 1))
    curve[:size, :size] = -k * k * (traits.T @ ((gone - before)[:, None] * traits))
    curve[:size, size] = curve[size, :size] = traits.T @ across
    curve[size, size] = twice
    return value, np.append(traits.T @ by_effect, by_shape), curve
