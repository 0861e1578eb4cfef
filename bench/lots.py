"""`python -m bench.lots`: how often a bad lot is named, and how often a good one, in simulated fleets."""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import dataclass, replace
from typing import Final

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from scipy.special import ndtr

from bench.lot_fleets import BAD, FleetKind, SimulatedLots, draw_fleet
from gateway.survival.flags import flag_lots
from gateway.survival.lots import LivesEvidence, coded

_BASE: Final = FleetKind("shape 3.2, half failed")
KINDS: Final = (
    _BASE,
    replace(_BASE, name="  watched up to one age", one_end=True),
    replace(_BASE, name="  lots of different age, seen late", staggered=True),
    replace(_BASE, name="  by lives and wear", wear=True),
    replace(_BASE, name="  by wear alone, 2 % failed", failed=0.02, lives=False, wear=True),
    replace(_BASE, name="shape 2, half failed", shape=2.0),
    replace(_BASE, name="  by lives and wear", shape=2.0, wear=True),
    replace(_BASE, name="shape 3.2, lots differ by 10 %", frailty=0.1),
    replace(_BASE, name="  20 lots", frailty=0.1, lots=20),
)
_GOOD_FROM: Final = 0.95
"""A lot that lives at least so long as usual is good beyond dispute, where lots differ."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Shares of the runs. `unlike`: named and beyond what lots usually differ by. A good lot is named wrongly whether
    it is called worse than the others or better."""

    bad: float
    bad_unlike: float
    good: float
    good_unlike: float
    truly_good: float
    naive_good: float


def run(kind: FleetKind, runs: int, draws: int, first_seed: int = 0) -> Tally:
    """Draws so many fleets and counts what is said of them."""
    marks = [_look(draw_fleet(kind, first_seed + number), kind, draws) for number in range(runs)]
    return Tally(*np.mean(np.array(marks, dtype=float), axis=0).tolist())


def _look(fleet: SimulatedLots, kind: FleetKind, draws: int) -> tuple[bool, ...]:
    flags = flag_lots(fleet.lives if kind.lives else None, fleet.wear if kind.wear else None, draws=draws)
    bad = {one.lot: one.verdict.beyond_usual for one in flags.bad}
    named = {one.lot: one.verdict.beyond_usual for one in flags.flagged}
    wrong = named.keys() - ({BAD} if kind.bad else set())
    return (
        kind.bad and BAD in bad,
        kind.bad and bad.get(BAD, False),
        bool(wrong),
        any(named[lot] for lot in wrong),
        any(fleet.true_lives[lot] >= _GOOD_FROM for lot in bad.keys() & wrong),
        bool(_naive(fleet) - ({BAD} if kind.bad else set())),
    )


def _naive(fleet: SimulatedLots) -> set[str]:
    """Each lot against all others, by a plain false-discovery rate (Benjamini and Hochberg 1995)."""
    names, group = coded(fleet.lives.lots)
    chosen = group >= 0
    evidence = LivesEvidence(fleet.lives.lives.of(chosen), group[chosen], len(names), draws=1)
    p_values = 2.0 * ndtr(-np.abs(np.nan_to_num(evidence.spread(tuple(range(len(names)))).z)))
    order = np.argsort(p_values)
    passed = np.flatnonzero(p_values[order] <= 0.05 * np.arange(1, order.size + 1) / order.size)
    return {names[place] for place in order[: passed[-1] + 1]} if passed.size else set()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.lots", description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000, help="fleets of each kind")
    parser.add_argument("--draws", type=int, default=1_000, help="fleets of alike lots drawn in each step")
    options = parser.parse_args()
    print("8 lots x 40 nozzles, one lot 30 % shorter-lived or none; % of the runs")
    print(f"{'':38}{'bad lot':>9}{'and':>9}{'a good':>9}{'and':>9}{'of life':>9}{'naive: a':>10}{'ms a':>7}")
    print(f"{'':38}{'named':>9}{'unusual':>9}{'named':>9}{'unusual':>9}{'>= .95':>9}{'good one':>10}{'run':>7}")
    for kind in KINDS:
        for bad in (True, False):
            begun = time.perf_counter()
            found = run(replace(kind, bad=bad), options.runs, options.draws)
            each_ms = (time.perf_counter() - begun) / options.runs * 1e3
            named = f"{found.bad:9.1%}{found.bad_unlike:9.1%}" if bad else f"{'':18}"
            print(
                f"{kind.name + ('' if bad else ', none bad'):38}{named}{found.good:9.1%}{found.good_unlike:9.1%}"
                f"{found.truly_good:9.1%}{found.naive_good:10.1%}{each_ms:7.1f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
