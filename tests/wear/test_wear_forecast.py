"""The whole forecast: honest, blind to what it must not see, and sane on absurd histories."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bench.wear_fleets import fleet
from gateway.errors import InvalidInputError
from gateway.wear.backtest import Forecast, backtest, past_forecasts, score
from gateway.wear.forecast import learn
from gateway.wear.history import Unit, unit
from gateway.wear.leave_out import forecast_units, left_out_together
from gateway.wear.scores import LEVELS, crps_of_quantiles

LEVELS_7 = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)


def forecasts_of_new_units(kind: str, learnt_from: int, seed: int) -> list[Forecast]:
    made = fleet(kind, learnt_from + 3, seed)
    forecaster = learn(made.units[3:], made.limit)
    lives = [(new, new.life(made.limit)) for new in made.units[:3]]
    return [f for new, life in lives if life is not None for f in past_forecasts(forecaster, new, life)]


def test_eighty_per_cent_intervals_hold_with_three_units_to_learn_from() -> None:
    kinds = ("linear", "convex", "concave", "s-shaped", "crack", "plateau", "rough", "exponential")
    found = score([f for kind in kinds for seed in (11, 12) for f in forecasts_of_new_units(kind, 3, seed)])
    assert found.forecasts > 100
    assert found.covered_80 >= 0.70
    assert found.covered_90 >= 0.80


@pytest.mark.parametrize(
    ("kind", "at_most"), [("linear", 0.07), ("convex", 0.07), ("crack", 0.06), ("s-shaped", 0.07), ("plateau", 0.06)]
)
def test_curves_of_every_shape_are_learnt_from_ten_units(kind: str, at_most: float) -> None:
    found = score([f for seed in (21, 22, 23) for f in forecasts_of_new_units(kind, 10, seed)])
    assert found.crps < at_most


def test_replacing_by_the_forecast_is_cheaper_than_at_the_best_fixed_use() -> None:
    made = fleet("convex", 10, 5)
    found = backtest(made.units, made.limit)
    assert found.cost < 1.7
    assert found.cost < 0.75 * found.cost_fixed


@pytest.mark.parametrize(("use", "wear"), [(1e-7, 1e9), (3e8, 1e-6), (0.37, 4.2)])
def test_the_measures_of_use_and_wear_do_not_matter(use: float, wear: float) -> None:
    made = fleet("crack", 7, 3)
    other = [Unit(u.name, u.lot, u.usage * use, u.wear * wear) for u in made.units]
    young = [u.until(0.6 * float(u.usage[-1])) for u in (made.units[0], other[0])]
    here = learn(made.units[1:], made.limit).remaining(young[0], LEVELS_7)
    there = learn(other[1:], made.limit * wear).remaining(young[1], LEVELS_7)
    assert there / use == pytest.approx(here, rel=1e-3)


def test_a_units_own_history_has_no_part_in_its_forecast() -> None:
    made = fleet("linear", 16, 9)
    target = made.units[4].until(0.5 * float(made.units[4].usage[-1]))
    odd = Unit(target.name, None, made.units[4].usage * 7.0, made.units[4].wear * 0.2)
    with_odd = [odd if u.name == target.name else u for u in made.units]
    assert forecast_units(made.units, [target], made.limit, LEVELS_7) == forecast_units(
        with_odd, [target], made.limit, LEVELS_7
    )


def test_many_targets_are_left_out_in_tenths_and_each_of_its_own_tenth() -> None:
    names = [f"u{n}" for n in range(47)]
    groups = left_out_together(names, names)
    assert len(groups) == 10
    assert sorted(name for group in groups for name in group) == sorted(names)
    assert left_out_together(names, names[:5]) == [frozenset({name}) for name in names[:5]]


def test_the_last_state_of_a_whole_fleet_is_answered_in_its_order() -> None:
    made = fleet("linear", 15, 2)
    found = forecast_units(made.units, made.units, made.limit, (0.5,))
    assert [f.unit for f in found] == [u.name for u in made.units]


def test_a_single_reading_is_enough_for_a_forecast() -> None:
    made = fleet("linear", 8, 4)
    life = made.units[0].life(made.limit) or float(made.units[0].usage[-1])
    new = unit("new", [0.5 * life], [0.5 * made.limit])
    low, middle, high = learn(made.units[1:], made.limit).remaining(new, (0.05, 0.5, 0.95))
    assert 0.0 < low < middle < high
    assert 0.2 * life < middle < 1.2 * life


def test_a_passed_limit_leaves_nothing() -> None:
    made = fleet("linear", 4, 4)
    new = unit("new", [1.0, 2.0], [0.5 * made.limit, 1.2 * made.limit])
    assert learn(made.units, made.limit).remaining(new, LEVELS_7).tolist() == [0.0] * 7


def test_a_lot_that_wears_fast_teaches_its_next_unit() -> None:
    def worn(name: str, lot: str, rate: float, end: float) -> Unit:
        x = np.linspace(0.0, end, 15)
        return unit(name, x, rate * x, lot)

    rng = np.random.default_rng(3)
    made = [worn(f"g{n}", "good", 1.0 + 0.05 * rng.standard_normal(), 1.1) for n in range(8)]
    made += [worn(f"b{n}", "bad", 1.7 + 0.05 * rng.standard_normal(), 0.7) for n in range(4)]
    forecaster = learn(made, 1.0)
    good, bad = (forecaster.remaining(unit("new", [0.0], [0.0], lot), (0.5,))[0] for lot in ("good", "bad"))
    assert bad < 0.8 * good


def test_two_units_that_never_reached_the_limit_give_a_wide_answer() -> None:
    made = [unit("a", [0, 1, 2], [0, 0.1, 0.2]), unit("b", [0, 1, 2], [0, 0.12, 0.22])]
    found = forecast_units(made, made, 1.0, (0.05, 0.5, 0.95))
    for forecast in found:
        low, middle, high = forecast.remaining
        assert 0.0 < low < middle < high
        assert high - low > 0.5 * middle


def test_one_unit_alone_is_refused() -> None:
    alone = [unit("a", [0, 1], [0, 0.5])]
    with pytest.raises(InvalidInputError, match="no other unit"):
        forecast_units(alone, alone, 1.0, (0.5,))


def test_one_other_unit_is_enough() -> None:
    made = [unit("a", [0, 1, 2], [0, 0.5, 1.1])]
    (found,) = forecast_units(made, [unit("n", [0.5], [0.2])], 1.0, (0.1, 0.5, 0.9))
    assert 0.0 < found.remaining[0] < found.remaining[1] < found.remaining[2]


readings = st.lists(
    st.tuples(
        st.floats(0.0, 1e6, allow_subnormal=False),
        st.one_of(st.just(3.0), st.floats(-1e4, 1e4, allow_subnormal=False)),
    ),
    min_size=1,
    max_size=8,
)


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(histories=st.lists(readings, min_size=2, max_size=4), limit=st.sampled_from([-5.0, 0.0, 1e-9, 1.0, 3.0, 1e4]))
def test_absurd_histories_give_sane_quantiles(histories: list[list[tuple[float, float]]], limit: float) -> None:
    made = [unit(f"u{n}", *zip(*rows, strict=True)) for n, rows in enumerate(histories)]
    for found in forecast_units(made, made, limit, LEVELS_7):
        remaining = np.array(found.remaining)
        assert np.all(np.isfinite(remaining))
        assert np.all(remaining >= 0.0)
        assert np.all(np.diff(remaining) >= 0.0)


@pytest.mark.parametrize("wear", [[1.0] * 20, list(np.linspace(1.0, 0.2, 20)), [0.0] * 20])
def test_constant_and_falling_wear_is_forecast_far_away(wear: list[float]) -> None:
    made = fleet("linear", 6, 1)
    usage = np.linspace(0.0, 0.5 * float(np.mean([u.usage[-1] for u in made.units])), 20)
    new = unit("odd", usage, np.array(wear) * 0.2 * made.limit)
    forecaster = learn(made.units, made.limit)
    found = forecaster.remaining(new, LEVELS_7)
    assert np.all(np.isfinite(found))
    assert found[3] > 0.5 * forecaster.mean_life
    assert found[-1] <= 10.0 * forecaster.mean_life


def test_a_backtest_without_an_ended_life_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="reached the limit"):
        backtest([unit("a", [0, 1], [0, 0.1]), unit("b", [0, 1], [0, 0.1])], 5.0)


def test_the_crps_of_quantiles_is_the_error_of_a_point() -> None:
    point = np.full((1, len(LEVELS)), 3.0)
    assert crps_of_quantiles(point, np.array(LEVELS), np.array([5.0]))[0] == pytest.approx(2.0)
