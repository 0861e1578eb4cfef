"""The physics of the coating."""

from __future__ import annotations

from random import Random
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.simulator.inventory import NOZZLE_KINDS, Inventory, NozzleKind
from collectors.simulator.physics import CoatingPath, draw_path
from collectors.simulator.settings import SimulatorSettings
from tests.support.recorded_week import WEEK_START_MS

LIMIT = 0.2

kinds = st.sampled_from(NOZZLE_KINDS)
seeds = st.integers(0, 2**32)


def path_of(kind: NozzleKind, seed: int, lot_factor: float = 1.0) -> CoatingPath:
    return draw_path(
        Random(seed), kind.law, rated_strikes=kind.rated_strikes, coating_limit=LIMIT, lot_factor=lot_factor
    )


@given(kinds, seeds, st.lists(st.integers(0, 200_000_000), min_size=2))
def test_a_coating_never_grows(kind: NozzleKind, seed: int, strikes: list[int]) -> None:
    path = path_of(kind, seed)
    coatings = [path.coating_at(count) for count in sorted(strikes)]
    assert coatings == sorted(coatings, reverse=True)
    assert all(0.0 <= coating <= 1.0 for coating in coatings)


@given(kinds, seeds)
def test_the_limit_is_reached_at_the_stated_strikes(kind: NozzleKind, seed: int) -> None:
    path = path_of(kind, seed)
    assert path.coating_at(path.strikes_at_limit - 2) > LIMIT
    assert path.coating_at(path.strikes_at_limit + 1) <= LIMIT


@pytest.mark.parametrize("kind", NOZZLE_KINDS, ids=lambda kind: kind.model)
def test_units_differ_and_live_about_as_long_as_their_model_says(kind: NozzleKind) -> None:
    lives = sorted(path_of(kind, seed).strikes_at_limit / kind.rated_strikes for seed in range(150))
    assert median(lives) == pytest.approx(kind.law.life_ratio, rel=0.1)
    assert lives[135] / lives[15] > 1.2


def test_one_lot_wears_clearly_faster_than_the_others_of_its_model() -> None:
    inventory = Inventory(SimulatorSettings(start_ms=WEEK_START_MS, seed=3))
    rng = Random(3)
    nozzles = [inventory.draw_nozzle(rng, "FM100", f"N{number:05d}") for number in range(160)]
    bad = [nozzle.path.strikes_at_limit for nozzle in nozzles if nozzle.lot.lot == inventory.bad_lot]
    good = [nozzle.path.strikes_at_limit for nozzle in nozzles if nozzle.lot.lot != inventory.bad_lot]
    assert len(bad) > 20
    assert median(bad) < 0.7 * median(good)


def test_a_serial_wears_the_same_whoever_fits_it_and_when() -> None:
    settings = SimulatorSettings(start_ms=WEEK_START_MS)
    first = Inventory(settings).draw_nozzle(Random(1), "FM100", "N00001-01")
    second = Inventory(settings).draw_nozzle(Random(1), "FM100", "N00001-01")
    assert first == second
