"""`python -m bench.wear_cost`: what replacing by the forecast costs on 500 simulated nozzles of 3 models and 8 lots."""

from __future__ import annotations

from random import Random
from typing import Final, NamedTuple

import numpy as np

from collectors.simulator.inventory import BAD_LOT_FACTOR, NOZZLE_KINDS, NozzleKind
from collectors.simulator.physics import draw_path
from gateway.wear.backtest import COST_RATIO, LEAD, best_fixed_count, replaced_by_forecast
from gateway.wear.forecast import learn
from gateway.wear.history import Unit, unit
from gateway.wear.leave_out import left_out_together
from gateway.wear.scores import Replacement, cost_against_foresight

LIMIT: Final = 1.0
COATING_LIMIT: Final = 0.2
LOTS: Final = ((1.0, BAD_LOT_FACTOR, 0.97), (1.03, 0.96, 1.0), (1.02, 0.99))
READINGS: Final = 120
WINDOW: Final = 0.15
LOOKS: Final = 25


class Nozzle(NamedTuple):
    """Its readings to a little past its life, and the true life."""

    readings: Unit
    life: float


class Policies(NamedTuple):
    """How each nozzle's life ended under each policy."""

    forecast: list[Replacement]
    fixed: list[Replacement]
    linear: list[Replacement]
    lives: list[float]


def main() -> None:
    """Prints the cost for each model and over all."""
    rng = Random(5)
    parts: list[Policies] = []
    for kind, factors in zip(NOZZLE_KINDS, LOTS, strict=True):
        parts.append(ends([draw(rng, kind, number, factors) for number in range(167)]))
        _print_line(kind.model, parts[-1])
    _print_line(
        "all",
        Policies(
            [end for part in parts for end in part.forecast],
            [end for part in parts for end in part.fixed],
            [end for part in parts for end in part.linear],
            [life for part in parts for life in part.lives],
        ),
    )


def draw(rng: Random, kind: NozzleKind, number: int, factors: tuple[float, ...]) -> Nozzle:
    """One nozzle of a lot in turn, read now and then with a sensor's noise."""
    lot = number % len(factors)
    path = draw_path(
        rng, kind.law, rated_strikes=kind.rated_strikes, coating_limit=COATING_LIMIT, lot_factor=factors[lot]
    )
    at = sorted(rng.uniform(0.0, 1.06 * path.strikes_at_limit) for _ in range(READINGS))
    noise = rng.uniform(0.004, 0.01)
    coating = [path.coating_at(int(strikes)) + rng.gauss(0.0, noise) for strikes in at]
    wear = [(1.0 - ratio) / (1.0 - COATING_LIMIT) for ratio in coating]
    return Nozzle(unit(f"{kind.model}-{number:03}", at, wear, f"{kind.model}-{lot}"), float(path.strikes_at_limit))


def ends(nozzles: list[Nozzle]) -> Policies:
    """Each nozzle under each policy, learnt from the other nine tenths."""
    found = Policies([], [], [], [])
    names = [nozzle.readings.name for nozzle in nozzles]
    for group in left_out_together(names, names):
        forecaster = learn([n.readings for n in nozzles if n.readings.name not in group], LIMIT)
        count = best_fixed_count(forecaster)
        for nozzle in nozzles:
            if nozzle.readings.name in group:
                found.forecast.append(replaced_by_forecast(forecaster, nozzle.readings, nozzle.life))
                found.fixed.append(Replacement(min(count, nozzle.life), nozzle.life < count))
                found.linear.append(replaced_by_line(nozzle, forecaster.mean_life))
                found.lives.append(nozzle.life)
    return found


def replaced_by_line(nozzle: Nozzle, mean_life: float) -> Replacement:
    """Replaced when the least squares line through the last readings reaches the limit within the lead."""
    lead, step = LEAD * mean_life, mean_life / LOOKS
    for now in np.arange(step, nozzle.life, step).tolist():
        so_far = nozzle.readings.until(now)
        recent = so_far.usage >= now - WINDOW * mean_life
        if recent.sum() < 2:
            continue
        slope, at_zero = np.polyfit(so_far.usage[recent] - now, so_far.wear[recent], 1)
        wait = (LIMIT - at_zero) / slope if slope > 0.0 else np.inf
        if wait < lead + step:
            end = now + max(float(wait), lead)
            return Replacement(min(end, nozzle.life), end >= nozzle.life)
    return Replacement(nozzle.life, failed=True)


def _print_line(name: str, found: Policies) -> None:
    forecast, fixed, linear = (
        cost_against_foresight(part, found.lives, COST_RATIO) for part in (found.forecast, found.fixed, found.linear)
    )
    failed = sum(end.failed for end in found.forecast) / len(found.lives)
    print(
        f"{name:6} {len(found.lives):4} nozzles  by forecast {forecast:.2f} ({failed:.1%} failed)  "
        f"best fixed count {fixed:.2f}  predict_linear {linear:.2f}  saved against fixed {1.0 - forecast / fixed:.0%}"
    )


if __name__ == "__main__":
    main()
