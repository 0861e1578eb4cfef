"""The attack on what a vendor is told of lots: every count is subtracted from every other, and nothing is about few."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import combinations

from gateway.analytics.lives_told import told_lives
from gateway.analytics.nozzle_lives import NozzleLife
from gateway.analytics.privacy import OTHER, Window
from schemas.lifetime_views import LifeGroupView, LifetimesView
from tests.analytics.some_lives import MODEL, ONE_BAD, life, lot_lives
from tests.privacy.test_cells import Column, weakest

K = 5
QUARTER = Window("2026-Q1", 1_767_225_600_000, 1_775_001_600_000)
RARE = ("lot-x", "lot-y")
BASELINE, NEW = "1.0", "1.1"
ONE_MORE = "c-0"
"""It alone has the new firmware in other lots than the rest of those that have it."""


def fleet() -> list[NozzleLife]:
    """A bad lot, two lots of few clinics, another model; and a firmware that cuts across the lots so that a lot's count
    less the firmware's would be one clinic's."""
    rng = random.Random(6)
    lives = [
        replace(one, firmware=NEW if one.lot == "lot-a" or one.clinic_id == ONE_MORE else BASELINE, made_week=3_000)
        for one in lot_lives(ONE_BAD)
    ]
    for number, lot in enumerate(RARE):
        lives += [
            life(f"{lot}-{n}", lot=lot, clinic_id=f"c-{number * 2 + n % 2}", strikes=1e6 * rng.random() + 1e5)
            for n in range(20)
        ]
    lives += [
        life(f"w-{n}", model="wide-9", lot="lot-a", clinic_id=f"c-{n % 9}", strikes=1e6 * rng.random() + 1e5)
        for n in range(45)
    ]
    return lives


def answers(k: int = K) -> list[LifetimesView]:
    return told_lives(fleet(), QUARTER, 0, k)


def behind(lives: Iterable[NozzleLife], view: LifetimesView, item: LifeGroupView) -> set[Column]:
    """Whose nozzles of which lots a line is about, as the attacker finds out."""
    if view.by == "model":
        return {(one.clinic_id, (one.model, one.lot or "")) for one in lives if one.model == item.key}
    told = {other.key for other in view.items if other.model == item.model}
    return {
        (one.clinic_id, (one.model, one.lot or ""))
        for one in lives
        if one.model == item.model and (one.lot == item.key or (item.key == OTHER and one.lot not in told))
    }


def counts_of(item: LifeGroupView) -> list[int]:
    flags = [number for one in (item.flag.evidence if item.flag else ()) for number in (one.nozzles, one.ended)]
    return [
        item.nozzles, item.ended, item.replaced_early, item.in_use, item.seen_late, item.unmeasured, *flags,
        *(point.at_risk for point in item.curve), *(reason.nozzles for reason in item.reasons),
    ]  # fmt: skip


def test_no_lines_of_lots_and_models_together_are_about_fewer_than_k_clinics() -> None:
    lives, views = fleet(), answers()
    lines = [behind(lives, view, item) for view in views for item in view.items]
    assert {view.by for view in views} == {"lot", "model"}
    assert len(lines) > 8
    assert weakest(lines, K) == set()
    told = {item.key for view in views for item in view.items}
    assert not told & set(RARE)


def test_the_attack_finds_what_a_count_by_firmware_would_give_away() -> None:
    """So firmwares and weeks, which cut across the lots, are told without counts."""
    lives = [one for one in fleet() if one.model == MODEL]
    with_new = {(one.clinic_id, (one.model, one.lot or "")) for one in lives if one.firmware == NEW}
    lines = [behind(fleet(), view, item) for view in answers() for item in view.items]
    assert weakest([*lines, with_new], K) == {ONE_MORE}
    for view in answers():
        assert [one.level for one in view.firmware] == [NEW]
        assert [one.nozzles for one in view.firmware] == [None]
        assert all(one.nozzles_before is None and one.nozzles_after is None for one in view.changes)


def test_every_count_and_every_difference_of_two_is_a_multiple_of_the_k_in_force() -> None:
    for k in (K, 7):
        numbers = {number for view in answers(k) for item in view.items for number in counts_of(item)}
        assert len(numbers) > 5
        assert all(abs(one - other) % k == 0 for one, other in combinations({0, *numbers}, 2))


def test_traits_that_few_clinics_have_are_not_told_of_a_lot() -> None:
    lives = [
        replace(one, log_pace=one.log_pace if one.lot != "lot-b" or one.clinic_id in ("c-0", "c-1") else None)
        for one in fleet()
    ]
    assert next(item for item in answers()[0].items if item.key == "lot-b").projected is not None
    found = told_lives(lives, QUARTER, 0, K)[0]
    assert next(item for item in found.items if item.key == "lot-b").projected is None
    assert next(item for item in found.items if item.key == "lot-d").projected is not None


def test_reasons_that_few_clinics_gave_go_together() -> None:
    """By lot and by model they are sums of the same, so that no difference is what one clinic said."""
    lives: Sequence[NozzleLife] = [
        replace(one, state="early", reason="damaged" if one.clinic_id == "c-3" else "worn" if number % 2 else None)
        if one.state == "in_use" and one.lot in ONE_BAD
        else one
        for number, one in enumerate(fleet())
    ]
    of_lots, of_models = told_lives(lives, QUARTER, 0, K)
    for view in (of_lots, of_models):
        named = {reason.reason for item in view.items for reason in item.reasons}
        assert "damaged" not in named
        assert OTHER in named
