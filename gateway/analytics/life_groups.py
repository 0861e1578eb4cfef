"""Groups of lives, each with its curve, its Weibull fit, its pace, and what became of its nozzles. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from gateway.analytics.nozzle_lives import NozzleLife
from gateway.analytics.privacy import OTHER
from gateway.survival.kaplan_meier import SurvivalCurve, age_quantile, kaplan_meier, risk_at
from gateway.survival.lifetimes import Floats, Lifetimes, lifetimes
from gateway.survival.weibull import Interval, fit_weibull
from schemas.lifetime_views import (
    EstimateView,
    FlaggedLotView,
    LifeGroupView,
    LifePoint,
    LivesBy,
    MedianView,
    ReasonCount,
    WeibullView,
)
from schemas.work import REPLACE_REASONS

UNKNOWN: Final = "unknown"
UNSAID: Final = "unsaid"
USE_LEVELS: Final = ("light", "usual", "heavy")
WORN_EARLY: Final = 0.6
"""A nozzle that was taken off at so much wear was taken off for it: its life was cut short by its own wear."""
MOST_POINTS: Final = 60
_LEAST_LIVES: Final = 2
_LEAST_PACES: Final = 3


class GroupKey(NamedTuple):
    """A group: what it is called, and the nozzle model where it belongs to one."""

    key: str
    model: str | None


def grouped(lives: Sequence[NozzleLife], by: LivesBy) -> dict[GroupKey, list[NozzleLife]]:
    """The lives by group, in order of (model, key)."""
    levels = use_levels(lives) if by == "use" else ()
    found: dict[GroupKey, list[NozzleLife]] = {}
    for life in lives:
        found.setdefault(_key(life, by, levels), []).append(life)
    return dict(sorted(found.items(), key=lambda one: (one[0].model or "", _rank(one[0].key, by))))


def use_levels(lives: Sequence[NozzleLife]) -> tuple[float, ...]:
    """Strikes a day between light and usual, and between usual and heavy use: thirds of the nozzles."""
    told = [life.strikes_per_day for life in lives if life.strikes_per_day is not None]
    return tuple(np.quantile(told, [1 / 3, 2 / 3]).tolist()) if told else ()


def columns(lives: Sequence[NozzleLife]) -> Lifetimes:
    """Those that count, as arrays."""
    kept = [life for life in lives if life.counts]
    return lifetimes(
        [life.strikes for life in kept], [life.state == "ended" for life in kept], [life.entry_strikes for life in kept]
    )


def group_view(key: GroupKey, lives: Sequence[NozzleLife], flag: FlaggedLotView | None) -> LifeGroupView:
    """What is shown of one group."""
    counted = [life for life in lives if life.counts]
    states = Counter(life.state for life in counted)
    table = columns(counted)
    curve = kaplan_meier(table) if table.size >= _LEAST_LIVES else None
    return LifeGroupView(
        key=key.key,
        model=key.model,
        nozzles=len(counted),
        ended=states["ended"],
        replaced_early=states["early"],
        in_use=states["in_use"],
        seen_late=sum(life.entry_strikes > 0.0 for life in counted),
        unmeasured=sum(not life.measured for life in lives),
        median=_median(curve),
        projected=projected_life(counted),
        median_at_least=_median_at_least(counted),
        early_wear=early_wear(counted),
        since_strikes=curve.since if curve is not None else 0.0,
        curve=curve_points(curve, table) if curve is not None else (),
        weibull=weibull_view(table),
        reasons=_reasons(lives),
        flag=flag,
    )


def projected_life(lives: Sequence[NozzleLife]) -> EstimateView | None:
    """Strikes to the limit at the nozzles' own pace: the median, with the order statistics' 95 % interval."""
    paces = np.array([life.log_pace for life in lives if life.log_pace is not None])
    if paces.size < _LEAST_PACES:
        return None
    half = 0.98 / np.sqrt(paces.size)  # 1.96 times the binomial deviation of the share below the median
    low, middle, high = np.exp(np.quantile(-paces, [max(0.5 - half, 0.0), 0.5, min(0.5 + half, 1.0)])).tolist()
    return EstimateView(value=middle, low=low, high=high)


def early_wear(lives: Sequence[NozzleLife]) -> float | None:
    """The middle of the wear at which nozzles were replaced early."""
    wear = [life.wear for life in lives if life.state == "early" and life.wear is not None]
    return float(np.median(wear)) if wear else None


def curve_points(curve: SurvivalCurve, lives: Lifetimes) -> tuple[LifePoint, ...]:
    """The curve's steps, thinned where they are many, from where it begins to the last age seen."""
    size = curve.ages.size
    chosen = np.unique(np.linspace(0, max(size - 1, 0), min(size, MOST_POINTS)).round().astype(np.int64))
    points = [_point(curve, place) for place in chosen.tolist()]
    begin = int(np.sum((lives.entry <= curve.since) & (lives.exit > curve.since)))
    first = LifePoint(strikes=curve.since, survival=1.0, low=1.0, high=1.0, at_risk=begin)
    last = points[-1] if points else first
    end = int(risk_at(lives, np.array([curve.last]))[0])
    closing = last.model_copy(update={"strikes": curve.last, "at_risk": end}) if curve.last > last.strikes else None
    return (first, *points, closing) if closing is not None else (first, *points)


def weibull_view(lives: Lifetimes) -> WeibullView | None:
    """The fit with the lives that 10 % and half of the nozzles do not reach."""
    fit = fit_weibull(lives) if lives.size else None
    if fit is None:
        return None
    return WeibullView(
        shape=estimate(fit.shape),
        scale=estimate(fit.scale),
        b10=estimate(fit.quantile(0.1)),
        b50=estimate(fit.quantile(0.5)),
    )


def estimate(interval: Interval) -> EstimateView:
    """An interval as it is shown."""
    return EstimateView(value=interval.value, low=interval.low, high=interval.high)


def _key(life: NozzleLife, by: LivesBy, levels: Sequence[float]) -> GroupKey:
    if by == "lot":
        return GroupKey(life.lot or UNKNOWN, life.model or UNKNOWN)
    if by == "use":
        rate = life.strikes_per_day
        return GroupKey(UNKNOWN if rate is None else USE_LEVELS[sum(rate > level for level in levels)], None)
    keys: Mapping[str, str | None] = {"model": life.model, "firmware": life.firmware, "form": life.form}
    return GroupKey(keys[by] or UNKNOWN, None)


def _rank(key: str, by: LivesBy) -> str:
    """Levels of use from light to heavy, whatever else by name, the unknown last."""
    if key == UNKNOWN:
        return "\uffff"
    return str(USE_LEVELS.index(key)) if by == "use" else key


def _median(curve: SurvivalCurve | None) -> MedianView:
    if curve is None:
        return MedianView(strikes=None, low=None, high=None)
    found = age_quantile(curve)
    return MedianView(strikes=found.age, low=found.low, high=found.high)


def _median_at_least(lives: Sequence[NozzleLife]) -> float | None:
    if not any(_taken_for_wear(life) for life in lives):
        return None
    table = columns(lives)
    cut = np.array([life.state == "ended" or _taken_for_wear(life) for life in lives if life.counts])
    return age_quantile(kaplan_meier(table._replace(ended=cut))).age


def _taken_for_wear(life: NozzleLife) -> bool:
    return life.state == "early" and life.wear is not None and life.wear >= WORN_EARLY


def _point(curve: SurvivalCurve, place: int) -> LifePoint:
    columns_shown: tuple[Floats, ...] = (curve.ages, curve.survival, curve.low, curve.high)
    age, survival, low, high = (float(column[place]) for column in columns_shown)
    return LifePoint(strikes=age, survival=survival, low=low, high=high, at_risk=int(curve.at_risk[place]))


def _reasons(lives: Sequence[NozzleLife]) -> tuple[ReasonCount, ...]:
    """Of the nozzles that are off their device, in the order in which people may choose a reason."""
    off = (life for life in lives if life.reason is not None or life.state == "early")
    counts: Counter[str] = Counter(life.reason or UNSAID for life in off)
    order = (*REPLACE_REASONS, UNSAID, OTHER)
    return tuple(ReasonCount(reason=name, nozzles=counts[name]) for name in order if counts[name])
