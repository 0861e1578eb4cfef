"""How long nozzles last: curves, numbers at risk, lots that stand out and why, for pages and reports. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import chain
from typing import Final

from dashboards.charts.survival import LifeCurve, LifeStep, Standing, SurvivalWords, survival_spec
from dashboards.charts.theme import Palette
from dashboards.reports.lives_notes import note_text
from dashboards.reports.page import Block, Cell, Column, Figure, Section, Table, Text, Tone
from dashboards.reports.product_telling import (
    MILLION,
    estimated,
    group_names,
    group_text,
    median_text,
    millions,
    p_text,
    ratio_text,
    share_text,
)
from dashboards.web.format import UTC_ZONE, count_text, date_text, local_date
from dashboards.web.strings import Strings
from schemas.lifetime_views import FlaggedLotView, LifeEvidence, LifeGroupView, LifetimesView

_MOST_LINES: Final = 8
_AGES: Final = 6


def lives_sections(view: LifetimesView, palette: Palette, strings: Strings) -> tuple[Section, ...]:
    """By one kind of group."""
    words = strings.product
    names = group_names(view.by, strings)
    groups = [
        group.model_copy(update={"key": names.get(group.key, group.key)}) for group in view.items if group.nozzles
    ]
    told = _told(view, strings)
    title = words.of.format(what=words.lives, by=words.lives_by[view.by])
    if not groups:
        notes = tuple(Text(note_text(note, strings), "muted") for note in view.notes)
        return (Section(title, words.lives_none + told, notes),)
    main: list[Block] = [*_figures(view, groups, palette, strings), _groups(groups, strings)]
    main += _risk(groups, strings)
    sections = [Section(title, words.lives_lead + told, tuple(main))]
    if view.by == "lot":
        sections.append(_flagged(view, strings))
    sections += _effects(view, strings)
    sections += _changes(view, strings)
    said = [*_reasons(groups, strings), *(Text(note_text(note, strings), "muted") for note in view.notes)]
    if said:
        sections.append(Section(words.notes, "", tuple(said)))
    return tuple(sections)


def _told(view: LifetimesView, strings: Strings) -> str:
    """Whom a published answer is about, and as of when: its numbers are kept, and may be older than the page."""
    if view.window is None:
        return ""
    day = date_text(local_date(view.as_of_ms, UTC_ZONE), strings.numbers, strings.pages.common)
    return f" {strings.product.window.format(window=view.window, date=day)}"


def _figures(view: LifetimesView, groups: Sequence[LifeGroupView], palette: Palette, strings: Strings) -> list[Figure]:
    """One for each nozzle model, where the groups are of one model each."""
    by_model: defaultdict[str, list[LifeGroupView]] = defaultdict(list)
    for group in groups:
        if group.curve:
            by_model[(group.model or "") if view.by == "lot" else ""].append(group)
    return [
        _figure(model, own, f"survival-{place}", palette, strings)
        for place, (model, own) in enumerate(sorted(by_model.items()))
        if any(group.ended for group in own)
    ]


def _figure(model: str, groups: Sequence[LifeGroupView], name: str, palette: Palette, strings: Strings) -> Figure:
    words = strings.product
    shown = sorted(groups, key=lambda group: (group.flag is None, -group.nozzles, group.key))[:_MOST_LINES]
    shown.sort(key=lambda group: group.key)
    title = words.curve_of.format(model=model) if model else words.curve
    curves = [_curve(group, strings) for group in shown]
    spec = survival_spec(
        curves,
        palette,
        SurvivalWords(words.curve_axis, words.share, words.by, words.strikes, words.curve_describes),
    )
    rows = chain.from_iterable(_numbers(group) for group in shown)
    head = (words.by, words.strikes, words.share, words.low, words.high, words.at_risk)
    return Figure(title, spec, words.curve_describes, name, head, tuple(rows))


def _numbers(group: LifeGroupView) -> list[tuple[str | float | None, ...]]:
    return [
        (group.key, point.strikes / MILLION, point.survival, point.low, point.high, point.at_risk)
        for point in group.curve
    ]


def _curve(group: LifeGroupView, strings: Strings) -> LifeCurve:
    standing: Standing = group.flag.direction if group.flag is not None else "plain"
    name = group_text(group.key, strings)
    if group.flag is not None:
        name = f"{name} ({strings.product.directions[group.flag.direction]})"
    steps = [LifeStep(point.strikes, point.survival, point.low, point.high) for point in group.curve]
    if steps and steps[0].strikes > group.since_strikes:
        steps.insert(0, LifeStep(group.since_strikes, 1.0, 1.0, 1.0))
    return LifeCurve(name, standing, steps)


def _groups(groups: Sequence[LifeGroupView], strings: Strings) -> Table:
    words, numbers = strings.product, strings.numbers
    columns = (Column(words.groups_columns[0]), *(Column(title, "right") for title in words.groups_columns[1:]))
    rows = tuple(
        (
            Cell(group_text(group.key, strings), _tone(group)),
            Cell(count_text(group.nozzles, numbers)),
            Cell(count_text(group.ended, numbers)),
            Cell(count_text(group.replaced_early, numbers)),
            Cell(count_text(group.in_use, numbers)),
            Cell(median_text(group.median, strings)),
            Cell(estimated(group.weibull.b10 if group.weibull else None, strings)),
            Cell(estimated(group.projected, strings)),
        )
        for group in groups
    )
    return Table(words.groups, columns, rows, note=words.groups_note)


def _tone(group: LifeGroupView) -> Tone:
    return "worn" if group.flag is not None and group.flag.direction == "shorter" else "plain"


def _risk(groups: Sequence[LifeGroupView], strings: Strings) -> list[Table]:
    words, numbers = strings.product, strings.numbers
    last = max((group.curve[-1].strikes for group in groups if group.curve), default=0.0)
    if last <= 0:
        return []
    ages = [last * place / _AGES for place in range(1, _AGES + 1)]
    columns = (Column(words.groups_columns[0]), *(Column(millions(age, strings), "right") for age in ages))

    def cell(group: LifeGroupView, age: float) -> Cell:
        before = [point for point in group.curve if point.strikes <= age]
        later = [point for point in group.curve if point.strikes > age]
        if not later and age > (group.curve[-1].strikes if group.curve else 0.0):
            return Cell(words.none, "muted")
        share = before[-1].survival if before else 1.0
        at_risk = later[0].at_risk if later else before[-1].at_risk
        told = words.risk_cell.format(share=share_text(share, strings), n=count_text(at_risk, numbers))
        return Cell(told)

    rows = tuple(
        (Cell(group_text(group.key, strings)), *(cell(group, age) for age in ages)) for group in groups if group.curve
    )
    return [Table(f"{words.risk_title}, {words.curve_axis}", columns, rows, note=words.risk_note)]


def _flagged(view: LifetimesView, strings: Strings) -> Section:
    words = strings.product
    flagged = [lot for comparison in view.comparisons for lot in comparison.flagged]
    if not flagged:
        return Section(words.flagged, words.flagged_none, ())
    columns = tuple(
        Column(title, "right" if place in (3, 4) else "left") for place, title in enumerate(words.flagged_columns)
    )
    rows = tuple(_flag(lot, strings) for lot in flagged)
    return Section(words.flagged, "", (Table("", columns, rows, note=words.flagged_note).without(words.none),))


def _flag(lot: FlaggedLotView, strings: Strings) -> tuple[Cell, ...]:
    words = strings.product
    by_kind = {one.kind: _evidence(one, strings) for one in lot.evidence}
    tone: Tone = "worn" if lot.direction == "shorter" else "good"
    told = (Cell(by_kind.get("lives", words.none)), Cell(by_kind.get("wear", words.none)))
    return (Cell(lot.lot), Cell(lot.model), Cell(words.directions[lot.direction], tone), *told)


def _evidence(one: LifeEvidence, strings: Strings) -> str:
    ratio, p_value = ratio_text(one.life_ratio, strings), _compared(p_text(one.p_value, strings))
    return strings.product.evidence.format(ratio=ratio, p=p_value)


def _compared(p_value: str) -> str:
    return p_value if p_value.startswith("<") else f"= {p_value}"


def _effects(view: LifetimesView, strings: Strings) -> list[Section]:
    words = strings.product
    if not view.firmware:
        return []
    columns = tuple(
        Column(title, "right" if place in (3, 4, 5, 6) else "left") for place, title in enumerate(words.effects_columns)
    )
    rows = tuple(
        (
            Cell(effect.model),
            Cell(group_text(effect.level, strings)),
            Cell(group_text(effect.baseline, strings)),
            Cell(_count(effect.nozzles, strings)),
            Cell(ratio_text(effect.by_lives, strings)),
            Cell(ratio_text(effect.by_wear, strings)),
            Cell(p_text(effect.p_value, strings), "worn" if effect.clear else "muted"),
        )
        for effect in view.firmware
    )
    return [Section(words.effects, "", (Table("", columns, rows, note=words.effects_note).without(words.none),))]


def _changes(view: LifetimesView, strings: Strings) -> list[Section]:
    words = strings.product
    if not view.changes:
        return []
    columns = tuple(
        Column(title, "left" if place in (0, 1) else "right") for place, title in enumerate(words.changes_columns)
    )
    rows = tuple(
        (
            Cell(change.model),
            Cell(change.week),
            Cell(ratio_text(change.ratio, strings)),
            Cell(_count(change.nozzles_before, strings)),
            Cell(_count(change.nozzles_after, strings)),
        )
        for change in view.changes
    )
    return [Section(words.changes, "", (Table("", columns, rows).without(words.none),))]


def _count(count: int | None, strings: Strings) -> str:
    return strings.product.none if count is None else count_text(count, strings.numbers)


def _reasons(groups: Sequence[LifeGroupView], strings: Strings) -> list[Text]:
    counts: defaultdict[str, int] = defaultdict(int)
    for group in groups:
        for reason in group.reasons:
            counts[reason.reason] += reason.nozzles
    if not counts:
        return []
    names = {"unsaid": strings.report.not_known} | {
        str(reason): word for reason, word in strings.report.reasons.items()
    }
    told = ", ".join(f"{names.get(reason, reason)} {number}" for reason, number in sorted(counts.items()))
    return [Text(strings.product.reasons.format(reasons=told))]
