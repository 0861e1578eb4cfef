"""`python -m bench.wear feedback`: forecasts that learn from what came of earlier ones, beside forecasts that don't.

A fleet's nozzles come one after another, a few at a time. Each is forecast at four ages by a fit to those before it;
every so many lives the fit is made anew, and with it what past forecasts teach. Some fleets are as the model takes
them, some change under it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np
from scipy.special import ndtri

from bench.wear_fleets import fleet
from gateway.wear.backtest import Forecast, past_forecasts, score
from gateway.wear.calibrate import Calibration, PastScore, learnt_from_past
from gateway.wear.forecast import Forecaster, learn
from gateway.wear.history import Unit
from gateway.wear.scores import LEVELS

KINDS: Final = ("linear", "convex", "s-shaped", "rough", "gamma", "plateau")
CHANGES: Final = ("steady", "faster", "wilder")
FIRST: Final = 8
STEP: Final = 12
ROUNDS: Final = 4
READINGS: Final = 40


class Both(NamedTuple):
    """The same forecasts as they come, and with what earlier ones taught."""

    plain: list[Forecast]
    taught: list[Forecast]


def main(seeds: int = 3) -> None:
    """Prints coverage and CRPS for each change of fleet."""
    print(
        f"{'fed back':12}{'n':>6}{'80 % plain':>12}{'taught':>8}{'90 % plain':>12}{'taught':>8}"
        f"{'CRPS plain':>12}{'taught':>8}"
    )
    every = Both([], [])
    for change in CHANGES:
        found = Both([], [])
        for kind in KINDS:
            for seed in range(seeds):
                one = followed(kind, change, seed)
                found.plain.extend(one.plain)
                found.taught.extend(one.taught)
        every.plain.extend(found.plain)
        every.taught.extend(found.taught)
        _print_line(change, found)
    _print_line("all", every)
    print()


def followed(kind: str, change: str, seed: int, rounds: int = ROUNDS) -> Both:
    """One fleet's forecasts, from the second fit on."""
    units, limit = made(kind, change, seed)
    found, past, lessons = Both([], []), [], Calibration()
    for number in range(rounds):
        known, coming = units[: FIRST + number * STEP], units[FIRST + number * STEP : FIRST + (number + 1) * STEP]
        forecaster = learn(known, limit)
        taught = replace(forecaster, whole=forecaster.whole.then(lessons))
        for one in coming:
            life = one.life(limit)
            if life is None:
                past += _outlived(forecaster, one)
                continue
            plain = past_forecasts(forecaster, one, life)
            past += [PastScore(one.name, None, _place(f), ended=True) for f in plain]
            if number:
                found.plain.extend(plain)
                found.taught.extend(past_forecasts(taught, one, life))
        learnt = learnt_from_past(past)
        lessons = learnt[0][1] if learnt else Calibration()
    return found


def made(kind: str, change: str, seed: int) -> tuple[list[Unit], float]:
    """A fleet's units in the order in which they come."""
    count = FIRST + ROUNDS * STEP
    drawn = fleet(kind, count, seed + 50, noise=0.02, readings=READINGS, censored=0.15)
    if change == "steady":
        return drawn.units, drawn.limit
    rng = np.random.default_rng([seed, 9])
    factors = np.ones(count)
    if change == "faster":
        factors[FIRST + STEP :] = 1.25
    else:
        factors[FIRST + STEP :] = np.exp(0.3 * rng.standard_normal(count - FIRST - STEP))
    return [replace(u, usage=u.usage / f) for u, f in zip(drawn.units, factors.tolist(), strict=True)], drawn.limit


def _place(forecast: Forecast) -> float:
    """The forecast's probability of what came, on the normal scale."""
    levels = np.array(LEVELS)
    return float(ndtri(np.interp(forecast.came, forecast.quantiles, levels)))


def _outlived(forecaster: Forecaster, unit: Unit) -> list[PastScore]:
    last = float(unit.usage[-1])
    return [PastScore(unit.name, None, _place(f), ended=False) for f in past_forecasts(forecaster, unit, last)]


def _print_line(name: str, both: Both) -> None:
    plain, taught = score(both.plain), score(both.taught)
    print(
        f"{name:12}{plain.forecasts:6}{plain.covered_80:12.1%}{taught.covered_80:8.1%}"
        f"{plain.covered_90:12.1%}{taught.covered_90:8.1%}{plain.crps:12.3f}{taught.crps:8.3f}"
    )


if __name__ == "__main__":
    main()
