"""The whole answer about lives: groups, what stands out, what firmware goes with, changes, and what to know. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from gateway.analytics.firmware_effects import firmware_effects
from gateway.analytics.life_groups import WORN_EARLY, early_wear, group_view, grouped
from gateway.analytics.lot_comparison import by_model, compare_lots, paces, paces_of
from gateway.analytics.nozzle_lives import NozzleLife, week_name
from gateway.survival.change_points import change_points
from gateway.survival.wear_pace import within_lots
from schemas.lifetime_views import (
    ComparisonView,
    EffectView,
    EstimateView,
    FlaggedLotView,
    LifeNote,
    LifetimesView,
    LivesBy,
    PaceChangeView,
)

_LEAST_EARLY: Final = 5


class Findings(NamedTuple):
    """What is the same whatever the lives are grouped by."""

    comparisons: tuple[ComparisonView, ...]
    firmware: tuple[EffectView, ...]
    changes: tuple[PaceChangeView, ...]
    notes: tuple[LifeNote, ...]


def life_findings(lives: Sequence[NozzleLife]) -> Findings:
    """What stands out among these lives; nearly all of the reckoning."""
    comparisons = compare_lots(lives)
    return Findings(comparisons, firmware_effects(lives), pace_changes(lives), tuple(life_notes(lives, comparisons)))


def life_report(lives: Sequence[NozzleLife], by: LivesBy, as_of_ms: int, findings: Findings) -> LifetimesView:
    """What these lives say, grouped by one of their traits."""
    flagged = (one for found in findings.comparisons for one in found.flagged)
    flags = {(one.model, one.lot): one for one in flagged} if by == "lot" else {}
    return LifetimesView(
        as_of_ms=as_of_ms,
        by=by,
        window=None,
        items=tuple(
            group_view(key, part, flags.get((key.model or "", key.key))) for key, part in grouped(lives, by).items()
        ),
        next_cursor=None,
        **findings._asdict(),
    )


def pace_changes(lives: Sequence[NozzleLife]) -> tuple[PaceChangeView, ...]:
    """The production weeks from which on nozzles of a model wear faster or slower than those made before."""
    found: list[PaceChangeView] = []
    for model, part in by_model(lives).items():
        dated = [life for life in paces_of(part) if life.made_week is not None]
        if not dated:
            continue
        told = paces(dated)
        weeks = np.array([life.made_week for life in dated], dtype=np.int64)
        weights = 1.0 / (within_lots(told, np.unique(weeks, return_inverse=True)[1]) + told.variance)
        found += [
            PaceChangeView(
                model=model,
                week=week_name(change.week),
                ratio=EstimateView(value=change.ratio, low=change.low, high=change.high),
                p_value=change.p_value,
                nozzles_before=change.before,
                nozzles_after=change.after,
            )
            for change in change_points(weeks, told.log_pace, weights)
        ]
    return tuple(found)


def life_notes(lives: Sequence[NozzleLife], comparisons: Sequence[ComparisonView]) -> list[LifeNote]:
    """What the reader must know: who was taken off early, who was seen late, who can't be measured."""
    counted = [life for life in lives if life.counts]
    states = Counter(life.state for life in counted)
    notes = [*_early_note(counted, states["early"]), *_disagreement(comparisons)]
    late = sum(life.entry_strikes > 0.0 for life in counted)
    if late:
        notes.append(
            LifeNote(
                code="seen_late",
                text=f"{late} of {len(counted)} nozzles were in use before the gateway knew them. They count from the"
                " age at which they were first seen, so what wore out unseen before does not make lives look longer.",
                nozzles=late,
                of=len(counted),
            )
        )
    worn_before = sum(life.measured and life.state == "ended" and not life.counts for life in lives)
    if worn_before:
        text = f"{worn_before} nozzles were worn out when first seen; they are left out."
        notes.append(LifeNote(code="worn_before", text=text, nozzles=worn_before))
    unmeasured = sum(not life.measured for life in lives)
    if unmeasured:
        notes.append(
            LifeNote(
                code="unmeasured",
                text=f"{unmeasured} nozzles are on devices without a coating sensor: their strikes are counted, but"
                " nobody sees when they are worn out. They are in no curve.",
                nozzles=unmeasured,
            )
        )
    return notes


def _early_note(counted: Sequence[NozzleLife], early: int) -> list[LifeNote]:
    wear = early_wear(counted)
    if early < _LEAST_EARLY or wear is None:
        return []
    text = (
        f"{early} of {len(counted)} nozzles were taken off before they were worn out, half of them at {wear:.0%} wear"
        " or more."
    )
    if wear < WORN_EARLY:
        return [LifeNote(code="replaced_early", text=text, nozzles=early, of=len(counted), wear=wear)]
    return [
        LifeNote(
            code="replaced_early_by_wear",
            text=f"{text} They were taken off because they wore: the quick ones go first, so the survival curves are"
            " too hopeful and hide differences between groups. The pace of wear is not cut short by that; compare by"
            " it, and by the strikes to the limit that it projects.",
            nozzles=early,
            of=len(counted),
            wear=wear,
        )
    ]


def _disagreement(comparisons: Sequence[ComparisonView]) -> list[LifeNote]:
    """Lots that stand out by one kind of evidence alone, while both were there to be looked at."""
    alone = [
        one for found in comparisons if found.p_lives is not None and found.p_wear is not None for one in found.flagged
    ]
    return [
        LifeNote(code="one_kind_of_evidence", text=_only(one), lot=one.lot, evidence=one.evidence[0].kind)
        for one in alone
        if len(one.evidence) == 1
    ]


def _only(flag: FlaggedLotView) -> str:
    kind = flag.evidence[0].kind
    by, other = (
        ("the ends of lives", "the pace of wear") if kind == "lives" else ("the pace of wear", "the ends of lives")
    )
    why = (
        "its nozzles may be used up in another way than by wear that is measured"
        if kind == "lives"
        else "too few of its nozzles were left on until they were worn out"
    )
    return f"Lot {flag.lot} stands out by {by} and not by {other}: {why}."
