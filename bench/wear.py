"""`python -m bench.wear`: the forecast scored on public wear data and on simulated fleets, and its speed."""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from bench import wear_cost, wear_feedback, wear_lots
from bench.wear_fleets import KINDS, fleet
from bench.wear_speed import print_speed
from gateway.wear.backtest import Backtest, Forecast, backtest, past_forecasts, score
from gateway.wear.forecast import learn
from gateway.wear.history_csv import read_history

SETS = {
    "conveyor_belt_wear": 7.0,
    "nasa_battery_fade": 0.45,
    "phm2010_tool_wear": 0.16,
    "rp2018_terminal_crack": 0.25,
}
PARTS = ("public", "simulated", "few", "cost", "lots", "feedback", "speed")
DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "degradation"
HEAD = f"{'':26}{'units':>6}{'n':>5}{'CRPS':>8}{'MAE':>8}{'80 %':>7}{'90 %':>7}{'cost':>7}{'fixed':>7}{'s':>7}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.wear", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all without one")
    parser.add_argument("--seeds", type=int, default=6, help="fleets of each simulated kind")
    parser.add_argument("--fleets", type=int, default=200, help="fleets in which a bad lot is looked for")
    options = parser.parse_args()
    parts = options.parts or PARTS
    if "public" in parts:
        print_public()
    if "simulated" in parts:
        print_simulated((5, 12), options.seeds)
    if "few" in parts:
        print_simulated((1, 2, 3), options.seeds)
    if "cost" in parts:
        wear_cost.main()
    if "lots" in parts:
        wear_lots.main(options.fleets)
    if "feedback" in parts:
        wear_feedback.main(max(options.seeds // 2, 1))
    if "speed" in parts:
        print_speed()


def print_public() -> None:
    """Leave-one-unit-out on the public sets, where they are."""
    if not DATA.is_dir():
        print(f"no public data at {DATA}")
        return
    print(HEAD)
    results = []
    for name, limit in SETS.items():
        begun = time.perf_counter()
        result = backtest(read_history((DATA / f"{name}.csv").read_text(), name), limit)
        results.append(result)
        _print_line(name, result, time.perf_counter() - begun)
        print("    CRPS by stage: " + "  ".join(f"{s:.0%} {x.crps:.3f}" for s, x in result.by_stage.items()))
    together = score([forecast for result in results for forecast in result.forecasts])
    means = [float(np.mean([getattr(result.all, part) for result in results])) for part in ("crps", "error")]
    costs = [float(np.mean([result.cost for result in results])), float(np.mean([r.cost_fixed for r in results]))]
    print(f"{'mean over sets':37}{means[0]:8.3f}{means[1]:8.3f}{'':14}{costs[0]:7.2f}{costs[1]:7.2f}")
    print(f"{'pooled forecasts':32}{together.forecasts:5}{'':16}{together.covered_80:7.0%}{together.covered_90:7.0%}\n")


def _print_line(name: str, result: Backtest, seconds: float) -> None:
    s = result.all
    print(
        f"{name:26}{result.units:6}{s.forecasts:5}{s.crps:8.3f}{s.error:8.3f}{s.covered_80:7.0%}{s.covered_90:7.0%}"
        f"{result.cost:7.2f}{result.cost_fixed:7.2f}{seconds:7.1f}"
    )


def print_simulated(sizes: tuple[int, ...], seeds: int) -> None:
    """Fleets of every kind, so many units to learn from, each teaching the forecast of four new units."""
    print(f"{'simulated':16}{'learnt from':>12}{'n':>6}{'CRPS':>8}{'MAE':>8}{'80 %':>7}{'90 %':>7}")
    for size in sizes:
        every: list[Forecast] = []
        for kind in KINDS:
            found = [f for seed in range(seeds) for f in simulated_forecasts(kind, size, seed)]
            every += found
            _print_score(kind, size, found)
        _print_score("all kinds", size, every)
    print()


def simulated_forecasts(kind: str, size: int, seed: int) -> list[Forecast]:
    """Forecasts of four new units of a simulated fleet."""
    noise, readings = (0.005, 0.02, 0.05)[seed % 3], (10, 40, 100)[seed // 3 % 3]
    made = fleet(kind, size + 4, seed, noise=noise, readings=readings)
    forecaster = learn(made.units[4:], made.limit)
    found = []
    for unit in made.units[:4]:
        life = unit.life(made.limit)
        if life is not None:
            found += past_forecasts(forecaster, unit, life)
    return found


def _print_score(name: str, size: int, found: list[Forecast]) -> None:
    s = score(found)
    print(f"{name:16}{size:12}{s.forecasts:6}{s.crps:8.3f}{s.error:8.3f}{s.covered_80:7.0%}{s.covered_90:7.0%}")


if __name__ == "__main__":
    main()
