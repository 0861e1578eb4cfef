"""Bad lots are named, good ones are not: the short form of `python -m bench.lots`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bench.lot_fleets import BAD, FleetKind, draw_fleet
from bench.lots import run
from gateway.survival.flags import LivesOfLots, PacesOfLots, flag_lots
from gateway.survival.lifetimes import lifetimes
from gateway.survival.wear_pace import Paces

PLAIN = FleetKind("plain")


def test_a_bad_lot_is_named_and_good_ones_are_not() -> None:
    found = run(PLAIN, runs=120, draws=400)
    assert found.bad >= 0.95
    assert found.good <= 0.09  # 0.05, and what 120 fleets leave open


def test_without_a_bad_lot_none_is_named() -> None:
    assert run(replace(PLAIN, bad=False), runs=200, draws=400).good <= 0.085


def test_lots_of_different_age_seen_late_are_compared_fairly() -> None:
    found = run(replace(PLAIN, staggered=True, bad=False), runs=150, draws=400)
    assert found.good <= 0.09


def test_a_bad_lot_is_named_in_use_before_its_nozzles_fail() -> None:
    found = run(replace(PLAIN, failed=0.02, lives=False, wear=True), runs=60, draws=400)
    assert found.bad >= 0.7
    assert found.good <= 0.1


def test_two_bad_lots_do_not_hide_each_other() -> None:
    fleet = draw_fleet(PLAIN, seed=4)
    second = np.array([lot == "L5" for lot in fleet.lives.lots])
    shorter = lifetimes(np.where(second, 0.6 * fleet.lives.lives.exit, fleet.lives.lives.exit), fleet.lives.lives.ended)
    flags = flag_lots(LivesOfLots(shorter, fleet.lives.lots))
    assert {one.lot for one in flags.bad} == {BAD, "L5"}
    assert all(one.verdict.ratio < 0.85 < 1.0 for one in flags.bad)


def test_a_long_lived_lot_does_not_make_the_ordinary_ones_look_bad() -> None:
    fleet = draw_fleet(replace(PLAIN, bad=False), seed=9)
    better = np.array([lot == "L3" for lot in fleet.lives.lots])
    lives = fleet.lives.lives
    longer = lifetimes(np.where(better, 2.0 * lives.exit, lives.exit), lives.ended)
    flags = flag_lots(LivesOfLots(longer, fleet.lives.lots))
    assert [one.lot for one in flags.flagged] == ["L3"]
    assert not flags.bad


def test_of_two_lots_the_shorter_lived_is_named() -> None:
    rng = np.random.default_rng(2)
    lives = lifetimes(np.concatenate([rng.weibull(3, 40), 2 * rng.weibull(3, 40)]))
    flags = flag_lots(LivesOfLots(lives, ["new"] * 40 + ["old"] * 40))
    assert [(one.lot, one.verdict.shorter) for one in flags.flagged] == [("new", True)]
    assert flags.flagged[0].verdict.ratio == pytest.approx(0.5, abs=0.1)


def test_a_lot_of_which_nothing_failed_is_told_by_its_side_alone() -> None:
    rng = np.random.default_rng(5)
    lives = lifetimes(np.concatenate([rng.weibull(3, 60), np.full(60, 3.0)]), [True] * 60 + [False] * 60)
    flags = flag_lots(LivesOfLots(lives, ["worn"] * 60 + ["whole"] * 60))
    assert [one.lot for one in flags.bad] == ["worn"]


def test_a_small_difference_is_not_worth_a_word() -> None:
    rng = np.random.default_rng(6)
    names = np.repeat(["a", "b", "c", "d"], 3_000)
    pace = 0.3 * rng.standard_normal(names.size) + 0.05 * (names == "a")
    flags = flag_lots(wear=PacesOfLots(Paces(pace, np.full(names.size, 0.01)), names.tolist()), draws=300)
    assert flags.by_wear is not None
    assert flags.by_wear.p_value < 0.01
    assert not flags.flagged


def test_few_nozzles_of_a_lot_or_none_with_a_lot_say_nothing() -> None:
    lives = lifetimes(np.linspace(1, 2, 12))
    assert flag_lots(LivesOfLots(lives, ["a"] * 8 + ["b"] * 4)).by_lives is None
    assert flag_lots(LivesOfLots(lives, [None] * 12)).flagged == ()
    assert flag_lots().flagged == ()
