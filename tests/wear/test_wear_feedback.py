"""What came of forecasts moves and widens the next ones, no more and no less than it should."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtri

from bench.wear_feedback import followed
from gateway.wear.backtest import score
from gateway.wear.calibrate import UNCHANGED, Calibration, PastScore, learnt_from_past


def scores(shift: float, spread: float, units: int, lot: str | None = None, seed: int = 1) -> list[PastScore]:
    drawn = shift + spread * np.random.default_rng(seed).standard_normal(units)
    return [PastScore(f"{lot}-{number}", lot, one, ended=True) for number, one in enumerate(drawn.tolist())]


@pytest.mark.parametrize(("shift", "spread"), [(0.0, 1.0), (-0.6, 1.0), (0.5, 1.6), (0.0, 0.7)])
def test_many_lives_tell_how_far_off_forecasts_were(shift: float, spread: float) -> None:
    past = scores(shift, spread, 400)
    ((lot, found),) = learnt_from_past(past)
    assert lot is None
    assert found.shift == pytest.approx(np.mean([one.score for one in past]), abs=0.06)
    assert found.spread == pytest.approx(np.std([one.score for one in past]), rel=0.08)


def test_two_lives_hardly_move_anything() -> None:
    found = learnt_from_past(scores(-1.0, 0.1, 2))[0][1]
    assert -0.4 < found.shift < 0.0
    assert 0.8 < found.spread < 1.2


def test_lives_that_go_on_count_so_that_short_ones_alone_do_not_shorten_forecasts() -> None:
    whole = scores(0.0, 1.0, 400)
    so_far = [one if one.score < -0.2 else one._replace(score=-0.2, ended=False) for one in whole]
    only_short = [one for one in so_far if one.ended]
    assert abs(learnt_from_past(so_far)[0][1].shift) < 0.2
    assert learnt_from_past(only_short)[0][1].shift < -0.5


def test_a_unit_counts_once_however_often_it_was_forecast() -> None:
    one = PastScore("a", None, -1.5, ended=True)
    assert learnt_from_past([one] * 30)[0][1].shift == pytest.approx(learnt_from_past([one])[0][1].shift, abs=1e-9)


def test_a_lot_starts_from_its_fleet_and_goes_its_own_way() -> None:
    past = [*scores(0.0, 1.0, 80, "good"), *scores(-1.0, 1.0, 80, "bad", 2), *scores(0.0, 1.0, 1, "new", 3)]
    found = dict(learnt_from_past(past))
    assert found["bad"].shift < found[None].shift - 0.2 < found["good"].shift
    assert found["new"].shift == pytest.approx(found[None].shift, abs=0.15)


def test_nothing_is_learnt_where_no_life_has_ended() -> None:
    assert learnt_from_past([]) == ()
    assert learnt_from_past([PastScore("a", None, 0.3, ended=False)]) == ()


def test_two_corrections_are_one() -> None:
    first, then = Calibration(0.3, 1.4), Calibration(-0.2, 0.8)
    cdf = np.linspace(0.01, 0.99, 50)
    assert first.then(then).apply(cdf) == pytest.approx(then.apply(first.apply(cdf)))
    assert first.then(UNCHANGED) == first
    assert float(ndtri(then.apply(np.array([0.5])))[0]) == pytest.approx(0.25)


def test_a_fleet_that_changes_is_followed_and_one_that_does_not_is_not_hurt() -> None:
    for change in ("steady", "faster"):
        both = followed("linear", change, 0, rounds=3)
        plain, taught = score(both.plain), score(both.taught)
        assert taught.covered_80 > min(plain.covered_80, 0.8) - 0.03
        assert taught.crps < plain.crps * 1.03
