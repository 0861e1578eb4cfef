"""What the forecast would have been worth on a fleet's own past: each unit forecast by the others, at four ages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from gateway.errors import InvalidInputError
from gateway.wear.decide import replace_at
from gateway.wear.distribution import AHEAD
from gateway.wear.forecast import STAGES, Forecaster, learn
from gateway.wear.history import Unit
from gateway.wear.leave_out import left_out_together
from gateway.wear.paths import Floats
from gateway.wear.scores import LEVELS, Replacement, cost_against_foresight, covered, crps_of_quantiles

COST_RATIO: Final = 5.0
LEAD: Final = 0.05
"""How long before a replacement it must be known, in mean lives."""
_LOOKS: Final = 25
"""How often the policy looks at a unit, in a mean life."""


class Forecast(NamedTuple):
    """One forecast of the past, in the unit of use."""

    unit: str
    stage: float
    life: float
    came: float
    quantiles: Floats


class Score(NamedTuple):
    """Means over some forecasts. CRPS and error (of the median) are shares of the unit's life."""

    forecasts: int
    crps: float
    error: float
    covered_80: float
    covered_90: float


class Backtest(NamedTuple):
    """What a fleet's past says of the forecast."""

    units: int
    scored_units: int
    by_stage: dict[float, Score]
    all: Score
    cost: float
    cost_fixed: float
    forecasts: tuple[Forecast, ...]


def backtest(history: Sequence[Unit], limit: float) -> Backtest:
    """Scores at 30, 50, 70 and 90 % of the life of each unit that reached the limit.

    Life is the use at which the unit's monotone path first reaches the limit; units that never do only teach. Raises
    InvalidInputError where no unit reached it, or there is nothing to learn from.
    """
    ended = [unit for unit in history if (unit.life(limit) or 0.0) > 0.0]
    if not ended or len(history) < 2:
        raise InvalidInputError(
            [f"{len(history)} units, of which {len(ended)} reached the limit {limit:g}: at least 2 and 1 are needed"]
        )
    forecasts: list[Forecast] = []
    ends: list[Replacement] = []
    fixed: list[Replacement] = []
    lives: list[float] = []
    for group in left_out_together([unit.name for unit in history], [unit.name for unit in ended]):
        forecaster = learn([unit for unit in history if unit.name not in group], limit)
        count = best_fixed_count(forecaster)
        for unit in ended:
            if unit.name in group:
                life = unit.life(limit) or 0.0
                lives.append(life)
                forecasts += past_forecasts(forecaster, unit, life)
                ends.append(replaced_by_forecast(forecaster, unit, life))
                fixed.append(Replacement(min(count, life), life < count))
    return Backtest(
        len(history),
        len(ended),
        {stage: score([f for f in forecasts if f.stage == stage]) for stage in STAGES},
        score(forecasts),
        cost_against_foresight(ends, lives, COST_RATIO),
        cost_against_foresight(fixed, lives, COST_RATIO),
        tuple(forecasts),
    )


def past_forecasts(forecaster: Forecaster, unit: Unit, life: float) -> list[Forecast]:
    """The unit's forecasts at each stage that it had a reading before."""
    found = []
    for stage in STAGES:
        so_far = unit.until(stage * life)
        if so_far.usage.size:
            came = life - float(so_far.usage[-1])
            found.append(Forecast(unit.name, stage, life, came, forecaster.remaining(so_far, LEVELS)))
    return found


def score(forecasts: Sequence[Forecast]) -> Score:
    """The means over some forecasts; NaN where there are none."""
    if not forecasts:
        return Score(0, float("nan"), float("nan"), float("nan"), float("nan"))
    quantiles, levels = np.array([f.quantiles for f in forecasts]), np.array(LEVELS)
    came, life = np.array([f.came for f in forecasts]), np.array([f.life for f in forecasts])
    median = 0.5 * (quantiles[:, len(LEVELS) // 2 - 1] + quantiles[:, len(LEVELS) // 2])
    return Score(
        len(forecasts),
        float(np.mean(crps_of_quantiles(quantiles, levels, came) / life)),
        float(np.mean(np.abs(median - came) / life)),
        float(np.mean(covered(quantiles, levels, came, 0.8))),
        float(np.mean(covered(quantiles, levels, came, 0.9))),
    )


def replaced_by_forecast(forecaster: Forecaster, unit: Unit, life: float) -> Replacement:
    """The unit under the policy: looked at again and again, told a lead ahead, replaced when told or when it fails."""
    frame = forecaster.training.frame
    mean_life = forecaster.mean_life
    lead = LEAD * mean_life
    step = mean_life / _LOOKS
    for now in np.arange(float(unit.usage[0]), life, step).tolist():
        so_far = unit.until(now)
        since = now - float(so_far.usage[-1])
        ahead = AHEAD * frame.life
        cdf = np.ones_like(ahead) if so_far.life(frame.limit) is not None else forecaster.cdf(so_far)
        later = given_survival(ahead, cdf, since)
        wait = replace_at(ahead, later, cost_ratio=COST_RATIO, mean_life=mean_life, lead=lead)
        if wait < lead + step:
            return Replacement(min(now + wait, life), now + wait >= life)
    return Replacement(life, failed=True)


def given_survival(ahead: Floats, cdf: Floats, since: float) -> Floats:
    """The distribution of what is left when `since` of it went by without a failure."""
    if since <= 0.0:
        return cdf
    gone = min(float(np.interp(since, ahead, cdf)), 0.999)
    return np.asarray(np.clip((np.interp(since + ahead, ahead, cdf) - gone) / (1.0 - gone), 0.0, 1.0))


def best_fixed_count(forecaster: Forecaster) -> float:
    """The use at which to replace every unit alike, the cheapest on the ended lives of the fleet."""
    lives = np.sort(forecaster.ended_lives)
    if not lives.size:
        return forecaster.mean_life
    tried = np.concatenate([lives * 0.999, lives * 1.001])
    cost = [(1.0 + (COST_RATIO - 1.0) * np.mean(lives < at)) / np.mean(np.minimum(lives, at)) for at in tried]
    return float(tried[int(np.argmin(cost))])
