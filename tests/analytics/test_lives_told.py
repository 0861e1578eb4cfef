"""What vendors are told of lives: no clinic can be found in it, and a bad lot can."""

from __future__ import annotations

from dataclasses import replace

from gateway.analytics.lives_told import of_models, told_lives
from gateway.analytics.nozzle_lives import NozzleLife
from gateway.analytics.privacy import OTHER, Window
from schemas.lifetime_views import LifetimesView
from tests.analytics.some_lives import MODEL, ONE_BAD, life, lot_lives

WINDOW = Window("2026-Q1", 1_767_225_600_000, 1_775_001_600_000)


def told(lives: list[NozzleLife]) -> LifetimesView:
    return told_lives(lives, WINDOW, 0)[0]


def test_a_bad_lot_is_told_where_enough_clinics_stand_behind_it() -> None:
    answer = told(lot_lives(ONE_BAD))
    assert answer.window == "2026-Q1"
    flags = [item.flag for item in answer.items if item.flag is not None]
    assert [flag.lot for flag in flags] == ["lot-c"]
    assert all(one.nozzles % 5 == 0 and one.ended % 5 == 0 for one in flags[0].evidence)


def test_lots_of_too_few_clinics_are_told_together_and_not_compared() -> None:
    few = {"lot-a", "lot-b"}
    lives = [
        replace(one, clinic_id=f"c-{number % 3}") if one.lot in few else one
        for number, one in enumerate(lot_lives(ONE_BAD))
    ]
    answer = told(lives)
    keys = {item.key for item in answer.items}
    assert OTHER in keys
    assert not few & keys
    assert not any({*few, OTHER} & set(one.groups) for one in answer.comparisons)


def test_too_few_clinics_in_all_are_told_nothing() -> None:
    answer = told(lot_lives(ONE_BAD, clinics=4))
    assert (answer.items, answer.comparisons, answer.firmware, answer.changes) == ((), (), (), ())


def test_one_clinics_nozzles_change_no_exact_age_that_is_told() -> None:
    """The oldest nozzles are all of one clinic: the curve ends before them, and its ages are round."""
    lives = [one for one in lot_lives(ONE_BAD) if one.strikes < 8e6]
    old = [life(f"old-{n}", lot="lot-a", clinic_id="c-old", strikes=9_123_457.0 + n) for n in range(4)]
    answer = told([*lives, *old])
    lot_a = next(item for item in answer.items if item.key == "lot-a")
    assert max(point.strikes for point in lot_a.curve) < 8e6
    assert all(point.strikes == float(f"{point.strikes:.3g}") for point in lot_a.curve)
    assert all(point.at_risk % 5 == 0 for point in lot_a.curve)


def test_lives_that_began_after_the_quarter_are_not_in_it() -> None:
    late = [replace(one, first_ms=WINDOW.until_ms) for one in lot_lives(ONE_BAD)]
    assert told([*late]).items == ()


def test_a_vendor_of_one_model_is_told_of_that_one() -> None:
    other = [replace(one, serial=f"o-{one.serial}", model="coarse-9") for one in lot_lives(ONE_BAD, seed=2)]
    answer = of_models(told([*lot_lives(ONE_BAD), *other]), frozenset({MODEL}))
    assert {item.model for item in answer.items} == {MODEL}
    assert {one.model for one in answer.comparisons} == {MODEL}
