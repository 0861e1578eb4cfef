"""How long nozzles last, as it is shown: survival by lot, model, firmware, form and use, and what stands out.

Ages are needle strikes of the nozzle. A life ends where the wear reaches the limit; a nozzle that is in use, or was
taken off before, has lasted at least so long.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict

LivesBy: TypeAlias = Literal["lot", "model", "firmware", "form", "use"]
"""What lives are grouped by; `use` is how much a day the nozzle is used: light, usual or heavy."""
EvidenceKind: TypeAlias = Literal["lives", "wear"]
Direction: TypeAlias = Literal["shorter", "longer"]


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class EstimateView(_View):
    """An estimate with its 95 % interval."""

    value: float
    low: float
    high: float


class LifePoint(_View):
    """From so many strikes on this share is still alive; pointwise 95 % interval; how many were at risk just before."""

    strikes: float
    survival: float
    low: float
    high: float
    at_risk: int


class MedianView(_View):
    """What half of the lives reach; null where the curve does not come down so far."""

    strikes: float | None
    low: float | None
    high: float | None


class WeibullView(_View):
    """A Weibull distribution fitted to the lives; `b10` is what 10 % do not reach, `b50` what half do not."""

    shape: EstimateView
    scale: EstimateView
    b10: EstimateView
    b50: EstimateView


class ReasonCount(_View):
    """How many nozzles people took off for a reason; `unsaid`: nobody said why."""

    reason: str
    nozzles: int


class LifeEvidence(_View):
    """Why a lot stands out: by the ends of its lives, or by its pace of wear. `life_ratio` is how long its nozzles
    last over those of the other lots. `beyond_usual`: also unlike what lots usually differ by."""

    kind: EvidenceKind
    life_ratio: EstimateView
    p_value: float
    nozzles: int
    ended: int
    beyond_usual: bool


class FlaggedLotView(_View):
    """A lot that stands out from the others of its model."""

    lot: str
    model: str
    direction: Direction
    evidence: tuple[LifeEvidence, ...]
    text: str


class LifeGroupView(_View):
    """The lives of one group. `nozzles` are those whose wear is measured; without a sensor a life can't be seen to
    end, and `unmeasured` counts them."""

    key: str
    model: str | None
    nozzles: int
    ended: int
    replaced_early: int
    in_use: int
    seen_late: int
    """Of the nozzles: in use before the gateway knew them; they count from that age on."""
    unmeasured: int
    median: MedianView
    projected: EstimateView | None
    """Strikes to the limit at the nozzles' own pace, the middle of them: not cut short by early replacement."""
    median_at_least: float | None
    """The median if all that were replaced early in wear had been worn out that moment."""
    early_wear: float | None
    """Middle of the wear at which nozzles were replaced early."""
    since_strikes: float
    """Where the curve begins: it is conditional on having reached that age."""
    curve: tuple[LifePoint, ...]
    weibull: WeibullView | None
    reasons: tuple[ReasonCount, ...]
    flag: FlaggedLotView | None


class ComparisonView(_View):
    """Groups held against each other, one nozzle model at a time. A p value is that of "all are alike", null where
    there is nothing to tell it by. `usual_spread`: by how much lots differ anyhow, 0.1 is 10 % of life."""

    model: str
    groups: tuple[str, ...]
    p_lives: float | None
    p_wear: float | None
    usual_spread: float | None
    flagged: tuple[FlaggedLotView, ...]


class EffectView(_View):
    """What a firmware goes with, against the most common one, with use, form and lot taken off. Ratios are of life:
    under 1 nozzles last less long. `p_value` is adjusted for all firmwares that were compared."""

    model: str
    level: str
    baseline: str
    nozzles: int | None
    """Of this firmware; not told to a vendor: held against the lots' counts, it could be about one clinic."""
    by_lives: EstimateView | None
    by_wear: EstimateView | None
    p_value: float
    clear: bool


class PaceChangeView(_View):
    """From a production week on nozzles wear at another pace than those made before. `ratio` above 1: faster."""

    model: str
    week: str
    ratio: EstimateView
    p_value: float
    nozzles_before: int | None
    nozzles_after: int | None
    """Neither is told to a vendor."""


class LifeNote(_View):
    """What to know in reading the answer; `code` stays, whatever the words. The others say what `text` does, as data:
    so many nozzles `of` all, how worn the middle one was, which lot stands out by which evidence. A vendor is told
    no numbers."""

    code: str
    text: str
    nozzles: int | None = None
    of: int | None = None
    wear: float | None = None
    lot: str | None = None
    evidence: EvidenceKind | None = None


class LifetimesView(_View):
    """How long nozzles last, by one kind of group."""

    as_of_ms: int
    by: LivesBy
    window: str | None
    """The quarter that is told, where the answer is a published one."""
    items: tuple[LifeGroupView, ...]
    next_cursor: None
    comparisons: tuple[ComparisonView, ...]
    firmware: tuple[EffectView, ...]
    changes: tuple[PaceChangeView, ...]
    notes: tuple[LifeNote, ...]
