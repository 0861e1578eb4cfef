"""Lives as vendors are told them: by nozzle model and lot, where enough clinics stand behind every number. Pure.

The cells are those of `privacy`: lots with too few clinics go together, and nothing else is told by them, so that no
two answers differ by a clinic. Firmware and production weeks are told as ratios, where both sides have enough clinics.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from gateway.analytics.firmware_effects import firmware_effects
from gateway.analytics.life_groups import group_view, grouped
from gateway.analytics.life_report import life_notes, pace_changes
from gateway.analytics.life_veil import (
    clinics_of,
    shared_traits,
    veiled_change,
    veiled_comparison,
    veiled_effect,
    veiled_group,
)
from gateway.analytics.lot_comparison import compare_lots
from gateway.analytics.nozzle_lives import NozzleLife, week_name
from gateway.analytics.privacy import (
    DEFAULT_K,
    OTHER,
    UNKNOWN,
    Cells,
    Share,
    Window,
    is_enough,
    published_cells,
)
from schemas.lifetime_views import (
    ComparisonView,
    EffectView,
    LifeGroupView,
    LifeNote,
    LifetimesView,
    LivesBy,
    PaceChangeView,
)

_WITHHELD: Final = LifeNote(
    code="withheld",
    text="Told for the last quarter that is over, by lot or model, where enough clinics stand behind each number.",
)
TOLD_BY: Final[tuple[LivesBy, ...]] = ("lot", "model")
_TOLD_NOTES: Final = frozenset({"replaced_early", "replaced_early_by_wear", "one_kind_of_evidence"})


def told_lives(lives: Sequence[NozzleLife], window: Window, as_of_ms: int, k: int = DEFAULT_K) -> list[LifetimesView]:
    """The answers for one window, one for each of `TOLD_BY`; made of lives that had begun by its end."""
    begun = [life for life in lives if life.counts and life.first_ms < window.until_ms]
    cells = published_cells((Share(_labels(life), life.clinic_id) for life in begun), k)
    moved = [life for one in begun if (life := _into_cell(one, cells)) is not None]
    told = [life for cell in grouped(moved, "lot").values() for life in shared_traits(cell, k)]
    comparisons = tuple(veiled_comparison(one, k) for one in compare_lots([_without_other(life) for life in told]))
    firmware = tuple(veiled_effect(one) for one in firmware_effects(told) if _firmware_is_enough(one, told, k))
    changes = tuple(veiled_change(one) for one in pace_changes(told) if _weeks_are_enough(one, told, k))
    return [
        LifetimesView(
            as_of_ms=as_of_ms,
            by=by,
            window=window.name,
            items=tuple(_group(told, by, comparisons, k)),
            next_cursor=None,
            comparisons=comparisons,
            firmware=firmware,
            changes=changes,
            notes=_notes(told, comparisons) if told else (_WITHHELD,),
        )
        for by in TOLD_BY
    ]


def withheld(by: LivesBy, as_of_ms: int) -> LifetimesView:
    """The answer where nothing is told."""
    return LifetimesView(
        as_of_ms=as_of_ms,
        by=by,
        window=None,
        items=(),
        next_cursor=None,
        comparisons=(),
        firmware=(),
        changes=(),
        notes=(_WITHHELD,),
    )


def of_models(view: LifetimesView, models: frozenset[str] | None) -> LifetimesView:
    """The part of an answer that is about these nozzle models; None: all of it."""
    if models is None:
        return view
    return view.model_copy(
        update={
            "items": tuple(one for one in view.items if (one.model or one.key) in models),
            "comparisons": tuple(one for one in view.comparisons if one.model in models),
            "firmware": tuple(one for one in view.firmware if one.model in models),
            "changes": tuple(one for one in view.changes if one.model in models),
            "notes": (),
        }
    )


def _labels(life: NozzleLife) -> tuple[str, str]:
    return life.model or UNKNOWN, life.lot or UNKNOWN


def _into_cell(life: NozzleLife, cells: Cells) -> NozzleLife | None:
    cell = cells.cell_of(_labels(life))
    if cell is None:
        return None
    model, lot = (*cell, OTHER, OTHER)[:2]
    return replace(life, model=model, lot=lot)


def _without_other(life: NozzleLife) -> NozzleLife:
    """Lots that went together are no lot to be compared."""
    return replace(life, lot=None) if life.lot in (OTHER, UNKNOWN) else life


def _group(
    told: Sequence[NozzleLife], by: LivesBy, comparisons: Sequence[ComparisonView], k: int
) -> Iterable[LifeGroupView]:
    flags = {(one.model, one.lot): one for found in comparisons for one in found.flagged} if by == "lot" else {}
    for key, part in grouped(told, by).items():
        yield veiled_group(group_view(key, part, flags.get((key.model or "", key.key))), part, k)


def _firmware_is_enough(effect: EffectView, lives: Sequence[NozzleLife], k: int) -> bool:
    of_model = [life for life in lives if life.model == effect.model]
    paced = [life for life in of_model if life.log_pace is not None]
    return all(
        is_enough(clinics_of(life for life in part if life.firmware == name), k)
        for part in ([of_model] if effect.by_wear is None else [of_model, paced])
        for name in (effect.level, effect.baseline)
    )


def _weeks_are_enough(change: PaceChangeView, lives: Sequence[NozzleLife], k: int) -> bool:
    paced = [life for life in lives if life.model == change.model and life.log_pace is not None]
    dated = [life for life in paced if life.made_week is not None]
    before = [life for life in dated if life.made_week is not None and week_name(life.made_week) < change.week]
    after = [life for life in dated if life.made_week is not None and week_name(life.made_week) >= change.week]
    return is_enough(clinics_of(before), k) and is_enough(clinics_of(after), k)


def _notes(told: Sequence[NozzleLife], comparisons: Sequence[ComparisonView]) -> tuple[LifeNote, ...]:
    """What there is to know, without the counts that the sentences have."""
    codes = {note.code for note in life_notes(told, comparisons)} & _TOLD_NOTES
    words = {
        "replaced_early": "Some nozzles were taken off before they were worn out.",
        "replaced_early_by_wear": "Many nozzles were taken off because they wore: the quick ones go first, so the"
        " survival curves are too hopeful and hide differences. Compare by the pace of wear.",
        "one_kind_of_evidence": "A lot stands out by its lives or by its pace of wear, and not by both.",
    }
    return tuple(LifeNote(code=code, text=words[code]) for code in sorted(codes))
