"""What is told of lives, made coarse enough to be told: single nozzles can't be found in it. Pure.

A curve is told at round ages, no further than enough clinics have nozzles so old; counts go to the nearest k, estimates
to three digits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from gateway.analytics.life_groups import UNSAID, columns
from gateway.analytics.lot_comparison import flagged_view
from gateway.analytics.nozzle_lives import NozzleLife
from gateway.analytics.privacy import OTHER, Labels, Share, is_enough, published_cells, rounded, rounded_count
from gateway.survival.kaplan_meier import kaplan_meier
from schemas.lifetime_views import (
    ComparisonView,
    EffectView,
    EstimateView,
    FlaggedLotView,
    LifeGroupView,
    LifePoint,
    MedianView,
    PaceChangeView,
    ReasonCount,
    WeibullView,
)

_STEPS: Final = 24
"""Ages at which a curve is told."""


def veiled_group(view: LifeGroupView, lives: Sequence[NozzleLife], k: int) -> LifeGroupView:
    """A group as it may be told; `lives` are its own."""
    until = _oldest_shared(lives, k)
    reasons = ((one.reason, rounded_count(one.nozzles, k)) for one in view.reasons)
    return view.model_copy(
        update={
            "nozzles": rounded_count(view.nozzles, k),
            "ended": rounded_count(view.ended, k),
            "replaced_early": rounded_count(view.replaced_early, k),
            "in_use": rounded_count(view.in_use, k),
            "seen_late": rounded_count(view.seen_late, k),
            "unmeasured": 0,
            "median": _veiled_median(view.median, until),
            "projected": _veiled_estimate(view.projected),
            "median_at_least": None if view.median_at_least is None else rounded(min(view.median_at_least, until)),
            "early_wear": _veiled_early_wear(view, lives, k),
            "since_strikes": rounded(view.since_strikes),
            "curve": _veiled_curve(lives, until, k),
            "weibull": _veiled_weibull(view.weibull),
            "reasons": tuple(ReasonCount(reason=name, nozzles=count) for name, count in reasons if count),
        }
    )


def clinics_of(lives: Iterable[NozzleLife]) -> dict[str, float]:
    """How many of the lives each clinic has."""
    return {clinic: float(count) for clinic, count in Counter(life.clinic_id for life in lives).items()}


def shared_traits(cell: Sequence[NozzleLife], k: int) -> list[NozzleLife]:
    """A cell's lives without what only few of its clinics know of theirs: paces where few have any; and the reasons
    that few give go together as OTHER. Found for each cell, so that a model's numbers are sums of its cells'."""
    paced = is_enough(clinics_of(life for life in cell if life.log_pace is not None), k)
    off = [life for life in cell if _is_off(life)]
    reasons = published_cells((Share((life.reason or UNSAID,), life.clinic_id) for life in off), k)
    return [
        replace(
            life,
            log_pace=life.log_pace if paced else None,
            reason=OTHER if _is_off(life) and _hidden(reasons.cell_of((life.reason or UNSAID,))) else life.reason,
        )
        for life in cell
    ]


def _is_off(life: NozzleLife) -> bool:
    return life.reason is not None or life.state == "early"


def _hidden(cell: Labels | None) -> bool:
    return cell is None or cell == () or cell[0] == OTHER


def _veiled_early_wear(view: LifeGroupView, lives: Sequence[NozzleLife], k: int) -> float | None:
    early = clinics_of(life for life in lives if life.state == "early" and life.wear is not None)
    return None if view.early_wear is None or not is_enough(early, k) else round(view.early_wear, 1)


def _oldest_shared(lives: Sequence[NozzleLife], k: int) -> float:
    """The age that nozzles of at least k clinics have reached."""
    oldest: dict[str, float] = {}
    for life in lives:
        oldest[life.clinic_id] = max(oldest.get(life.clinic_id, 0.0), life.strikes)
    ages = sorted(oldest.values(), reverse=True)
    return ages[k - 1] if len(ages) >= k else 0.0


def _veiled_curve(lives: Sequence[NozzleLife], until: float, k: int) -> tuple[LifePoint, ...]:
    """The curve at round ages: where single nozzles ended can't be told from it."""
    if until <= 0.0:
        return ()
    curve = kaplan_meier(columns(lives))
    table = columns(lives)
    points = []
    for age in np.linspace(0.0, until, _STEPS + 1).tolist():
        at = rounded(age)
        if not curve.since <= at <= until:
            continue
        place = int(np.searchsorted(curve.ages, at, side="right")) - 1
        shown = (curve.survival, curve.low, curve.high)
        survival, low, high = (1.0, 1.0, 1.0) if place < 0 else (float(column[place]) for column in shown)
        at_risk = int(np.sum((table.entry <= at) & (table.exit >= at)))
        points.append(
            LifePoint(
                strikes=at,
                survival=round(survival, 2),
                low=round(low, 2),
                high=round(high, 2),
                at_risk=rounded_count(at_risk, k),
            )
        )
    return tuple(points)


def _veiled_median(median: MedianView, until: float) -> MedianView:
    ages = (None if age is None or age > until else rounded(age) for age in (median.strikes, median.low, median.high))
    return MedianView(**dict(zip(("strikes", "low", "high"), ages, strict=True)))


def _veiled_estimate(estimate: EstimateView | None) -> EstimateView | None:
    if estimate is None:
        return None
    return EstimateView(value=rounded(estimate.value), low=rounded(estimate.low), high=rounded(estimate.high))


def _sure(estimate: EstimateView) -> EstimateView:
    return EstimateView(value=rounded(estimate.value), low=rounded(estimate.low), high=rounded(estimate.high))


def _veiled_weibull(weibull: WeibullView | None) -> WeibullView | None:
    if weibull is None:
        return None
    return WeibullView(
        shape=_sure(weibull.shape), scale=_sure(weibull.scale), b10=_sure(weibull.b10), b50=_sure(weibull.b50)
    )


def veiled_comparison(comparison: ComparisonView, k: int) -> ComparisonView:
    """A comparison as it may be told."""
    return comparison.model_copy(
        update={
            "p_lives": None if comparison.p_lives is None else rounded(comparison.p_lives),
            "p_wear": None if comparison.p_wear is None else rounded(comparison.p_wear),
            "usual_spread": None if comparison.usual_spread is None else round(comparison.usual_spread, 2),
            "flagged": tuple(_veiled_flag(one, k, comparison.usual_spread or 0.0) for one in comparison.flagged),
        }
    )


def _veiled_flag(flag: FlaggedLotView, k: int, usual_spread: float) -> FlaggedLotView:
    evidence = [
        one.model_copy(
            update={
                "life_ratio": _sure(one.life_ratio),
                "p_value": rounded(one.p_value),
                "nozzles": rounded_count(one.nozzles, k),
                "ended": rounded_count(one.ended, k),
            }
        )
        for one in flag.evidence
    ]
    return flagged_view(flag.model, flag.lot, flag.direction, evidence, usual_spread)


def veiled_effect(effect: EffectView) -> EffectView:
    """A firmware's effect as it may be told: no counts, since firmwares cut across the cells."""
    return effect.model_copy(
        update={
            "nozzles": None,
            "by_lives": _veiled_estimate(effect.by_lives),
            "by_wear": _veiled_estimate(effect.by_wear),
            "p_value": rounded(effect.p_value),
        }
    )


def veiled_change(change: PaceChangeView) -> PaceChangeView:
    """A change of pace as it may be told: no counts, since weeks cut across the cells."""
    return change.model_copy(
        update={
            "ratio": _sure(change.ratio),
            "p_value": rounded(change.p_value),
            "nozzles_before": None,
            "nozzles_after": None,
        }
    )
