"""Practice: when people really replace nozzles, and by which model, learnt from the lives that have ended. Pure.

People replace by wear, some sooner, some later, and not at the limit: the wear at which worn nozzles were taken off
says when. Nozzles taken off with little wear (damaged, lost, recalled) come at a rate of their own a day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from scipy.special import log_ndtr

from gateway.analytics.local_days import Floats

PLANNED_FROM: Final = 0.6
"""A nozzle taken off with less wear was not taken off for its wear."""
USUAL_END: Final = 0.9
"""The wear at which nozzles are replaced, where nothing is known yet."""
_USUAL_END_SD: Final = 0.08
_PRIOR_ENDS: Final = 4
_EARLY_PRIOR: Final = (0.5, 500.0)
"""Early ends, and the days in which they came: what is believed before anything is seen."""
_USUAL_SPREAD: Final = 0.3
_SPREAD_SD: Final = 0.6
_MOST_LIVES: Final = 2_000
_TELLS_FROM: Final = 0.3
"""Of the median life: what is still younger tells nothing of how long lives are."""
_LOCATIONS: Final = 25
_SPREADS: Final = 15
_ZOOMS: Final = 4
_NEXT_PRIOR: Final = 2.0
_BEYOND_DAYS: Final = 4.0
"""Until a nozzle goes that is worn further than any that was replaced."""
_SMOOTH: Final = 0.015


class Life(NamedTuple):
    """One nozzle's life so far, or to its end."""

    model: str
    device_model: str | None
    strikes: float
    wear: float | None
    ended: bool
    open_days: float
    """On which it could have been used."""
    followed_by: str | None
    """The model of the nozzle that was fitted in its place."""


class LifeGrid(NamedTuple):
    """What is known of the lognormal life of a model's nozzles until they are replaced for wear: locations and
    spreads of the logarithm of strikes, and their probabilities."""

    location: Floats
    spread: Floats
    weight: Floats

    def draw(self, rng: np.random.Generator, scenarios: int) -> tuple[Floats, Floats]:
        """A location and a spread for each scenario: what is not known is shared by all nozzles of the model."""
        places = rng.choice(self.weight.size, scenarios, p=self.weight)
        return self.location[places], self.spread[places]


@dataclass(frozen=True, slots=True)
class Practice:
    """What replacements have been like."""

    ends: Floats
    """Wears at which nozzles were replaced for their wear, in order."""
    early: tuple[float, float]
    """Shape and rate (open days) of the gamma distribution of the rate of early ends a day."""
    lives: Mapping[str, LifeGrid]
    """By model."""
    follows: Mapping[tuple[str | None, str], tuple[tuple[str, ...], tuple[float, ...]]]
    """By device model and nozzle model: the models that came next, and how often (the parameters of a Dirichlet
    distribution of their shares)."""

    def life(self, model: str) -> LifeGrid:
        """Of a model without lives: that of the others, or none at all."""
        if model in self.lives:
            return self.lives[model]
        return next(iter(self.lives.values()), life_grid(np.empty(0), np.empty(0, dtype=bool), 1e7))

    def following(self, device_model: str | None, model: str) -> tuple[tuple[str, ...], tuple[float, ...]]:
        """The models that come after this one, and how often they did: the same again, where nothing is known."""
        return self.follows.get((device_model, model), ((model,), (1.0,)))

    def ends_after(self, wear: float, rng: np.random.Generator, scenarios: int) -> Floats | None:
        """Wears at which a nozzle of this wear will be replaced; None where it should have been long ago."""
        first = int(np.searchsorted(self.ends, wear))
        if first >= self.ends.size:
            return None
        drawn = rng.choice(self.ends[first:], scenarios) + _SMOOTH * rng.standard_normal(scenarios)
        return np.asarray(np.maximum(drawn, wear + 1e-4))

    @property
    def beyond_days(self) -> float:
        """Mean days until a nozzle goes that is worn further than any before it."""
        return _BEYOND_DAYS


def practice_of(lives: Sequence[Life], rated: Mapping[str, float]) -> Practice:
    """Learns from these lives; `rated` are the strikes by which makers rate their models."""
    planned = [life for life in lives if _is_planned(life)]
    told = sorted(life.wear for life in planned if life.wear is not None)
    prior = USUAL_END + _USUAL_END_SD * np.linspace(-1.2, 1.2, _PRIOR_ENDS)
    ends = np.array(told[-10 * _MOST_LIVES :]) if len(told) >= 5 * _PRIOR_ENDS else np.sort(np.append(prior, told))
    models = sorted({life.model for life in lives} | rated.keys())
    return Practice(
        ends=ends,
        early=_early_rate(lives),
        lives={model: _lives_of(model, lives, rated.get(model)) for model in models},
        follows=_follows(lives),
    )


def _is_planned(life: Life) -> bool:
    return life.ended and (life.wear is None or life.wear >= PLANNED_FROM)


def _early_rate(lives: Iterable[Life]) -> tuple[float, float]:
    early, days = _EARLY_PRIOR
    for life in lives:
        if life.wear is None:
            continue
        early += life.ended and life.wear < PLANNED_FROM
        days += life.open_days * min(1.0, PLANNED_FROM / max(life.wear, 1e-3))
    return (float(early), float(days))


def _lives_of(model: str, lives: Sequence[Life], rated: float | None) -> LifeGrid:
    own = [life for life in lives if life.model == model and life.strikes > 0]
    own = sorted(own, key=_is_planned)[-_MOST_LIVES:]
    ended = np.array([_is_planned(life) for life in own], dtype=bool)
    use = np.array([life.strikes for life in own], dtype=float)
    if ended.any():
        keep = ended | (use > _TELLS_FROM * np.median(use[ended]))
        use, ended = use[keep], ended[keep]
    guess = USUAL_END * rated if rated else float(np.median(use)) if use.size else 1e7
    return life_grid(use, ended, guess)


def life_grid(use: Floats, ended: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], guess: float) -> LifeGrid:
    """From each unit's use at the end of its life, or so far where `ended` is False: the posterior over a grid, drawn
    closer around where the probability is. `guess` counts as much as one life that is known within a factor of 1.5."""
    log_use = np.log(np.maximum(use, 1.0))
    where = float(log_use[ended].mean()) if ended.any() else float(np.log(max(guess, 1.0)))
    low, high, narrow, wide = where - 1.5, where + 1.5, np.log(0.03), np.log(1.2)
    for zoom in range(_ZOOMS):
        location, log_spread = (
            part.ravel()
            for part in np.meshgrid(
                np.linspace(low, high, _LOCATIONS), np.linspace(narrow, wide, _SPREADS), indexing="ij"
            )
        )
        spread = np.exp(log_spread)
        total = -0.5 * ((log_spread - np.log(_USUAL_SPREAD)) / _SPREAD_SD) ** 2
        total = total - 0.5 * ((location - np.log(max(guess, 1.0))) / np.hypot(0.4, spread)) ** 2
        t = (log_use[:, None] - location) / spread
        total = total + np.where(ended[:, None], -0.5 * t * t - np.log(spread), log_ndtr(-t)).sum(axis=0)
        weight = np.exp(total - total.max())
        weight /= weight.sum()
        likely = weight > 1e-5 * weight.max()
        if zoom < _ZOOMS - 1:
            step, rise = (high - low) / (_LOCATIONS - 1), (wide - narrow) / (_SPREADS - 1)
            low, high = location[likely].min() - step, location[likely].max() + step
            narrow, wide = log_spread[likely].min() - rise, log_spread[likely].max() + rise
    return LifeGrid(location, spread, weight)


def _follows(lives: Iterable[Life]) -> dict[tuple[str | None, str], tuple[tuple[str, ...], tuple[float, ...]]]:
    counts: dict[tuple[str | None, str], Counter[str]] = {}
    for life in lives:
        if life.ended and life.followed_by is not None:
            counts.setdefault((life.device_model, life.model), Counter())[life.followed_by] += 1
    found = {}
    for key, seen in counts.items():
        times = {model: float(number) for model, number in seen.items()}
        times[key[1]] = times.get(key[1], 0.0) + _NEXT_PRIOR
        names = tuple(sorted(times))
        found[key] = (names, tuple(times[name] for name in names))
    return found
