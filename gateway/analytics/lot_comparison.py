"""Lots held against each other, one nozzle model at a time, by the ends of lives and by the pace of wear. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from gateway.analytics.life_groups import UNKNOWN, columns
from gateway.analytics.nozzle_lives import NozzleLife
from gateway.survival.flags import FlaggedLot, LivesOfLots, LotFlags, PacesOfLots, flag_lots
from gateway.survival.lots import ALPHA, LotVerdict
from gateway.survival.wear_pace import Paces
from schemas.lifetime_views import (
    ComparisonView,
    Direction,
    EstimateView,
    EvidenceKind,
    FlaggedLotView,
    LifeEvidence,
)

_USUAL_WITHIN: Final = 2.0
"""Times the spread from lot to lot."""
_UNBOUNDED: Final = 100.0
"""A ratio of lives of which one side has not ended at all."""


def by_model(lives: Sequence[NozzleLife]) -> Mapping[str, list[NozzleLife]]:
    """The lives of each nozzle model, in order of its name."""
    found: dict[str, list[NozzleLife]] = {}
    for life in lives:
        found.setdefault(life.model or UNKNOWN, []).append(life)
    return dict(sorted(found.items()))


def compare_lots(lives: Sequence[NozzleLife], alpha: float = ALPHA) -> tuple[ComparisonView, ...]:
    """Each model's lots; models with fewer than two lots that have enough nozzles are left out.

    The chance of a wrong name is held for each model."""
    found = ((model, lot_flags(part, alpha)) for model, part in by_model(lives).items())
    return tuple(_comparison(model, flags) for model, flags in found if flags.by_lives or flags.by_wear)


def lot_flags(lives: Sequence[NozzleLife], alpha: float = ALPHA) -> LotFlags:
    """Which lots of one model stand out."""
    counted = [life for life in lives if life.counts]
    paced = paces_of(lives)
    return flag_lots(
        LivesOfLots(columns(counted), [life.lot for life in counted]) if counted else None,
        PacesOfLots(paces(paced), [life.lot for life in paced]) if paced else None,
        alpha=alpha,
    )


def paces_of(lives: Sequence[NozzleLife]) -> list[NozzleLife]:
    """The lives whose pace is known."""
    return [life for life in lives if life.log_pace is not None]


def paces(lives: Sequence[NozzleLife]) -> Paces:
    """The paces of lives that have one."""
    return Paces(
        np.array([life.log_pace for life in lives], dtype=np.float64),
        np.array([life.pace_variance for life in lives], dtype=np.float64),
    )


def _comparison(model: str, flags: LotFlags) -> ComparisonView:
    told = [one for one in (flags.by_lives, flags.by_wear) if one is not None]
    return ComparisonView(
        model=model,
        groups=tuple(sorted({lot for one in told for lot in one.compared})),
        p_lives=flags.by_lives.p_value if flags.by_lives is not None else None,
        p_wear=flags.by_wear.p_value if flags.by_wear is not None else None,
        usual_spread=told[-1].usual_spread,
        flagged=tuple(_flagged(model, one, told[-1].usual_spread) for one in flags.flagged),
    )


def flagged_view(
    model: str, lot: str, direction: Direction, evidence: Sequence[LifeEvidence], usual_spread: float
) -> FlaggedLotView:
    """A lot that stands out, and a sentence that says why."""
    return FlaggedLotView(
        lot=lot,
        model=model,
        direction=direction,
        evidence=tuple(evidence),
        text=_sentence(lot, model, direction, evidence, usual_spread),
    )


def _flagged(model: str, one: FlaggedLot, usual_spread: float) -> FlaggedLotView:
    told: list[tuple[EvidenceKind, LotVerdict | None]] = [("lives", one.by_lives), ("wear", one.by_wear)]
    evidence = [_evidence(kind, verdict) for kind, verdict in told if verdict is not None]
    return flagged_view(model, one.lot, "shorter" if one.verdict.shorter else "longer", evidence, usual_spread)


def _evidence(kind: EvidenceKind, verdict: LotVerdict) -> LifeEvidence:
    value, low, high = (min(part, _UNBOUNDED) for part in (verdict.ratio, verdict.low, verdict.high))
    return LifeEvidence(
        kind=kind,
        life_ratio=EstimateView(value=value, low=low, high=high),
        p_value=verdict.p_value,
        nozzles=verdict.units,
        ended=verdict.ends,
        beyond_usual=verdict.beyond_usual,
    )


def _sentence(lot: str, model: str, direction: Direction, evidence: Sequence[LifeEvidence], usual_spread: float) -> str:
    how = "less long" if direction == "shorter" else "longer"
    shown = "; ".join(_phrase(one) for one in evidence)
    small = all(_is_usual(one.life_ratio.value, usual_spread) for one in evidence)
    more = " Other lots of this model differ by nearly as much." if small else ""
    return f"Nozzles of lot {lot} last {how} than those of the other lots of {model}: {shown}.{more}"


def _is_usual(ratio: float, usual_spread: float) -> bool:
    return ratio > 0.0 and abs(math.log(ratio)) <= _USUAL_WITHIN * usual_spread


def _phrase(one: LifeEvidence) -> str:
    ratio, chance = one.life_ratio, "p < 0.001" if one.p_value < 1e-3 else f"p = {one.p_value:.3f}"
    rests = f"{one.ended} ends of {one.nozzles} lives" if one.kind == "lives" else f"the wear of {one.nozzles} nozzles"
    if ratio.value in (0.0, _UNBOUNDED) or not math.isfinite(ratio.value):
        return f"by {rests} ({chance})"
    return f"{ratio.value:.2f} times as long ({ratio.low:.2f} to {ratio.high:.2f}, {chance}) by {rests}"
