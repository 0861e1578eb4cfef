"""Bad lots are named soon, good ones hardly ever, however often one looks."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from bench import wear_lots
from collectors.simulator.inventory import NOZZLE_KINDS
from gateway.forecasting.abnormal import log_evidence
from gateway.forecasting.fit import ModelFit


@pytest.fixture(scope="module")
def taught() -> list[ModelFit]:
    return [wear_lots.taught(Random(kind.model), kind) for kind in NOZZLE_KINDS]


def test_a_bad_lot_is_named_before_a_third_of_it_is_replaced_and_no_good_one_is(taught: list[ModelFit]) -> None:
    found = [wear_lots.outcome(taught, seed) for seed in range(3)]
    assert all(one.bad_replaced < 1 / 3 for one in found)
    assert sum(one.good_named for one in found) <= 1
    assert sum(one.sound_named for one in found) / sum(one.sound for one in found) < 0.01


def test_looking_every_day_does_not_make_false_alarms() -> None:
    rng = np.random.default_rng(3)
    steps = rng.standard_normal((4_000, 150)) * 0.2
    looks = np.arange(1, 151)
    mean, deviation = np.cumsum(steps, axis=1) / looks, 0.2 / np.sqrt(looks)
    ever = (log_evidence(mean, np.broadcast_to(deviation, mean.shape)) >= np.log(20.0)).any(axis=1)
    assert ever.mean() < 0.05


@pytest.mark.parametrize("deviation", [0.01, 0.1, 1.0])
def test_the_evidence_is_one_on_average_where_nothing_is_wrong(deviation: float) -> None:
    z = np.linspace(-9.0, 9.0, 200_001)
    log_e = log_evidence(z * deviation, np.full(z.size, deviation))
    density = np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi)
    inside = np.sum(np.exp(log_e) * density) * (z[1] - z[0])
    assert 0.0 < inside <= 1.0 + 1e-6


def test_what_is_clearly_faster_is_told_by_a_single_nozzle() -> None:
    assert float(log_evidence(np.array(np.log(3.0)), np.array(0.2))) > np.log(500 / 0.05)
    assert float(log_evidence(np.array(-0.5), np.array(0.2))) < 0.0
